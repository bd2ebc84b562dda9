"""Drawings made larger: sharp lines, smooth edges, the same colours."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from toonmark import cutout
from toonmark.enlarge import LEAST, enlarged


@pytest.fixture(scope="module")
def disc():
    """A filled circle with a dark outline on white, drawn at eight times the size and reduced."""
    large = np.full((1024, 1024, 3), 255, np.uint8)
    cv2.circle(large, (512, 512), 300, (220, 170, 140), -1)
    cv2.circle(large, (512, 512), 300, (0, 0, 0), 20)
    return cv2.resize(large, (128, 128), interpolation=cv2.INTER_AREA), large


def test_it_is_nearer_to_the_drawing_than_lanczos(disc):
    small, large = disc
    truth = cv2.resize(large, (512, 512), interpolation=cv2.INTER_AREA).astype(float)
    plain = Image.fromarray(small).resize((512, 512), Image.Resampling.LANCZOS)
    ours, lanczos = (np.abs(np.asarray(x) - truth).mean() for x in (enlarged(small, 512), plain))
    assert ours < 0.8 * lanczos


def test_lines_are_sharper(disc):
    """Fewer pixels lie between the line's black and what is beside it."""
    small, _ = disc
    plain = np.asarray(Image.fromarray(small).resize((512, 512), Image.Resampling.LANCZOS))

    def between(image):
        grey = image[256, 256:].mean(axis=1)
        return ((grey > 40) & (grey < 140)).sum()

    assert between(enlarged(small, 512)) < between(plain)


@pytest.mark.parametrize("size", [192, 300, 1024])
def test_flat_colour_stays_and_nothing_overshoots(disc, size):
    small, _ = disc
    large = enlarged(small, size)
    assert large.shape == (size, size, 3)
    assert large.dtype == np.uint8
    middle = large[size // 2 - 9 : size // 2 + 9, size // 2 - 9 : size // 2 + 9]
    assert np.abs(middle.astype(int) - (220, 170, 140)).max() <= 2
    assert (large[:5, :5] == 255).all()
    flat = np.full((64, 64, 3), (90, 120, 200), np.uint8)
    assert np.abs(enlarged(flat, size).astype(int) - (90, 120, 200)).max() <= 1


def test_shading_is_not_sharpened():
    ramp = np.repeat(np.linspace(60, 200, 128).astype(np.uint8)[None, :, None], 128, 0)
    ramp = np.ascontiguousarray(np.repeat(ramp, 3, 2))
    plain = cv2.resize(ramp, (512, 512), interpolation=cv2.INTER_CUBIC)
    assert np.abs(enlarged(ramp, 512).astype(int) - plain).max() <= 3


def test_small_changes_go_through_lanczos(disc):
    small, _ = disc
    size = int(128 * LEAST) - 1
    lanczos = np.asarray(Image.fromarray(small).resize((size, size), Image.Resampling.LANCZOS))
    np.testing.assert_array_equal(cutout.resized(small, size), lanczos)


@pytest.mark.parametrize("size", [64, 128, 512])
def test_a_figure_has_no_white_around_it(disc, size):
    small, _ = disc
    layer = cutout.figure(small, size)
    assert layer.shape == (size, size, 4)
    assert (layer[:4, :4, 3] == 0).all()
    assert layer[size // 2, size // 2, 3] == 255
    seen = layer[..., 3] > 30
    assert layer[..., :3][seen].max() < 250, "no halo of white"
