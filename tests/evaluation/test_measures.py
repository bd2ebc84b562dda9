"""Identity, colour, structure and cleanness on pictures whose answer is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawn import draw_face
from skimage.color import deltaE_ciede2000

from toonmark.evaluation import background, colour
from toonmark.evaluation.identity import Recognizer, rank_curve, ranks, share
from toonmark.evaluation.landmark_error import find_all, point_errors
from toonmark.faces.mtcnn import Mtcnn
from toonmark.faces.skin_and_hair import hair_colour, skin_colour
from toonmark.landmarks import template_points
from toonmark.srgb import to_lab
from toonmark.surroundings import MEASURED, surroundings

# Identity --------------------------------------------------------------------------------------


def test_identical_vectors_are_all_found_first() -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert (ranks(vectors, vectors) == 1).all()


def test_unrelated_vectors_are_found_by_chance() -> None:
    rng = np.random.default_rng(0)
    places = ranks(rng.normal(size=(400, 64)), rng.normal(size=(400, 64)))
    assert (places == 1).mean() < 0.02
    assert places.mean() == pytest.approx(200, rel=0.1)


def test_a_network_that_sees_nothing_finds_nothing() -> None:
    assert (ranks(np.ones((9, 4)), np.ones((9, 4))) == 9).all()


def test_rank_curve_rises_to_one() -> None:
    curve = rank_curve(np.array([1, 1, 2, 7, 30]))
    assert curve[0] == (1, 0.4)
    shares = [value for _, value in curve]
    assert shares == sorted(shares)


def test_share_has_wilsons_interval() -> None:
    estimate = share(50, 250)
    assert estimate.value == 0.2
    assert (estimate.low, estimate.high) == pytest.approx((0.1551, 0.2539), abs=1e-4)
    assert share(0, 10).low == 0
    assert share(10, 10).high == pytest.approx(1)


def test_recogniser_gives_unit_vectors_and_tells_pictures_apart() -> None:
    rng = np.random.default_rng(1)
    pictures = np.stack([draw_face(rng, light, 128) for light in (0.4, 0.7, 1.0)])
    points = np.stack([template_points(128)] * 3)
    vectors = Recognizer()(pictures, points)
    assert vectors.shape == (3, Recognizer.dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (ranks(vectors, vectors) == 1).all()


def test_recogniser_sees_fine_lines_as_the_eye_does() -> None:
    face = draw_face(np.random.default_rng(1), 0.7, 128)
    large = cv2.resize(face, (512, 512), interpolation=cv2.INTER_CUBIC)
    grey = large // 2 + 64
    engraved = np.where((np.indices((512, 512))[0] % 2 == 0)[..., None], grey - 48, grey + 48)
    points = template_points(512)
    plain, lined = Recognizer()(np.stack([grey, engraved.astype(np.uint8)]), [points] * 2)
    assert plain @ lined > 0.99


# Colour ----------------------------------------------------------------------------------------


def _faces(lightness: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(2)
    return np.stack([draw_face(rng, light, 128) for light in lightness])


def test_skin_lightness_correlates_with_itself_and_against_its_inverse() -> None:
    lightness = np.linspace(0.3, 1, 12)
    points = np.stack([template_points(128)] * 12)
    photo = colour.colours(_faces(lightness), points)[:, 0]
    inverse = colour.colours(_faces(lightness[::-1]), points)[:, 0]
    assert colour.rank_correlation(photo, photo) == pytest.approx(1)
    assert colour.rank_correlation(photo, inverse) == pytest.approx(-1)
    assert colour.dark_drawn_light(photo, photo) == (0, 1)
    assert colour.dark_drawn_light(photo, inverse) == (1, 1)


def test_no_variation_is_no_correlation() -> None:
    assert colour.rank_correlation(np.arange(5.0), np.ones(5)) == 0


def test_skin_stands_up_to_a_fringe() -> None:
    points = template_points(128)
    picture = draw_face(np.random.default_rng(0), 0.9, 128)
    fringed = picture.copy()
    fringed[:55] = 20
    difference = colour.ciede2000(skin_colour(picture, points), skin_colour(fringed, points))
    assert difference < 3


def test_hair_is_measured_where_there_is_some() -> None:
    points = template_points(128)
    picture = np.full((128, 128, 3), 255, np.uint8)
    assert np.isnan(hair_colour(picture, points)).all()
    picture[:40] = (10, 20, 200)
    expected = to_lab(np.full((1, 1, 3), (10, 20, 200), np.uint8))[0, 0]
    np.testing.assert_allclose(hair_colour(picture, points), expected, atol=0.1)


def test_points_outside_of_the_picture_give_a_colour_still() -> None:
    picture = draw_face(np.random.default_rng(0), 0.9, 128)
    assert np.isfinite(skin_colour(picture, template_points(128) + 500)).all()


def test_ciede2000_is_skimages() -> None:
    rng = np.random.default_rng(0)
    a = rng.uniform([0, -80, -80], [100, 80, 80], (2000, 3))
    b = a + rng.normal(0, 15, a.shape)
    a[:3, 1:], b[1:4, 1:] = 0, 0  # greys have no hue
    np.testing.assert_allclose(colour.ciede2000(a, b), deltaE_ciede2000(a, b), atol=1e-6)


# Structure -------------------------------------------------------------------------------------


def test_point_errors_are_in_eye_distances() -> None:
    true = template_points(128)[None]
    moved = true + np.array([32.0, 0])  # the eyes are 32 pixels apart
    np.testing.assert_allclose(point_errors(moved, true), 1)
    assert np.isnan(point_errors(true * np.nan, true)).all()


def test_mtcnn_finds_no_face_in_nothing() -> None:
    found = find_all(Mtcnn(), np.full((1, 128, 128, 3), 255, np.uint8))
    assert found.shape == (1, 10)
    assert np.isnan(found).all()


def test_mtcnn_points_are_in_the_pictures_pixels() -> None:
    import skimage.data

    photo = skimage.data.astronaut()[20:220, 120:320]
    finder = Mtcnn()
    large, small = finder.find(photo), finder.find(cv2.resize(photo, (128, 128)))
    assert large is not None
    assert small is not None
    eyes_by_eye = np.array([[84, 81], [126, 83]])
    np.testing.assert_allclose(large[:2], eyes_by_eye, atol=4)
    np.testing.assert_allclose(small * 200 / 128, large, atol=5)


# Cleanness -------------------------------------------------------------------------------------


def test_surroundings_are_the_white_that_touches_the_border() -> None:
    picture = np.full((20, 20, 3), 255, np.uint8)
    cv2.circle(picture, (10, 10), 6, (0, 0, 0), 2)
    outside = surroundings(picture, MEASURED, below=True)
    assert outside[0, 0]
    assert not outside[10, 10]  # white, but within


def test_composite_keeps_the_face_and_replaces_the_rest() -> None:
    rng = np.random.default_rng(0)
    face = draw_face(rng, 0.8, 128)
    mixed = background.composite(face, background.random_background(128, rng))
    assert (mixed[60:90, 50:78] == face[60:90, 50:78]).all()
    assert (mixed[:5, :5] != 255).any()
    outside, inside = background.changes(face, mixed, face)
    assert outside > 0.1
    assert inside < 0.02


def test_haze_counts_what_is_not_quite_white() -> None:
    picture = draw_face(np.random.default_rng(0), 0.8, 128)
    clean = background.haze(picture)
    speckled = picture.copy()
    speckled[2:30:4, 2:30:4] = 225
    assert clean == 0
    assert background.haze(speckled) > 0


def test_overlap_is_of_what_is_not_white_around_the_figures() -> None:
    photo, drawing = np.full((2, 40, 40, 3), 255, np.uint8)
    photo[10:30, 10:30] = 90
    drawing[10:30, 20:40] = 40
    drawing[15:20, 25:30] = 255  # teeth
    assert background.overlap(photo, drawing) == pytest.approx(200 / 600)
    assert background.overlap(photo, photo) == 1
    assert background.overlap(photo, cv2.resize(photo, (80, 80))) > 0.85
    assert background.overlap(photo, np.full_like(photo, 235)) == 0, "uneven white is white"
    assert np.isnan(background.overlap(np.full_like(photo, 90), drawing)), "not cut out"


def test_chequer_tells_a_chequerboard_from_an_edge() -> None:
    face = draw_face(np.random.default_rng(0), 0.8, 128)
    board = (np.indices((128, 128)).sum(0) % 2 * 16).astype(np.uint8)[..., None]
    chequered = np.clip(face.astype(int) - board, 0, 255).astype(np.uint8)
    assert background.chequer(chequered) > 5 * background.chequer(face)
    # A board of amplitude 16 of 255 measures half of that.
    flat = np.full((64, 64, 3), 200, np.uint8) - board[:64, :64]
    assert background.chequer(flat) == pytest.approx(8 / 255, rel=0.01)
