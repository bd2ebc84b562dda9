"""A style that draws in layers: trained, stopped and gone on with, exported, taken up again."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import torch

from toonmark.data.dataset import Dataset, write_description, write_landmarks
from toonmark.data.layers.appearance import alike, dyed
from toonmark.data.layers.layer_map import layer_map
from toonmark.data.layers.layer_sampling import LayerSampler
from toonmark.data.split import part_of, rules_of, split
from toonmark.errors import ConfigurationError, DataError, RunError
from toonmark.exporting import export_run
from toonmark.landmarks import PORTRAIT_TEMPLATE, template_points
from toonmark.models.drawing_layers import UNKNOWN, Layer
from toonmark.srgb import to_lab
from toonmark.styles.pack import StylePack
from toonmark.training import checkpoint
from toonmark.training.config import LayersConfig
from toonmark.training.fabric import make_fabric
from toonmark.training.layer_training import LayerTrainer, layer_loss, load_layers
from toonmark.training.pack_loading import pack_networks
from toonmark.training.run import open_run

pytestmark = pytest.mark.slow

COUNT = len(Layer)

SKIN = (Layer.SKIN, Layer.SHADE)


@pytest.fixture(scope="module")
def layer_set(tmp_path_factory, portrait):
    """Twenty-four made-up portraits of 128 pixels, as `toonmark data layers` leaves them."""
    folder, size = tmp_path_factory.mktemp("layers"), 128
    for name in ("images", "layers", "mattes"):
        (folder / name).mkdir()
    rows = []
    for i in range(24):
        photo, alpha, dense = portrait(256, seed=i)
        layers = layer_map(photo, alpha, dense, np.ones((256, 256), bool))
        small = cv2.resize(photo, (size, size), interpolation=cv2.INTER_AREA)
        matte = cv2.resize(alpha, (size, size), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(folder / "images" / f"{i:03}.png"), small[..., ::-1])
        cv2.imwrite(str(folder / "mattes" / f"{i:03}.png"), np.rint(matte * 255))
        cv2.imwrite(str(folder / "layers" / f"{i:03}.png"), layers[::2, ::2])
        rows.append((f"{i:03}.png", template_points(size, PORTRAIT_TEMPLATE)))
    write_landmarks(folder / "landmarks.csv", rows)
    description = {"format": 1, "source": "made up", "terms": "Any use.", "size": size}
    template = {"template": PORTRAIT_TEMPLATE.tolist()}
    write_description(folder, description | template)
    return folder


@pytest.fixture
def config(layer_set):
    return LayersConfig(
        layers=[str(layer_set)], size=128, width=16, iterations=6, batch=2,
        checkpoint_every=2, log_every=1, sample_every=6,
    )  # fmt: skip


def test_the_loss_is_the_weighted_entropy_of_known_labels():
    torch.manual_seed(0)
    scores = torch.randn(1, COUNT, 2, 2)
    layers = torch.full((1, 4, 4), int(UNKNOWN))
    layers[0, 0, 0], layers[0, 3, 3] = int(Layer.SKIN), int(Layer.IRIS)
    logs = scores.log_softmax(1)
    wanted = -(logs[0, Layer.SKIN, 0, 0] + 3 * logs[0, Layer.IRIS, 1, 1]) / 4
    assert torch.allclose(layer_loss(scores, layers), wanted)
    assert float(layer_loss(scores, torch.full((1, 4, 4), int(UNKNOWN)))) == 0.0


def test_half_a_pixel_is_learnt_as_half():
    """Where two of four labels are skin and two hair, the loss is least for equal shares."""
    layers = torch.full((1, 2, 2), int(Layer.SKIN))
    layers[0, :, 1] = int(Layer.TOP_LIGHT)
    scores = torch.zeros(1, COUNT, 1, 1, requires_grad=True)
    optimizer = torch.optim.Adam([scores], 0.1)
    for _ in range(300):
        optimizer.zero_grad()
        layer_loss(scores, layers).backward()
        optimizer.step()
    shares = scores.detach().softmax(1)[0, :, 0, 0]
    assert abs(shares[Layer.SKIN] - 0.5) < 0.02
    assert abs(shares[Layer.TOP_LIGHT] - 0.5) < 0.02


def test_samples_are_pure_and_their_layers_fit_their_photo(layer_set):
    sampler = LayerSampler([str(layer_set)], 64, seed=3)
    again = LayerSampler([str(layer_set)], 64, seed=3)
    agree = []
    for number in range(30):
        one, other = sampler.at(number), again.at(number)
        assert np.array_equal(one.photo, other.photo)
        assert np.array_equal(one.layers, other.layers)
        assert one.photo.shape == (64, 64, 3)
        assert one.layers.shape == (128, 128)
        assert one.photo.dtype == np.float32
        assert np.abs(one.photo).max() <= 1
        # The nose is skin, or its line, or under a mask, which is a beard to the network.
        x, y = np.rint(one.landmarks[2] * 2).astype(int)
        nose = (*SKIN, Layer.SOFT_LINE, Layer.GLASSES, Layer.BEARD)
        agree.append(one.layers[y, x] in nose)
        x, y = np.rint(one.landmarks[:2].mean(0) * 2 - [0, 8]).astype(int)
        agree.append(one.layers[y, x] in (*SKIN, Layer.GLASSES, Layer.INK, Layer.OUTLINE))
    assert np.mean(agree) > 0.95
    photos = np.stack([sampler.at(n).photo for n in range(30)])
    white = (photos == 1).all(-1).mean((1, 2))
    assert (white > 0.15).any(), "some photos are cut"
    glasses = [(sampler.at(n).layers == Layer.GLASSES).any() for n in range(60)]
    assert 0.05 < np.mean(glasses) < 0.5, "some wear glasses that nobody wore"


def test_cloth_and_hair_become_white_whatever_they_were(layer_set):
    """And what is very light has no hue; the skin is not dyed."""
    sampler = LayerSampler([str(layer_set)], 64)
    values = sampler._photos[0].astype(np.float32) / 255
    layers = sampler._layers[0]
    own = np.isin(layers[::2, ::2], (Layer.BODY_DARK, Layer.BODY_MIDDLE, Layer.BODY_LIGHT))
    skin = layers[::2, ::2] == Layer.SKIN
    inside = cv2.erode(own.astype(np.uint8), np.ones((9, 9))) > 0
    far = cv2.erode(skin.astype(np.uint8), np.ones((9, 9))) > 0
    assert inside.any()
    assert far.any()
    light, hues = [], []
    for seed in range(300):
        other = dyed(values, layers, np.random.default_rng(seed))
        assert np.abs(other - values)[far].max() < 0.02
        lab = to_lab(other, white=1)[inside].mean(0)
        light.append(lab[0])
        if lab[0] > 92:
            hues.append(np.hypot(*lab[1:]))
    plain = to_lab(values, white=1)[inside].mean(0)[0]
    assert max(light) > 92
    assert min(light) < 15
    assert plain < 80
    assert hues
    assert max(hues) < 20


def test_a_background_takes_the_colour_of_hair_or_clothes(layer_set):
    sampler = LayerSampler([str(layer_set)], 64)
    values, layers = sampler._photos[0].astype(np.float32) / 255, sampler._layers[0]
    behind = np.random.default_rng(0).random((64, 64, 3), np.float32)
    hair = np.isin(layers[::2, ::2], (Layer.TOP_DARK, Layer.TOP_LIGHT))
    clothes = np.isin(layers[::2, ::2], (Layer.BODY_DARK, Layer.BODY_MIDDLE, Layer.BODY_LIGHT))
    near = set()
    for seed in range(20):
        mean = alike(behind, values, layers, np.random.default_rng(seed)).mean((0, 1))
        apart = [np.abs(values[own].mean(0) - mean).max() for own in (hair, clothes)]
        near.add(int(np.argmin(apart)))
        assert min(apart) < 0.15
    assert near == {0, 1}
    nobody = np.full_like(layers, Layer.BACKGROUND)
    assert alike(behind, values, nobody, np.random.default_rng(0)) is behind


def test_layers_lie_where_their_photo_does_to_a_tenth_of_a_pixel(tmp_path):
    """A bright disc, and lips in its place, however the picture is turned, zoomed and mirrored."""
    for name in ("images", "layers", "mattes"):
        (tmp_path / name).mkdir()
    layers = np.full((128, 128), int(Layer.SKIN), np.uint8)
    cv2.circle(layers, (70, 52), 22, int(Layer.LIPS), -1)
    photo = np.where(layers[..., None] == Layer.LIPS, np.uint8(190), np.uint8(30)).repeat(3, 2)
    rows = []
    for i in range(24):
        cv2.imwrite(str(tmp_path / "images" / f"{i:03}.png"), photo)
        cv2.imwrite(str(tmp_path / "layers" / f"{i:03}.png"), layers)
        cv2.imwrite(str(tmp_path / "mattes" / f"{i:03}.png"), np.full_like(layers, 255))
        rows.append((f"{i:03}.png", template_points(128, PORTRAIT_TEMPLATE)))
    write_landmarks(tmp_path / "landmarks.csv", rows)
    sampler, apart = LayerSampler([str(tmp_path)], 64), []
    for number in range(240):
        sample = sampler.at(number)
        light, lips = sample.photo.mean(-1), sample.layers == Layer.LIPS
        if (light == 1).any() or (sample.layers == Layer.GLASSES).any():
            continue  # cut, or glasses on it
        disc = light > (light.max() + light.min()) / 2
        centres = [np.argwhere(mask).mean(0) for mask in (lips, disc)]
        apart.append((centres[0] - 0.5) / 2 - centres[1])
    assert len(apart) > 15
    assert np.abs(np.median(apart, axis=0)).max() < 0.1


def test_a_plain_sample_is_not_changed_by_those_before(layer_set):
    sampler = LayerSampler([str(layer_set)], 64)
    before = sampler.plain(0).layers.copy()
    for number in range(40):
        sampler.at(number)
    assert np.array_equal(sampler.plain(0).layers, before)


@pytest.mark.parametrize("rule", ["name", "position"])
def test_portraits_are_held_out_by_the_one_split(layer_set, rule):
    dataset = Dataset.open(layer_set)
    photos = [
        cv2.resize(dataset.image(i), (64, 64), interpolation=cv2.INTER_AREA) / 127.5 - 1
        for i in range(len(dataset))
    ]
    training, validation = split(dataset.names, rule)
    for held_out, part in ((False, training), (True, validation)):
        sampler = LayerSampler([str(layer_set)], 64, held_out=held_out, split=rule)
        shown = [sampler.plain(place).photo for place in range(len(sampler))]
        found = [int(np.argmin([np.abs(one - of).mean() for of in photos])) for one in shown]
        assert found == list(part)
    if rule == "name":
        assert {part_of(dataset.names[i]) for i in training} == {"training"}


def test_a_run_says_by_which_rules_it_and_the_one_before_held_out(config, run, tmp_path):
    old = config.model_copy(update={"split": "position"})
    assert rules_of(run(LayerTrainer, old, tmp_path / "old").facts()) == {"position"}
    trained = run(LayerTrainer, config, tmp_path / "new")
    assert rules_of(trained.facts()) == {"name"}
    trained.save(tmp_path / "new", {})
    after = config.model_copy(update={"start_from": str(tmp_path / "new"), "split": "position"})
    assert rules_of(LayerTrainer(after, make_fabric("cpu")).facts()) == {"name", "position"}


def test_it_learns_and_goes_on_as_if_it_had_not_been_stopped(config, run, interrupted, tmp_path):
    longer = config.model_copy(update={"iterations": 40, "learning_rate": 3e-3, "average": 0.9})
    fresh = LayerTrainer(longer, make_fabric("cpu")).error()
    trained = run(LayerTrainer, longer, tmp_path / "long").error()
    assert trained["wrong"] < 0.6 * fresh["wrong"]
    straight = run(LayerTrainer, config, tmp_path / "straight")
    twice = interrupted(3, LayerTrainer, config, tmp_path / "twice")
    for name, tensor in straight.tensors().items():
        assert torch.equal(tensor, twice.tensors()[name]), name
    assert list((tmp_path / "straight" / "samples").iterdir())


def test_a_run_becomes_a_pack_that_draws_and_is_taken_up_again(config, run, tmp_path):
    folder, style = tmp_path / "run", tmp_path / "flat.onnx"
    with pytest.raises(RunError, match="is not a run yet"):
        load_layers(folder)
    trainer = run(LayerTrainer, config, folder)
    trainer.save(folder, trainer.error())
    metadata, worst = export_run(folder, style, half=True)
    assert worst < 1e-3
    assert metadata.size == 128
    assert metadata.outside == "white"
    assert metadata.terms == "Any use."
    assert np.allclose(metadata.template, PORTRAIT_TEMPLATE)
    assert metadata.training["runs"][0]["pictures"] == 12
    pack = StylePack.open(style)
    face = np.random.default_rng(0).uniform(-1, 1, (1, 3, 128, 128)).astype(np.float32)
    points = template_points(128, PORTRAIT_TEMPLATE)[None].astype(np.float32)
    drawn = pack.draw(face, points)
    assert drawn.shape == face.shape
    assert np.isfinite(drawn).all()
    network, _ = pack_networks(style)
    with torch.no_grad():
        wanted = network(torch.from_numpy(face), torch.from_numpy(points))
    assert np.abs(drawn - wanted.numpy()).max() < 2e-3
    again = config.model_copy(update={"start_from": str(style)})
    start = LayerTrainer(again, make_fabric("cpu"))
    for a, b in zip(start.network.parameters(), network.scores.parameters(), strict=True):
        assert torch.equal(a, b)
    start.save(tmp_path, {"n": 1.0})
    assert [one["pictures"] for one in load_layers(tmp_path)[2]["runs"]] == [12, 12]
    with pytest.raises(ConfigurationError, match="Leave the denoiser out"):
        export_run(folder, style, denoiser=folder)


def older(run, **changes):
    """Makes a run look as older versions wrote it: with settings that are fixed by now."""
    file = run / "config.json"
    settings = json.loads(file.read_text()) | {"blocks": 5, "kernel": 3, **changes}
    file.write_text(json.dumps(settings))
    tensors, said = checkpoint.load(run / "layers.safetensors")
    build = json.loads(said["build"]) | {"blocks": 5, "kernel": 3}
    checkpoint.save(run / "layers.safetensors", tensors, said | {"build": json.dumps(build)})


def test_a_run_of_before_blocks_and_kernel_were_fixed_is_read(config, run, tmp_path):
    folder = tmp_path / "run"
    run(LayerTrainer, config, folder).save(folder, {"n": 1.0})
    older(folder)
    assert open_run(folder, LayersConfig, None) == config
    assert open_run(folder, LayersConfig, config) == config
    assert load_layers(folder)[1] == 128
    older(folder, blocks=3)
    with pytest.raises(ConfigurationError, match="blocks is unknown"):
        open_run(folder, LayersConfig, None)


def test_a_set_without_layers_is_refused(face_set, config):
    with pytest.raises(DataError, match="Make the set of layers again"):
        LayerTrainer(config.model_copy(update={"layers": [str(face_set)]}), make_fabric("cpu"))
