"""Drawings whose lines, skin, hair and strength are changed."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from toonmark import Cartoonizer
from toonmark.blend import in_photo
from toonmark.errors import TuningError
from toonmark.tuning import Tuning, tuned

SKIN, HAIR = (224, 172, 140), (60, 40, 30)


@pytest.fixture
def drawing():
    """Half skin with a line of five pixels on it, half hair, at 512 pixels."""
    image = np.full((512, 512, 3), SKIN, np.uint8)
    image[256:] = HAIR
    cv2.line(image, (40, 100), (460, 100), (10, 8, 6), 5)
    return image


@pytest.fixture
def parts():
    """What is skin and what is hair in the drawing, at half its size."""
    shares = np.zeros((2, 256, 256), np.uint8)
    shares[0, :128] = shares[1, 128:] = 255
    return shares


def darkness(image, rows):
    return (np.array(SKIN) - image[rows, 250].astype(int)).sum()


@pytest.mark.parametrize(
    ("lines", "least", "most"), [(0.5, 0.4, 0.85), (1.5, 1.2, 2), (2, 1.4, 2.4)]
)
def test_only_lines_change(drawing, lines, least, most):
    rows = slice(80, 121)
    found = tuned(drawing, Tuning(lines), drawing, None)
    assert least < darkness(found, rows) / darkness(drawing, rows) < most
    np.testing.assert_array_equal(found[200:], drawing[200:])  # hair is no line
    np.testing.assert_array_equal(found[:60], drawing[:60])


def test_hatching_stays_open_and_its_outline_becomes_wider():
    drawing = np.full((512, 512, 3), 255, np.uint8)
    drawing[100:300:6, 100:300] = drawing[101:300:6, 100:300] = drawing[102:300:6, 100:300] = 30
    drawing[400:405] = 30
    found = tuned(drawing, Tuning(2), drawing, None)
    np.testing.assert_array_equal(found[110:290, 110:290], drawing[110:290, 110:290])
    assert (found[395:410, 250, 0] < 128).sum() > 7
    finer = tuned(drawing, Tuning(0.5), drawing, None)
    np.testing.assert_array_equal(finer[110:290, 110:290], drawing[110:290, 110:290])


@pytest.mark.parametrize("lines", [0.5, 2])
def test_nothing_becomes_darker_or_lighter_than_what_is_near(drawing, lines):
    """As lids that are drawn across an iris."""
    cv2.circle(drawing, (250, 100), 8, (40, 30, 20), -1)
    cv2.circle(drawing, (250, 100), 3, (0, 0, 0), -1)
    found = tuned(drawing, Tuning(lines), drawing, None)
    reach = np.ones((5, 5), np.uint8)
    assert (found >= cv2.erode(drawing, reach)).all()
    assert (found <= cv2.dilate(drawing, reach)).all()
    assert (found != drawing).any()


def test_a_mixture_is_cut_out_along_the_drawing(astronaut):
    """However light the photo is where the figure ends."""
    (cartoon,) = Cartoonizer("comic", threads=1)(astronaut)
    light = replace(cartoon, crop=np.full_like(cartoon.crop, 255))
    for size in (256, 512, 1024):
        found = light.tuned(strength=0.05).tuned(1.0, strength=0.5).resized(size, transparent=True)
        expected = cartoon.resized(size, transparent=True)
        np.testing.assert_array_equal(found[..., 3], expected[..., 3])
    lines = cartoon.tuned(2.0, strength=0.1).outline
    assert lines is not None
    np.testing.assert_array_equal(lines, cartoon.tuned(2.0).image)


def test_a_mixture_is_put_back_along_the_drawing(astronaut):
    """White of the photo that is mixed in at the crop's edge makes no holes in the figure."""
    (cartoon,) = Cartoonizer("comic", threads=1)(astronaut)
    light = replace(cartoon, crop=np.full_like(cartoon.crop, 255)).tuned(strength=0.05)
    black, white = np.zeros_like(astronaut), np.full_like(astronaut, 255)
    seen_behind = [
        in_photo(white, [one]).astype(int) - in_photo(black, [one]) for one in (light, cartoon)
    ]
    assert np.abs(seen_behind[0] - seen_behind[1]).max() <= 2


