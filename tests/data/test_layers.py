"""A portrait is taken apart: regions by colour, features by points, glasses by their lines."""

from __future__ import annotations

import numpy as np
import pytest

from toonmark.data.layers.glasses import NONE, SURE, fitted, frames_at
from toonmark.data.layers.labels import layer_map
from toonmark.data.layers.pen import smooth_curve
from toonmark.data.layers.regions import found_regions
from toonmark.models.layer import UNKNOWN, Layer

SIZE = 256


def test_regions_are_found_by_colour(portrait):
    photo, alpha, dense = portrait()
    found = found_regions(photo, alpha, dense)
    whole = found.skin.astype(int) + found.top + found.beard + found.body
    assert (whole == found.figure).all(), "a pixel belongs to one region"
    assert not found.beard.any()
    for mask, (x, y) in (
        (found.skin, (128, 150)),
        (found.top, (128, 50)),
        (found.body, (128, 246)),
    ):
        assert mask[y, x], (x, y)


def test_layers_say_what_each_pixel_is(portrait):
    photo, alpha, dense = portrait()
    layers = layer_map(photo, alpha, dense, np.ones((SIZE, SIZE), bool))
    assert layers.dtype == np.uint8
    assert layers[0, 0] == Layer.BACKGROUND
    there = set(np.unique(layers))
    for layer in (
        Layer.SKIN, Layer.SHADE, Layer.BROW, Layer.EYE_WHITE, Layer.IRIS, Layer.INK, Layer.OUTLINE,
        Layer.SOFT_LINE, Layer.LIPS,
    ):  # fmt: skip
        assert layer in there, layer.name
    assert Layer.GLASSES not in there
    assert UNKNOWN not in there
    # Around the figure there is a closed line: from the person one reaches no background.
    import cv2

    outside = (layers == Layer.BACKGROUND).astype(np.uint8)
    near = cv2.dilate(outside, np.ones((3, 3), np.uint8)) - outside
    assert (layers[near > 0] == Layer.OUTLINE).mean() > 0.98


def test_a_neighbour_is_left_out(portrait):
    photo, alpha, dense = portrait()
    alone = found_regions(photo, alpha, dense)
    photo[20:110, 4:30], beside = (190, 140, 120), alpha.copy()
    beside[20:110, 4:30] = 1
    assert np.array_equal(found_regions(photo, beside, dense).figure, alone.figure)


def test_light_on_a_forehead_is_skin_and_a_fringe_is_hair(portrait):
    photo, alpha, dense = portrait()
    lit = photo.copy()
    lit[88:98, 112:144] = (252, 240, 235)
    assert found_regions(lit, alpha, dense).skin[93, 128]
    fringe = photo.copy()
    fringe[84:100, 100:156] = photo[50, 128]
    assert found_regions(fringe, alpha, dense).top[90, 128]


def test_beyond_the_photo_nothing_is_known(portrait):
    photo, alpha, dense = portrait()
    known = np.ones((SIZE, SIZE), bool)
    known[:, 200:] = False
    layers = layer_map(photo, alpha, dense, known)
    assert (layers[:, 200:] == UNKNOWN).all()
    assert (layers[:, :180] != UNKNOWN).all()


@pytest.mark.parametrize("ink", [(20, 20, 25), (70, 30, 20)])
def test_glasses_are_found_where_they_are(portrait, ink):
    import cv2

    photo, alpha, dense = portrait()
    assert fitted(photo, dense).score < NONE
    eyes = np.array([[102.4, 112.6], [153.6, 112.6]]) - 0.5
    frames = frames_at(eyes, 0.42, 0.8, 2.8, 0.04)
    for curve, closed in (
        (frames.lenses[0], True),
        (frames.lenses[1], True),
        (frames.bridge, False),
    ):
        cv2.polylines(photo, [np.rint(curve * 16).astype(np.int32)], closed, ink, 3, cv2.LINE_AA, 4)
    found = fitted(photo, dense)
    assert found.score > SURE
    assert not found.dark
    assert np.abs(found.frames.lenses[0].mean(0) - frames.lenses[0].mean(0)).max() < 5
    layers = layer_map(photo, alpha, dense, np.ones((SIZE, SIZE), bool))
    assert (layers == Layer.GLASSES).sum() > 300


def test_dark_glasses_hide_the_eyes(portrait):
    import cv2

    photo, alpha, dense = portrait()
    eyes = np.array([[102.4, 112.6], [153.6, 112.6]]) - 0.5
    frames = frames_at(eyes, 0.42, 0.86, 2.8, 0.04)
    for lens in frames.lenses:
        cv2.fillPoly(photo, [np.rint(lens).astype(np.int32)], (25, 25, 30))
    cv2.polylines(photo, [np.rint(frames.bridge).astype(np.int32)], False, (20, 20, 20), 4)
    found = fitted(photo, dense)
    assert found.dark
    layers = layer_map(photo, alpha, dense, np.ones((SIZE, SIZE), bool))
    assert Layer.EYE_WHITE not in np.unique(layers) or found.score < SURE


def test_a_beard_is_told_from_a_shadow(portrait):
    photo, alpha, dense = portrait(beard=(60, 55, 52))
    found = found_regions(photo, alpha, dense)
    assert found.beard.sum() > 500
    photo, alpha, dense = portrait(beard=(152, 112, 93))  # the skin's colour, three quarters of it
    assert not found_regions(photo, alpha, dense).beard.any()


def test_curves_go_through_their_points():
    points = np.array([[0, 0], [10, 5], [20, 0], [30, 7]], float)
    curve = smooth_curve(points, 8)
    for point in points:
        assert np.abs(curve - point).sum(1).min() < 1e-9
