"""Style transfer by Gatys et al.: its equations, and what minimising them does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.conftest import draw_faces

from toonmark.data.dataset import Dataset
from toonmark.errors import ConfigurationError, MissingWeightsError
from toonmark.methods.gatys import (
    STYLE,
    GatysConfig,
    GatysDrawer,
    content_loss,
    gram,
    style_loss,
    transfer,
)
from toonmark.methods.style_pictures import StylePictures


def test_the_equations_by_hand():
    features = torch.tensor([[[[1.0, 2.0]], [[0.0, 3.0]]]])  # two maps of two places
    assert gram(features).tolist() == [[5, 6], [6, 9]]
    other = torch.zeros_like(features)
    assert content_loss(features, other) == 0.5 * (1 + 4 + 9)
    # Eq. 4 with N = 2 maps of M = 2 places: 25 + 36 + 36 + 81 over 4 * 4 * 4.
    assert style_loss(features, gram(other)) == pytest.approx(178 / 64)


@pytest.fixture
def pair():
    torch.manual_seed(2)
    face, style = torch.full((1, 3, 32, 32), 0.5), torch.full((1, 3, 32, 32), -0.5)
    face[:, 0] = -0.5  # cyan
    style[:, 0] = 0.5  # red
    return face + 0.1 * torch.randn_like(face), style + 0.1 * torch.randn_like(style)


def test_the_style_takes_hold_as_far_as_the_ratio_says(pair, vgg):
    def distance(a, b):
        return float(sum(style_loss(vgg(a, [k])[k], gram(vgg(b, [k])[k])) for k in STYLE))

    face, style = pair
    free, held = (
        transfer(face, style, vgg, GatysConfig(size=32, ratio=r, evaluations=20))
        for r in (1e-9, 1e3)
    )
    assert distance(free, style) < 0.2 * distance(face, style)
    assert distance(held, style) > 0.5 * distance(face, style)
    assert free[:, 0].mean() > face[:, 0].mean() + 0.3  # the style's red
    assert float((held - face).abs().mean()) < 0.05
    assert torch.equal(face, pair[0])


def test_a_style_like_the_face_changes_nothing(pair, vgg):
    face, _ = pair
    drawn = transfer(face, face, vgg, GatysConfig(size=32, evaluations=5))
    assert float((drawn - face).abs().max()) < 1e-3


def test_it_draws_pictures(cartoon_set, vgg):
    faces = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    config = GatysConfig(cartoons=[str(cartoon_set)], size=32, evaluations=2)
    drawer = GatysDrawer("Style", config, vgg)
    drawn = drawer.draw(faces, np.zeros((2, 5, 2)))
    assert drawn.shape == faces.shape
    assert drawn.dtype == np.uint8
    assert (drawn != faces).any((1, 2, 3)).all()
    # Each picture by itself, and again the same.
    assert np.array_equal(drawer.draw(faces[1:], np.zeros((1, 5, 2)))[0], drawn[1])


def test_the_nearest_style_is_the_one_of_its_colours(tmp_path):
    import cv2

    folder = draw_faces(tmp_path / "set", 40)
    for i in range(40):
        picture = np.full((64, 64, 3), 6 * i, np.uint8)
        cv2.imwrite(str(folder / "images" / f"{i:03d}.png"), picture)
    training, held_out = Dataset.open(folder).split("name")
    assert len(held_out)
    styles = StylePictures([str(folder)], 64, "nearest")
    for i in training[::5]:
        face = np.full((64, 64, 3), (6 * i + 2) / 127.5 - 1, np.float32)
        picture, found = styles.of(face)
        assert found == f"{i:03d}.png"
        assert np.allclose((picture + 1) * 127.5, 6 * i, atol=0.5)
    for i in held_out:
        face = np.full((64, 64, 3), 6 * i / 127.5 - 1, np.float32)
        assert styles.of(face)[1] != f"{i:03d}.png"
    by_seed = {StylePictures([str(folder)], 64, "seed", s).of(face)[1] for s in range(12)}
    assert len(by_seed) > 2
    assert not by_seed & {f"{i:03d}.png" for i in held_out}


def test_without_a_style_or_weights_nothing_begins(vgg, cartoon_set, tmp_path):
    with pytest.raises(ConfigurationError, match="needs a picture of the style"):
        GatysDrawer("Style", GatysConfig(size=32), vgg)
    config = GatysConfig(cartoons=[str(cartoon_set)], vgg=str(tmp_path / "no.pth"))
    with pytest.raises(MissingWeightsError):
        GatysDrawer("Style", config)
