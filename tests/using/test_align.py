import tracemalloc

import cv2
import numpy as np
import pytest

from toonmark.errors import LandmarksError
from toonmark.faces import align
from toonmark.landmarks import FACE_TEMPLATE, template_points

RANDOM = np.random.default_rng(0)
IDENTITY = np.array([[1.0, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_identity_gives_the_picture_itself(dtype):
    image = (RANDOM.random((40, 40, 3)) * 255).astype(dtype)
    np.testing.assert_array_equal(align.crop(image, IDENTITY, 40), image.astype(np.float32))


def test_a_shift_by_whole_pixels_is_exact_and_the_edge_goes_on():
    image = RANDOM.integers(0, 255, (20, 30), dtype=np.uint8)
    moved = align.crop(image, np.array([[1.0, 0, 5], [0, 1, -3]]), (20, 30))
    np.testing.assert_array_equal(moved[:17, 5:], image[3:, :25])
    np.testing.assert_array_equal(moved[:17, 0], image[3:, 0])
    np.testing.assert_array_equal(moved[19, 5:], image[19, :25])


@pytest.mark.parametrize("angle", [0.0, 0.4, -2.9])
def test_points_land_on_the_template(angle):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = template_points(128) @ (3.7 * turn).T + [300, 200]
    transform = align.face_transform(points, 128)
    np.testing.assert_allclose(
        align.transform_points(points, transform), template_points(128), atol=1e-9
    )
    assert align.scale_of(transform) == pytest.approx(1 / 3.7)


def test_what_lies_at_a_landmark_lies_at_the_template_in_the_crop():
    points = FACE_TEMPLATE * 200 + [130, 60]
    ys, xs = np.mgrid[0:400, 0:400]
    image = np.zeros((400, 400), np.float32)
    for x, y in points:
        image += np.exp(-0.5 * ((xs - x) ** 2 + (ys - y) ** 2) / 3**2)
    cut = align.crop(image, align.face_transform(points, 128), 128)
    for x, y in template_points(128):
        around = cut[int(y) - 5 : int(y) + 7, int(x) - 5 : int(x) + 7]
        rows, columns = np.mgrid[int(y) - 5 : int(y) + 7, int(x) - 5 : int(x) + 7]
        assert (around * columns).sum() / around.sum() == pytest.approx(x, abs=0.05)
        assert (around * rows).sum() / around.sum() == pytest.approx(y, abs=0.05)


def test_shrinking_by_four_keeps_constants_and_gradients():
    shrink = np.array([[0.25, 0, -0.375], [0, 0.25, -0.375]])  # block centres to whole numbers
    constant = np.full((64, 64, 3), 77, np.uint8)
    np.testing.assert_allclose(align.crop(constant, shrink, 16), 77, atol=1e-4)
    ys, xs = np.mgrid[0:64, 0:64].astype(np.float32)
    gradient = np.stack([xs, ys], axis=-1)
    small = align.crop(gradient, shrink, 16)
    inner = np.arange(1, 15)
    np.testing.assert_allclose(small[5, inner, 0], 4 * inner + 1.5, atol=1e-3)
    np.testing.assert_allclose(small[inner, 5, 1], 4 * inner + 1.5, atol=1e-3)


def test_shrinking_averages_and_does_not_pick():
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 200
    shrink = np.array([[0.25, 0, -0.375], [0, 0.25, -0.375]])
    np.testing.assert_allclose(align.crop(stripes, shrink, 16), 100, atol=1e-3)


def test_large_parts_are_averaged_as_small_ones_are():
    """A part of many megapixels is worked through in bands; their seams must not show."""
    ys = np.arange(3000, dtype=np.float32)
    image = np.repeat(ys[:, None], 1500, axis=1)
    shrink = np.array([[0.1, 0, 0.0], [0, 0.1, 0.0]])
    small = align.crop(image, shrink, (300, 150))
    np.testing.assert_allclose(small[1:-1, 70], 10 * np.arange(1, 299), atol=0.01)


def test_invert_and_compose():
    transform = align.face_transform(FACE_TEMPLATE * 300 + [7, 9], 128)
    there_and_back = align.compose(transform, align.invert(transform))
    np.testing.assert_allclose(there_and_back, IDENTITY, atol=1e-9)


def test_a_fill_covers_exactly_what_lies_beyond_the_picture() -> None:
    image = np.full((40, 60, 3), 90, np.uint8)
    transform = np.array([[1.0, 0, 20], [0, 1, 30]])
    view = align.crop(image, transform, 100, fill=255)
    expected = np.full((100, 100, 3), 255, np.float32)
    expected[30:70, 20:80] = 90
    np.testing.assert_array_equal(view, expected)
    # Without one the outermost pixels go on, as styles in the tight frame learnt it.
    np.testing.assert_array_equal(align.crop(image, transform, 100), np.full_like(view, 90))


@pytest.mark.parametrize("turn", [0.0, 0.4])
def test_a_fill_changes_nothing_within_the_picture(turn: float) -> None:
    image = np.random.default_rng(0).integers(0, 255, (50, 50, 3)).astype(np.uint8)
    c, s = np.cos(turn) * 1.7, np.sin(turn) * 1.7
    transform = np.array([[c, -s, 30], [s, c, 10]])
    size = (90, 120)
    covered = align.inside(image.shape, transform, size)
    filled, plain = align.crop(image, transform, size, 0), align.crop(image, transform, size)
    assert 0.2 < covered.mean() < 0.9
    np.testing.assert_array_equal(filled[covered], plain[covered])
    assert not filled[~covered].any()


@pytest.mark.parametrize("shape", [(31, 640, 3), (20, 30000, 3), (1, 50000), (90, 40, 3)])
@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e-4, 0.003, 0.03, 1.0, 1e3, 1e9])
def test_no_face_asks_for_more_memory_than_its_picture(shape, scale):
    picture = np.random.default_rng(0).integers(20, 200, shape, np.uint8)
    for angle, shift in ((0.0, 0.0), (2.0, 40.0), (1.0, 1e15)):
        cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
        transform = np.array([[cosine, -sine, shift], [sine, cosine, -shift]])
        tracemalloc.start()
        view = align.crop(picture, transform, 64)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 24e6
        assert view.shape == (64, 64, *shape[2:])
        assert 19.9 <= view.min() <= view.max() <= 199.1


@pytest.mark.parametrize("block", [2, 7, 40, 64, 1000])
@pytest.mark.parametrize("shape", [(40, 61, 3), (64, 64), (1, 130, 3)])
def test_means_of_blocks_that_hardly_fit_are_those_of_a_filled_up_picture(shape, block):
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    down, right = -shape[0] % block, -shape[1] % block
    padded = np.pad(picture, [(0, down), (0, right)] + [(0, 0)] * (len(shape) - 2), mode="edge")
    rows, columns = padded.shape[0] // block, padded.shape[1] // block
    expected = padded.reshape(rows, block, columns, block, *shape[2:]).mean((1, 3))
    for found in (align._wide_mean(picture, block), align._block_mean(picture, block)):
        np.testing.assert_allclose(found, expected, atol=1e-3)


def test_points_in_one_place_are_named():
    for points in (np.zeros((5, 2)), np.full((5, 2), np.nan), np.full((5, 2), np.inf)):
        with np.errstate(all="ignore"):
            transform = align.face_transform(points, 64)
        with pytest.raises(LandmarksError, match="in one place, or are no finite"):
            align.crop(np.zeros((40, 40, 3), np.uint8), transform, 64)


def test_a_view_within_the_picture_is_not_looked_at_pixel_by_pixel(monkeypatch) -> None:
    image = np.random.default_rng(0).random((40, 50, 3)).astype(np.float32)
    asked: list[object] = []
    monkeypatch.setattr(align, "inside", lambda *given: asked.append(given) or np.True_)
    align.crop(image, np.array([[2.0, 0, -20], [0, 2, -20]]), 30, fill=9)
    assert not asked
    align.crop(image, np.array([[2.0, 0, -80], [0, 2, -20]]), 30, fill=9)
    assert asked


def test_labels_are_moved_unmixed_and_what_lies_beyond_is_said():
    labels = np.arange(16, dtype=np.uint8).reshape(4, 4)
    right = np.array([[1.0, 0, 1.4], [0, 1, 0]])
    moved = align.warped(labels, right, 4, cv2.INTER_NEAREST, 99)
    assert moved.dtype == np.uint8
    assert (moved[:, 0] == 99).all()
    np.testing.assert_array_equal(moved[:, 1:], labels[:, :3])
    np.testing.assert_array_equal(
        align.warped(labels, right, 4, cv2.INTER_NEAREST)[:, 0], labels[:, 0]
    )
    three = align.warped(np.zeros((4, 4, 3), np.uint8), right, 4, cv2.INTER_NEAREST, 7)
    assert (three[:, 0] == 7).all(), "of each channel"
    assert align.warped(labels[:, ::-1], right, 2, cv2.INTER_NEAREST, 0).shape == (2, 2)
