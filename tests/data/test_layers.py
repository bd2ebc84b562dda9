"""A portrait is taken apart: regions by colour, features by points, glasses by their lines."""

from __future__ import annotations

import numpy as np
import pytest

from toonmark.data.layers.glasses import DRAWN, NONE, SURE, fitted, frames_at, worn
from toonmark.data.layers.layer_map import layer_map
from toonmark.data.layers.pen import smooth_curve
from toonmark.data.layers.photo_regions import found_regions
from toonmark.models.drawing_layers import UNKNOWN, Layer

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


def _hairy(photo, zone, colour, seed=3):
    """Hair of one colour in a part of a face: dark and light strands, two pixels wide."""
    import cv2

    strands = np.random.default_rng(seed).normal(0, 1, (SIZE, SIZE))
    strands = cv2.GaussianBlur(strands, (0, 0), 0.8)[..., None] / 0.35
    hair = np.clip(np.array(colour) + 26 * strands, 0, 255)
    out = photo.copy()
    out[zone] = hair[zone].astype(np.uint8)
    return out


def _rows_and_columns():
    return np.mgrid[:SIZE, :SIZE]


@pytest.mark.parametrize("colour", [(58, 44, 38), (80, 68, 60)])
def test_a_moustache_alone_is_found_where_it_is(portrait, colour):
    photo, alpha, dense = portrait()
    rows, columns = _rows_and_columns()
    moustache = (abs(rows - 152) < 5) & (abs(columns - 128) < 28)
    found = found_regions(_hairy(photo, moustache, colour), alpha, dense).beard
    assert found[moustache].mean() > 0.6
    assert found[rows > 175].sum() < 60, "the chin is shaved"


@pytest.mark.parametrize("colour", [(60, 50, 44), (135, 130, 126)])
def test_hair_on_chin_and_jaw_is_found(portrait, colour):
    photo, alpha, dense = portrait()
    rows, columns = _rows_and_columns()
    face = ((columns - 128) / 54) ** 2 + ((rows - 130) / 70) ** 2 < 1
    lips = ((columns - 128) / 25) ** 2 + ((rows - 164) / 9) ** 2 < 1
    full = face & (rows > 148) & ~lips
    found = found_regions(_hairy(photo, full, colour), alpha, dense).beard
    assert found[full].mean() > 0.7


def test_a_face_in_shadow_or_wrinkled_all_over_has_no_beard(portrait):
    photo, alpha, dense = portrait()
    rows, columns = _rows_and_columns()
    dim = np.clip(1 - 0.5 * (rows - 140) / 60, 0.5, 1)[..., None]
    shaded = np.where(rows[..., None] > 140, photo * dim, photo).astype(np.uint8)
    assert not found_regions(shaded, alpha, dense).beard.any()
    face = ((columns - 128) / 54) ** 2 + ((rows - 130) / 70) ** 2 < 1
    wrinkled = _hairy(photo, face & (rows > 118), (200, 148, 122))
    assert not found_regions(wrinkled, alpha, dense).beard.any()


def test_dark_lenses_need_no_line_around_them(portrait):
    """Of sunglasses without a bridge that shows, the lenses are filled, and no eyes are drawn."""
    import cv2

    photo, alpha, dense = portrait()
    eyes = np.array([[102.4, 112.6], [153.6, 112.6]]) - 0.5
    for lens in frames_at(eyes, 0.44, 0.86, 2.8, 0.04).lenses:
        cv2.fillPoly(photo, [np.rint(lens).astype(np.int32)], (48, 40, 38))
    photo = cv2.GaussianBlur(photo, (0, 0), 3.0)
    assert fitted(photo, dense).score < SURE
    found = worn(photo, dense)
    assert found is not None
    assert found.dark
    assert found.sure
    layers = layer_map(photo, alpha, dense, np.ones((SIZE, SIZE), bool))
    for x, y in ((102, 116), (153, 116)):
        assert (layers[y - 8 : y + 8, x - 8 : x + 8] == Layer.GLASSES).all()


def test_eyes_in_shadow_wear_no_glasses(portrait):
    import cv2

    photo, _, dense = portrait()
    sockets = np.zeros((SIZE, SIZE), np.float32)
    for x in (102, 153):
        cv2.ellipse(sockets, (x, 108), (26, 16), 0, 0, 360, 1, -1)
    dim = 1 - 0.45 * cv2.GaussianBlur(sockets, (0, 0), 9)[..., None]
    assert worn((photo * dim).astype(np.uint8), dense) is None
    under_a_brim = np.where(np.arange(SIZE)[:, None, None] < 128, photo * 0.4, photo)
    found = worn(under_a_brim.astype(np.uint8), dense)
    assert found is None or not found.sure


def test_thin_frames_need_a_bridge(portrait):
    """Lines under the eyes that are weak are glasses where a bridge joins them, else wrinkles."""
    import cv2

    photo, _, dense = portrait()
    eyes = np.array([[102.4, 112.6], [153.6, 112.6]]) - 0.5
    frames = frames_at(eyes, 0.42, 0.8, 2.8, 0.04)
    for bridge, sure in ((0.16, True), (0.0, False)):
        faint = np.zeros((SIZE, SIZE), np.float32)
        for curve, closed, strength in (
            (frames.lenses[0], True, 0.115),
            (frames.lenses[1], True, 0.115),
            (frames.bridge, False, bridge),
        ):
            points = np.rint(curve * 16).astype(np.int32)
            cv2.polylines(faint, [points], closed, strength, 2, cv2.LINE_AA, 4)
        found = worn((photo * (1 - faint[..., None])).astype(np.uint8), dense)
        assert found is not None
        assert DRAWN < found.score < SURE
        assert found.sure is sure


def test_mirrored_lenses_in_sure_frames_hide_the_eyes(portrait):
    import cv2

    photo, _, dense = portrait()
    eyes = np.array([[102.4, 112.6], [153.6, 112.6]]) - 0.5
    frames = frames_at(eyes, 0.42, 0.8, 2.8, 0.04)
    clear, mirrored = photo.copy(), photo.copy()
    for lens in frames.lenses:
        cv2.fillPoly(mirrored, [np.rint(lens).astype(np.int32)], (120, 190, 230))
    for canvas in (clear, mirrored):
        for lens in frames.lenses:
            curve = np.rint(lens * 16).astype(np.int32)
            cv2.polylines(canvas, [curve], True, (20, 20, 25), 3, cv2.LINE_AA, 4)
        bridge = np.rint(frames.bridge * 16).astype(np.int32)
        cv2.polylines(canvas, [bridge], False, (20, 20, 25), 3, cv2.LINE_AA, 4)
    for canvas, hidden in ((clear, False), (mirrored, True)):
        found = worn(canvas, dense)
        assert found is not None
        assert found.sure
        assert found.dark is hidden


def test_curves_go_through_their_points():
    points = np.array([[0, 0], [10, 5], [20, 0], [30, 7]], float)
    curve = smooth_curve(points, 8)
    for point in points:
        assert np.abs(curve - point).sum(1).min() < 1e-9
