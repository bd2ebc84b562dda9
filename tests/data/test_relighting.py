"""Light from one side is taken away; a face that is lit evenly stays as it is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from toonmark.data.relighting import evened
from toonmark.landmarks import template_points

SIZE = 128


def face(turn=0.0):
    """A grey oval with darker eyes and a mouth, alike on both sides, and its points."""
    points = template_points(SIZE).astype(np.float64)
    middle = (points[0] + points[1]) / 2
    points[2, 0] = middle[0]
    points[3:, 0] = middle[0] + np.array([-13, 13])
    picture = np.ones((SIZE, SIZE, 3), np.float32)
    cv2.ellipse(picture, (int(middle[0]), 75), (38, 52), 0, 0, 360, (0.1, 0.0, -0.1), -1)
    for x, y in points[:2]:
        cv2.circle(picture, (round(x), round(y)), 5, (-0.8, -0.8, -0.8), -1)
    rotation = cv2.getRotationMatrix2D((SIZE / 2, SIZE / 2), turn, 1)
    turned = cv2.warpAffine(picture, rotation, (SIZE, SIZE), borderValue=(1, 1, 1))
    return turned, points @ rotation[:, :2].T + rotation[:, 2]


def lit(picture, points, strength=0.5):
    """Darker towards the right eye's side."""
    across = points[1] - points[0]
    ys, xs = np.mgrid[:SIZE, :SIZE]
    middle = points.mean(0)
    side = ((xs - middle[0]) * across[0] + (ys - middle[1]) * across[1]) / (across @ across)
    gain = np.exp(-strength * np.tanh(side))[..., None]
    return (((picture + 1) / 2 * gain).clip(0, 1) * 2 - 1).astype(np.float32)


def cheeks(picture, points):
    """Mean brightness below each eye."""
    down = (points[3:].mean(0) - points[:2].mean(0)) / 2
    places = np.rint(points[:2] + down).astype(int)
    return [float(picture[y - 3 : y + 4, x - 3 : x + 4].mean()) for x, y in places]


@pytest.mark.parametrize("turn", [0, 25])
def test_both_sides_get_the_same_light(turn):
    picture, points = face(turn)
    before = cheeks(lit(picture, points), points)
    after = cheeks(evened(lit(picture, points), points), points)
    assert abs(before[0] - before[1]) > 0.2
    assert abs(after[0] - after[1]) < 0.25 * abs(before[0] - before[1])


def test_an_even_face_and_what_is_beside_it_stay():
    picture, points = face()
    np.testing.assert_allclose(evened(picture, points), picture, atol=0.06)
    corner = evened(lit(picture, points), points)[:12, :12]
    np.testing.assert_array_equal(corner, lit(picture, points)[:12, :12])


@pytest.mark.parametrize("grey", [-1.0, 1.0])
def test_black_and_white_stay_finite(grey):
    picture = np.full((SIZE, SIZE, 3), grey, np.float32)
    np.testing.assert_allclose(evened(picture, face()[1]), picture, atol=1e-5)
    assert evened(picture, face()[1]).dtype == np.float32
