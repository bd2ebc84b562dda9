"""Eight bits to [-1, 1] and back, and CIE L*a*b* and back: each in one place."""

import re
from pathlib import Path

import numpy as np
import pytest

import toonmark
from toonmark import ranges
from toonmark.srgb import from_lab, to_lab

SOURCES = Path(toonmark.__file__).parent


def test_all_levels_go_there_and_back():
    every = np.arange(256, dtype=np.uint8)
    there = ranges.signed(every)
    assert there.dtype == np.float32
    assert there[[0, 255]].tolist() == [-1, 1]
    assert (np.diff(there) > 0).all()
    np.testing.assert_array_equal(ranges.eight_bits(there), every)
    np.testing.assert_allclose(ranges.levels(there), every, atol=1e-4)


def test_what_is_beyond_is_clipped_and_the_rest_rounded():
    values = np.float32([-7, -1.01, 1.2]), np.float32([0.001, 0.0079, -0.5])
    assert ranges.eight_bits(values[0]).tolist() == [0, 0, 255]
    assert ranges.eight_bits(values[1]).tolist() == [128, 129, 64]
    assert ranges.eight_bits(values[1]).dtype == np.uint8


def test_batches_have_their_channels_moved():
    pictures = np.random.default_rng(0).integers(0, 256, (2, 5, 7, 3)).astype(np.uint8)
    given = ranges.to_network(pictures)
    assert given.shape == (2, 3, 5, 7)
    assert given.flags.c_contiguous
    assert given[1, 2, 3, 4] == pytest.approx(pictures[1, 3, 4, 2] / 127.5 - 1)
    back = ranges.from_network(given)
    assert back.flags.c_contiguous
    np.testing.assert_array_equal(back, pictures)


def test_what_is_given_stays_as_it_is():
    """Also where it lies in memory as the result does."""
    given = np.full((1, 3, 2, 2), 9, np.float32)
    ranges.to_network(given.transpose(0, 2, 3, 1))
    assert (given == 9).all()
    ranges.from_network(given)
    assert (given == 9).all()


def test_tensors_too():
    torch = pytest.importorskip("torch")
    values = torch.tensor([-1.0, 0, 1], requires_grad=True)
    assert ranges.levels(values).tolist() == [0, 127.5, 255]
    assert ranges.levels(values).requires_grad


@pytest.mark.parametrize("white", [1, 255])
def test_lab_and_back(white):
    """Against the CIE's definition as scikit-image has it."""
    rgb2lab = pytest.importorskip("skimage.color").rgb2lab
    picture = np.random.default_rng(0).random((9, 11, 3)).astype(np.float32)
    lab = to_lab(picture * white, white)
    np.testing.assert_allclose(lab, rgb2lab(picture), atol=0.4)  # OpenCV: tables
    np.testing.assert_allclose(from_lab(lab), picture, atol=4e-3)
    assert from_lab(np.float32([[[50, 120, -120]]])).min() >= 0


@pytest.mark.parametrize(
    ("pattern", "where"),
    [
        (r"127\.5", {"ranges.py"}),
        (r"astype\(np\.float32\).* / 255", set()),
        (r"default_rng\(\[[\w.]+, \d", set()),  # streams have names: toonmark.data.random_streams
        (r"glob\(.\*\.safetensors", {"artifacts.py"}),
        (r"Image\.fromarray\(.*\)\.save\(", {"pictures.py"}),
        (r"COLOR_(RGB2LAB|LAB2RGB)|rgb2lab|lab2rgb", {"srgb.py"}),
    ],
)
def test_one_idea_has_one_implementation(pattern, where):
    found = {
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        if re.search(pattern, path.read_text(encoding="utf-8"))
    }
    assert found == where


def test_unit_and_signed_are_each_others_way_back():
    levels = np.arange(256, dtype=np.uint8)
    assert ranges.unit(levels).dtype == np.float32
    np.testing.assert_array_equal(ranges.unit(levels), levels.astype(np.float32) / 255)
    np.testing.assert_allclose(
        ranges.unit_to_signed(ranges.unit(levels)), ranges.signed(levels), atol=1e-6
    )
    np.testing.assert_allclose(
        ranges.signed_to_unit(ranges.signed(levels)), ranges.unit(levels), atol=1e-6
    )
    assert ranges.unit_to_signed(np.float32(2)) == 3, "not clipped"
