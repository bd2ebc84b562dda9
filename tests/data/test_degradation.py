"""Spoiled cartoons: pure functions of a seed, within range, and really spoiled."""

from __future__ import annotations

import numpy as np
import pytest

from toonmark.data.degradation import degraded, see_through, smooth_noise


def seeded(seed):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def pictures():
    """A white picture with a dark square, and a grey one."""
    picture = np.ones((64, 64, 3), np.float32)
    picture[20:40, 20:40] = -0.8
    return picture, np.zeros((64, 64, 3), np.float32)


def test_the_same_seed_spoils_alike(pictures):
    one, two, other = (degraded(*pictures, seeded(s), 1.0) for s in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_no_strength_changes_nothing(pictures):
    assert degraded(*pictures, seeded(0), 0.0) is pictures[0]


def test_range_shape_and_how_much(pictures):
    weak, strong = (
        [np.abs(degraded(*pictures, seeded(s), k) - pictures[0]).mean() for s in range(60)]
        for k in (0.3, 1.0)
    )
    assert 0.005 < np.mean(weak) < np.mean(strong) < 0.4
    for seed in range(20):
        spoiled = degraded(*pictures, seeded(seed), 2.0)
        assert spoiled.shape == (64, 64, 3)
        assert spoiled.dtype == np.float32
        assert np.abs(spoiled).max() <= np.float32(1.2)


def test_what_shows_through_stays_between_both(pictures):
    under, over = pictures
    for seed in range(20):
        mixed = see_through(under, over, seeded(seed), 0.5)
        assert (mixed >= np.minimum(under, over) - 1e-6).all()
        assert (mixed <= np.maximum(under, over) + 1e-6).all()
        share = (1 - mixed)[0] / 1.0  # the first row is white under grey
        assert share.max() <= 0.5 + 1e-6
    assert np.array_equal(see_through(under, over, seeded(0), 0.0), under)


def test_noise_of_coarse_cells_is_smooth():
    fine, coarse = (smooth_noise(seeded(0), 64, cells, 1)[..., 0] for cells in (64, 4))
    assert np.abs(np.diff(coarse, axis=1)).mean() < 0.3 * np.abs(np.diff(fine, axis=1)).mean()
