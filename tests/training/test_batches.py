"""A batch that is made at once is what the sampler makes one by one."""

from __future__ import annotations

import pickle

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from tests.conftest import draw_faces

from toonmark.data.augmentation_settings import Augmentation
from toonmark.data.backgrounds import Backgrounds
from toonmark.data.dataset import write_landmarks
from toonmark.data.sampling import Sampler
from toonmark.training import batch_sampling
from toonmark.training.batch import Batch
from toonmark.training.batch_sampling import BatchSampler
from toonmark.training.batches import Batches

WILD = Augmentation(degrees=25, zoom=(0.7, 1.4), shift=12, colour=0.7, light=1.0)


@pytest.fixture(scope="module")
def mixed_set(tmp_path_factory):
    """Pictures of several shapes, few of them square, half of them on white."""
    folder = tmp_path_factory.mktemp("mixed")
    random = np.random.default_rng(5)
    rows = []
    for i, (height, width) in enumerate(4 * [(64, 64), (45, 61), (77, 53), (131, 130)]):
        pixels = random.integers(0, 256, (9, 8, 3)).astype(np.uint8)
        pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC)
        pixels[:, : 3 * (i % 7)] = 255
        Image.fromarray(pixels).save(folder / f"{i:03d}.png")
        rows.append((f"{i:03d}.png", random.uniform(5, 40, (5, 2))))
    write_landmarks(folder / "landmarks.csv", rows)
    return folder


SETTINGS = {
    "cartoons": {"augmentation": Augmentation()},
    "tinted cartoons": {"augmentation": WILD},
    "faces": {"augmentation": Augmentation(), "backgrounds": True},
    "faces before backgrounds": {
        "augmentation": Augmentation(), "backgrounds": True, "background_share": 0.5,
    },
    "lit faces": {"augmentation": Augmentation(light=0.6), "backgrounds": True},
    "all": {"augmentation": WILD, "backgrounds": True, "background_share": 0.6},
}  # fmt: skip


def sampler(folder, size, seed=0, *, augmentation, backgrounds=False, **settings):
    behind = Backgrounds() if backgrounds else None
    return Sampler([str(folder)], size, augmentation, backgrounds=behind, seed=seed, **settings)


def assert_same(batch, samples, atol=1e-3):
    wanted = Batch.of(samples, torch.device("cpu"))
    for name in ("image", "shown"):
        one, other = getattr(batch, name), getattr(wanted, name)
        assert one.shape == other.shape
        assert one.dtype == torch.float32
        torch.testing.assert_close(one, other, atol=atol, rtol=0, msg=lambda m, n=name: f"{n}: {m}")
    assert torch.equal(batch.landmarks, wanted.landmarks)


@pytest.mark.parametrize("kind", SETTINGS)
@pytest.mark.parametrize("size", [64, 31, 20])
def test_a_batch_is_what_the_sampler_makes_one_by_one(kind, size, face_set, mixed_set):
    """Of every shape and size of blocks, over seeds, epochs, and parts of a batch."""
    for folder in (face_set, mixed_set):
        for seed in range(3):
            drawn = sampler(folder, size, seed, **SETTINGS[kind])
            made = BatchSampler(drawn)
            for iteration, places in ((0, range(10)), (5, range(1, 10, 3))):
                samples = [drawn.at(iteration, place, 10) for place in places]
                assert_same(made.at(iteration, places, 10), samples)


@pytest.mark.parametrize("kind", SETTINGS)
def test_a_batch_is_made_on_the_device_that_is_asked_for(kind, mixed_set):
    """This one has no numbers: to read some, or to mix them with the processor's, is an error."""
    drawn = sampler(mixed_set, 40, **SETTINGS[kind])
    made, wanted = BatchSampler(drawn, device="meta"), BatchSampler(drawn).at(1, range(12), 12)
    for name, one in vars(made.at(1, range(12), 12)).items():
        other = getattr(wanted, name)
        assert (one.device.type, one.shape, one.dtype) == ("meta", other.shape, other.dtype)
    assert {planes.device.type for planes in made._decoded.values()} == {"meta"}
    assert pickle.loads(pickle.dumps(made)).at(1, range(2), 12).image.device.type == "cpu"


def test_how_many_are_worked_on_together_changes_nothing(mixed_set, monkeypatch):
    drawn = sampler(mixed_set, 40, **SETTINGS["all"])
    wanted = BatchSampler(drawn).at(1, range(12), 12)
    for together in (1, 2**14, 2**30):
        monkeypatch.setattr(batch_sampling, "_TOGETHER", together)
        made = BatchSampler(drawn).at(1, range(12), 12)
        for name in ("image", "shown", "landmarks"):
            one, other = getattr(made, name), getattr(wanted, name)
            torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


def test_a_set_is_decoded_once_as_far_as_there_is_room(face_set, monkeypatch):
    drawn = sampler(face_set, 64, **SETTINGS["faces"])
    decoded = []
    read = drawn.picture
    monkeypatch.setattr(drawn, "picture", lambda index: decoded.append(index) or read(index))
    made = BatchSampler(drawn)
    count = len(drawn)
    for iteration in range(3):  # an epoch each
        made.at(iteration, range(count), count)
    assert sorted(decoded) == list(range(count))

    decoded.clear()
    small = BatchSampler(drawn, kept=10 * 64 * 64 * 4)
    for iteration in range(3):
        batch = small.at(iteration, range(count), count)
    assert len(decoded) == count + 2 * (count - 10)
    assert_same(batch, [drawn.at(2, place, count) for place in range(count)])


def test_all_worker_processes_keep_what_one_would(face_set, monkeypatch):
    class Worker:
        num_workers = 4

    monkeypatch.setattr(batch_sampling, "get_worker_info", lambda: Worker)
    made = BatchSampler(sampler(face_set, 64, **SETTINGS["cartoons"]), kept=8 * 64 * 64 * 3)
    made.at(0, range(20), 20)
    assert len(made._decoded) == 2


def test_what_is_for_single_pictures_is_refused(face_set):
    for more in ({"noise": 0.1}, {"drawings": [str(face_set)]}, {"photos": [str(face_set)]}):
        with pytest.raises(ValueError, match="single pictures"):
            BatchSampler(sampler(face_set, 64, **SETTINGS["faces"], **more))


def test_a_training_s_pictures_are_evened_where_it_asks_for_it(tmp_path):
    drawn = sampler(draw_faces(tmp_path, 12), 64, **SETTINGS["lit faces"])
    samplers = {"face": drawn, "cartoon": drawn}
    made = Batches(samplers, 4, [1, 3], evened={"face"})(2)
    plain = [drawn.at(2, place, 4) for place in (1, 3)]
    assert_same(made["cartoon"], plain)
    assert_same(made["face"], [sample.evened() for sample in plain])


def test_a_worker_gets_no_decoded_pictures(mixed_set):
    made = BatchSampler(Sampler([str(mixed_set)], 32, Augmentation(), seed=0))
    made.at(0, (0, 1), 2)
    assert made._decoded
    assert made._room < batch_sampling.KEPT
    given = pickle.loads(pickle.dumps(made))
    assert not given._decoded
    assert given._room == batch_sampling.KEPT
