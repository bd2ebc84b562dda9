"""Masks that are put on portraits for training."""

import cv2
import numpy as np
import pytest

from toonmark.data.dataset import write_landmarks
from toonmark.data.layers import layer_sampling
from toonmark.data.layers.face_masks import with_mask
from toonmark.landmarks import PORTRAIT_TEMPLATE, template_points
from toonmark.models.drawing_layers import Layer

SIZE = 128
INNER = (Layer.LIPS, Layer.MOUTH, Layer.TEETH)


def face():
    """An oval of skin with a mouth, glasses and a lock of hair: photo, layers, points."""
    points = template_points(SIZE, PORTRAIT_TEMPLATE)
    y, x = np.mgrid[: 2 * SIZE, : 2 * SIZE]
    middle, mouth = (points.mean(0) + 0.5) * 2, (points[3:].mean(0) + 0.5) * 2
    apart = 2 * float(np.linalg.norm(points[1] - points[0]))
    layers = np.full((2 * SIZE, 2 * SIZE), Layer.BACKGROUND, np.uint8)
    oval = ((x - middle[0]) / apart) ** 2 + ((y - middle[1]) / (1.5 * apart)) ** 2 < 1
    layers[oval] = Layer.SKIN
    lips = ((x - mouth[0]) / (0.4 * apart)) ** 2 + ((y - mouth[1]) / (0.15 * apart)) ** 2 < 1
    layers[lips] = Layer.LIPS
    layers[(abs(y - mouth[1]) < 2) & lips] = Layer.MOUTH
    layers[oval & (x < middle[0] - 0.7 * apart)] = Layer.TOP_DARK
    photo = np.full((SIZE, SIZE, 3), 0.5, np.float32)
    return photo, layers, points


@pytest.mark.parametrize("seed", range(12))
def test_a_mask_hides_the_mouth_and_is_one_area(seed):
    photo, layers, points = face()
    before = layers.copy()
    masked = with_mask(photo, layers, points, np.random.default_rng(seed))
    mouth = np.rint(points[3:].mean(0) * 2).astype(int)
    assert layers[mouth[1], mouth[0]] == Layer.BEARD
    assert not np.isin(layers, INNER).any()
    assert (layers[before == Layer.TOP_DARK] == Layer.TOP_DARK).all()  # hair lies before it
    for eye in np.rint(points[:2] * 2).astype(int):
        assert layers[eye[1], eye[0]] == Layer.SKIN
    cloth = layers == Layer.BEARD
    share = cloth.sum() / (before == Layer.SKIN).sum()
    assert 0.15 < share < 0.7
    edge = (layers == Layer.INK) & (before != Layer.INK)
    assert edge.any()
    # The photo changes where the layers do; loops to the ears are all else.
    own = cloth[::2, ::2] & cloth[1::2, 1::2]
    assert (abs(masked - photo).max(-1)[own] > 1e-3).mean() > 0.9
    assert masked.dtype == np.float32
    assert masked.min() >= 0
    assert masked.max() <= 1


def test_masks_are_of_many_colours():
    means = []
    for seed in range(30):
        photo, layers, points = face()
        masked = with_mask(photo, layers, points, np.random.default_rng(seed))
        own = (layers == Layer.BEARD)[::2, ::2]
        means.append(masked[own].mean(0))
    assert np.std(means, axis=0).min() > 0.15


@pytest.mark.parametrize(("share", "masked"), [(0.0, 0), (1.0, 20)])
def test_training_shows_portraits_with_masks(tmp_path, monkeypatch, share, masked):
    photo, layers, points = face()
    for kind, picture in (
        ("images", (photo * 255).astype(np.uint8)),
        (layer_sampling.MATTES, np.full((SIZE, SIZE), 255, np.uint8)),
        (layer_sampling.LAYERS, layers),
    ):
        (tmp_path / kind).mkdir()
        for i in range(4):
            cv2.imwrite(str(tmp_path / kind / f"{i}.png"), picture)
    write_landmarks(tmp_path / "landmarks.csv", [(f"{i}.png", points) for i in range(4)])
    monkeypatch.setattr(layer_sampling, "MASKED", share)
    sampler = layer_sampling.LayerSampler([str(tmp_path)], SIZE)
    drawn = [sampler.at(number) for number in range(20)]
    assert sum((one.layers == Layer.BEARD).any() for one in drawn) == masked
