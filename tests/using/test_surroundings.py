"""The white around a figure, as a fill from the picture's edge finds it."""

import cv2
import numpy as np
import pytest

from toonmark.surroundings import IN_DRAWING, IN_PHOTO, MEASURED, surroundings, whiteness


def figure():
    """A body that leaves the picture at the bottom, in a white shirt, with white eyes."""
    picture = np.full((64, 64, 3), 250, np.uint8)
    cv2.circle(picture, (32, 30), 16, (180, 120, 90), -1)
    cv2.circle(picture, (28, 28), 3, (250, 250, 250), -1)
    cv2.rectangle(picture, (16, 44), (48, 63), (90, 60, 50), -1)
    cv2.rectangle(picture, (28, 50), (36, 63), (250, 250, 250), -1)
    return picture


def test_white_inside_the_figure_is_none_of_it():
    found = surroundings(figure(), IN_PHOTO)
    assert found.dtype == bool
    assert found[2, 2]
    assert found[60, 4]
    assert not found[28, 28], "an eye"
    assert not found[30, 40], "skin"
    assert not found[60, 32], "a shirt that leaves the picture"
    below = surroundings(figure(), IN_PHOTO, below=True)
    assert below[60, 32]
    assert not below[28, 28]
    assert (below >= found).all()


@pytest.mark.parametrize("white", [IN_DRAWING, MEASURED, IN_PHOTO])
def test_a_pixel_is_white_from_its_least_channel_on(white):
    picture = np.full((8, 8, 3), 255, np.uint8)
    picture[3:5, :, 1] = white
    assert surroundings(picture, white).all()
    picture[3:5, :, 1] = white - 1
    found = surroundings(picture, white)
    assert not found[3:5].any()
    assert found[[0, 1, 2]].all()
    assert found[5:].all(), "the sides are edges"


@pytest.mark.parametrize("below", [True, False])
def test_it_is_what_a_fill_from_a_white_frame_reaches(below):
    """Diagonal neighbours do not touch."""
    random = np.random.default_rng(0)
    for _ in range(20):
        picture = random.choice(np.uint8([200, 250]), (17, 23, 1), p=[0.45, 0.55]).repeat(3, 2)
        frame = ((1, int(below)), (1, 1))
        white = np.pad((picture[..., 0] > 240).astype(np.uint8), frame, constant_values=1)
        mask = np.zeros((white.shape[0] + 2, white.shape[1] + 2), np.uint8)
        cv2.floodFill(white, mask, (0, 0), 2, flags=4)
        wanted = (white == 2)[1 : 1 + 17, 1:-1]
        np.testing.assert_array_equal(surroundings(picture, MEASURED, below), wanted)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_whiteness_is_the_least_channel(channels):
    picture = np.random.default_rng(1).integers(0, 256, (5, 7, channels)).astype(np.uint8)
    np.testing.assert_array_equal(whiteness(picture), picture.min(2))
    assert not surroundings(np.zeros((4, 4, 3), np.uint8), MEASURED).any()