def test_mixtures_one_after_the_other_are_mixed_along_the_drawing(astronaut):
    (cartoon,) = Cartoonizer("comic", threads=1)(astronaut)
    light = replace(cartoon, crop=np.full_like(cartoon.crop, 255))
    once = light.tuned(strength=0.25).image.astype(int)
    twice = light.tuned(strength=0.5).tuned(strength=0.5).image.astype(int)
    inside = cartoon.resized(512, transparent=True)[..., 3] == 255
    assert np.abs(once - twice)[inside].max() <= 2


def test_as_it_was_drawn_is_no_other_drawing(astronaut):
    (cartoon,) = Cartoonizer("comic", threads=1)(astronaut)
    assert cartoon.tuned() is cartoon
    assert cartoon.tuned(1.5).outline is None  # cut out along itself, and enlarged once


def test_nothing_changes_unless_told(drawing, parts):
    np.testing.assert_array_equal(tuned(drawing, Tuning(), drawing // 2, parts), drawing)


@pytest.mark.parametrize("part", ["skin", "hair"])
def test_only_one_part_becomes_lighter_or_darker(drawing, parts, part):
    own, other = (250, 400) if part == "skin" else (400, 250)
    lighter, darker = (
        tuned(drawing, Tuning(**{part: change}), drawing, parts).astype(int)
        for change in (0.5, -0.5)
    )
    assert (lighter[own, 20] > drawing[own, 20]).all()
    assert (darker[own, 20] < drawing[own, 20]).all()
    for found in (lighter, darker):
        np.testing.assert_array_equal(found[other, 20], drawing[other, 20])
    white = np.full_like(drawing, 255)
    np.testing.assert_array_equal(tuned(white, Tuning(**{part: -1}), white, parts), white)


def test_strength_mixes_the_photo_into_the_figure_alone():
    drawing = np.full((128, 128, 3), 255, np.uint8)
    cv2.circle(drawing, (64, 64), 30, (200, 100, 60), -1)
    photo = np.full_like(drawing, 40)
    found = tuned(drawing, Tuning(strength=0.25), photo, None)
    assert found[64, 64].tolist() == [80, 55, 45]
    assert (found[4] == 255).all()
    assert (tuned(drawing, Tuning(strength=0), photo, None)[50:78, 50:78] == 40).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [("lines", 0.4), ("lines", 2.1), ("lines", float("nan")), ("skin", 1.1), ("strength", -0.1)],
)
def test_what_is_out_of_range_is_refused(name, value):
    with pytest.raises(TuningError, match="Choose a number from"):
        Tuning(**{name: value})


def test_a_style_that_does_not_say_where_skin_is(drawing):
    with pytest.raises(TuningError, match="does not say where skin and hair are"):
        tuned(drawing, Tuning(skin=0.3), drawing, None)


def test_ink_has_no_lightness_to_be_tuned(astronaut):
    (cartoon,) = Cartoonizer("ink", threads=1)(astronaut)
    assert cartoon.parts is None
    with pytest.raises(TuningError):
        cartoon.tuned(skin=0.3)


@pytest.mark.parametrize("style", ["comic", "flat"])
def test_styles_in_layers_know_skin_and_hair(astronaut, style):
    """Her cheeks and her hair, by her points; and what is neither stays as it is."""
    (cartoon,) = Cartoonizer(style, threads=1)(astronaut)
    assert cartoon.parts.shape == (2, 256, 256)
    scale = np.array([0.5, 0.5])
    points = (cartoon.points @ cartoon.transform[:, :2].T + cartoon.transform[:, 2]) * scale
    eyes, mouth = points[:2].mean(0), points[3:].mean(0)
    unit = np.linalg.norm(points[1] - points[0])
    cheek = (points[0] + points[3]) / 2
    crown = eyes - 1.15 * (mouth - eyes)
    skin, hair = cartoon.parts
    for part, other, (x, y) in ((skin, hair, cheek), (hair, skin, crown)):
        around = np.s_[
            int(y - unit / 10) : int(y + unit / 10), int(x - unit / 10) : int(x + unit / 10)
        ]
        assert np.median(part[around]) > 250
        assert np.median(other[around]) < 5
    lighter = cartoon.tuned(hair=1).image.astype(int) - cartoon.image
    where = cv2.resize(hair, (512, 512)) > 0
    assert not lighter[~where].any()
    assert lighter[where].mean() > 5


def test_toon_says_nothing_of_skin(astronaut):
    (cartoon,) = Cartoonizer("toon", threads=1)(astronaut)
    assert cartoon.parts is None
    with pytest.raises(TuningError):
        cartoon.tuned(hair=0.5)
    assert (cartoon.tuned(1.5, strength=0.5).image != cartoon.image).any()
