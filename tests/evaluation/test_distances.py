from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from toonmark.evaluation.distances import KID_SCALE, fid, kid
from toonmark.evaluation.diversity import mean_pairwise_distance


class _AsGiven(torch.nn.Module):
    """Features in, the same features out: torchmetrics measures what we measure."""

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.num_features = dimensions

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values


def _sets(n: int, m: int, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    mix = rng.normal(size=(dimensions, dimensions)) / np.sqrt(dimensions)
    return rng.normal(size=(n, dimensions)) @ mix, 0.4 + rng.normal(size=(m, dimensions))


@pytest.mark.filterwarnings("ignore:Metric `Kernel")
def test_kid_is_torchmetrics() -> None:
    a, b = _sets(40, 40, 24)
    metric = KernelInceptionDistance(_AsGiven(24), subsets=1, subset_size=40).set_dtype(
        torch.float64
    )
    metric.update(torch.from_numpy(a), real=True)
    metric.update(torch.from_numpy(b), real=False)
    theirs = float(metric.compute()[0]) * KID_SCALE
    assert kid(a, b).value == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize(("n", "m"), [(90, 70), (12, 15)])  # above and below the dimensions
def test_fid_is_torchmetrics(n: int, m: int) -> None:
    a, b = _sets(n, m, 24)
    metric = FrechetInceptionDistance(_AsGiven(24)).set_dtype(torch.float64)
    metric.update(torch.from_numpy(a), real=True)
    metric.update(torch.from_numpy(b), real=False)
    # Their eigenvalues of a singular product are off by about the root of the rounding error.
    assert fid(a, b) == pytest.approx(float(metric.compute()), rel=1e-4)


def test_a_set_is_no_distance_from_itself() -> None:
    a, _ = _sets(60, 2, 10)
    assert fid(a, a) == pytest.approx(0, abs=1e-6)
    # Unbiased: with equal pictures on both sides slightly below zero, never above.
    assert -KID_SCALE < kid(a, a).value < 0


def test_kid_interval_covers_the_value_and_narrows() -> None:
    narrow = kid(*_sets(400, 400, 8))
    wide = kid(*_sets(40, 40, 8))
    for estimate in (narrow, wide):
        assert estimate.low < estimate.value < estimate.high
    assert narrow.high - narrow.low < wide.high - wide.low


def test_kid_of_two_draws_of_one_kind_has_zero_in_its_interval() -> None:
    rng = np.random.default_rng(0)
    estimate = kid(rng.normal(size=(150, 16)), rng.normal(size=(130, 16)))
    assert estimate.low < 0 < estimate.high


def test_kid_of_a_handful_has_an_interval() -> None:
    estimate = kid(*_sets(3, 2, 6))
    assert np.isfinite([estimate.low, estimate.value, estimate.high]).all()


def test_same_seed_same_interval() -> None:
    sets = _sets(30, 25, 6)
    assert kid(*sets, seed=1) == kid(*sets, seed=1)
    assert kid(*sets, seed=1) != kid(*sets, seed=2)


def test_large_sets_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toonmark.evaluation.distances.MAX_KERNEL", 20)
    a, b = _sets(50, 50, 6)
    assert kid(a, b, resamples=50).value != kid(a, b, seed=1, resamples=50).value


@pytest.mark.parametrize("bad", [np.zeros(4), np.zeros((1, 4))])
def test_one_picture_has_no_distance(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="N >= 2"):
        kid(bad, np.zeros((5, 4)))


def test_pairwise_distance() -> None:
    points = np.array([[0.0, 0], [3, 4], [0, 0]])
    assert mean_pairwise_distance(points) == pytest.approx(10 / 3)
    assert mean_pairwise_distance(np.ones((5, 3))) == 0
