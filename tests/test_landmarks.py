"""Order, mirror image and error of the five points."""

import numpy as np
import pytest

from toonmark import landmarks


def test_order_is_celebas():
    assert landmarks.NAMES == ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
    points = landmarks.template_points(128)
    assert points[landmarks.LEFT_EYE, 0] < points[landmarks.RIGHT_EYE, 0]
    assert points[landmarks.MOUTH_LEFT, 0] < points[landmarks.MOUTH_RIGHT, 0]
    assert np.allclose(points, [[48, 61], [80, 61], [64, 80], [50, 93], [77, 93]])


def test_the_template_scales_about_pixel_centres():
    """A pixel's centre at 128 is the middle between two pixels' centres at 256."""
    small, large = landmarks.template_points(128), landmarks.template_points(256)
    assert np.allclose(large, small * 2 + 0.5)


def test_mirror_swaps_sides_and_undoes_itself():
    points = landmarks.template_points(128) + np.random.default_rng(0).normal(0, 3, (4, 5, 2))
    before = points.copy()
    flipped = landmarks.mirror(points, 128)
    assert np.array_equal(points, before)
    assert (flipped[:, landmarks.LEFT_EYE, 0] < flipped[:, landmarks.RIGHT_EYE, 0]).all()
    assert np.allclose(flipped[:, 0], [127, 0] + points[:, 1] * [-1, 1])
    assert np.allclose(landmarks.mirror(flipped, 128), points)


def test_mirrored_heatmaps_are_the_mirror_images_of_heatmaps():
    points = landmarks.template_points(64)
    maps = landmarks.heatmaps(points, 64)[:, :, ::-1][list(landmarks.MIRROR)]
    assert np.allclose(landmarks.heatmaps(landmarks.mirror(points, 64), 64), maps, atol=1e-6)


def test_normalised_mean_error():
    true = np.array([[0, 0], [40, 0], [20, 20], [5, 40], [35, 40]], float)
    assert landmarks.normalised_mean_error(true, true) == 0
    assert landmarks.normalised_mean_error(true + [4, 0], true) == pytest.approx(0.1)
    one = true.copy()
    one[2] += [0, 10]
    assert landmarks.normalised_mean_error(one, true) == pytest.approx(0.05)
    assert landmarks.normalised_mean_error(np.stack([one, true]), true).shape == (2,)


def test_a_heatmaps_tail_has_no_denormal_numbers():
    """They would make the first convolution of a style ten times as slow."""
    points = landmarks.template_points(128) + np.float32(0.3)
    maps = landmarks.heatmaps(points, 128)
    assert maps.min() >= np.finfo(np.float32).tiny
    assert maps.min() < 1e-15, "and nothing that could be seen"


def test_frames_are_known_by_their_template() -> None:
    for name, template in landmarks.FRAMES.items():
        assert landmarks.frame_of(template.round(6).tolist()) == name
    for other in (None, "face", [[0.5, 0.5]], landmarks.FACE_TEMPLATE + 0.01):
        assert landmarks.frame_of(other) is None


def test_a_portrait_shows_a_face_of_the_same_proportions_with_room_around() -> None:
    def places(name: str) -> landmarks.Array:
        points = landmarks.FRAMES[name]
        return (points - points[0]) / landmarks.inter_eye_distance(points)

    np.testing.assert_allclose(places("portrait"), places("face"), atol=0.05)
    eyes = landmarks.inter_eye_distance(landmarks.FRAMES["portrait"])
    assert eyes == pytest.approx(0.2)
