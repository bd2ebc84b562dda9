"""Distances between two sets of pictures: FID and KID on feature vectors.

* KID: Binkowski et al. (arXiv 1801.01401), the unbiased squared maximum mean discrepancy with the
  kernel (x.y / D + 1)^3. Over *all* pairs, so it does not depend on drawn subsets; where the sets
  are of one size, torchmetrics with one subset of that size gives the same number.
* FID: Heusel et al. (arXiv 1706.08500). It is biased upwards by small sets, the more so the fewer:
  compare it only between sets of the same N, and with the floor of that N.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from toonmark.evaluation.scores import Interval
from toonmark.landmarks import Array

#: KID is printed times this, as the field does.
KID_SCALE = 1000
#: Rows of a kernel matrix at a time, so that memory does not grow with the square of N.
BLOCK = 1000


def _checked(features: Array) -> Array:
    features = np.asarray(features, np.float64)
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"features are (N, D) with N >= 2, not {features.shape}")
    return features


def kernel(a: Array, b: Array) -> Array:
    """The cubic kernel of KID: (N, D), (M, D) to (N, M)."""
    return (a @ b.T / a.shape[1] + 1) ** 3


@dataclass(frozen=True)
class _Pairs:
    """The kernel over all pairs: its mean, and its mean row by row and column by column.

    ``rest`` is its variance beyond a sum of a row's and a column's part (Hoeffding's last term);
    NaN where there are too few pairs to tell.
    """

    mean: float
    rows: Array
    columns: Array
    rest: float


def _sums(a: Array, b: Array, same: bool) -> tuple[Array, Array, float]:
    """Row sums, column sums and the sum of squares, block by block; not of pairs with itself."""
    rows, columns, squares = np.empty(len(a)), np.zeros(len(b)), 0.0
    for start in range(0, len(a), BLOCK):
        block = kernel(a[start : start + BLOCK], b)
        if same:
            own = np.arange(len(block))
            block[own, own + start] = 0
        rows[start : start + BLOCK] = block.sum(1)
        columns += block.sum(0)
        squares += float((block**2).sum())
    return rows, columns, squares


def _within(a: Array) -> _Pairs:
    n = len(a)
    rows, _, squares = _sums(a, a, same=True)
    rows /= n - 1
    mean = float(rows.mean())
    rest = np.nan
    if n > 3:
        parts = (rows - mean) * (n - 1) / (n - 2)
        left = squares - n * (n - 1) * mean**2 - 2 * (n - 2) * float((parts**2).sum())
        rest = max(0.0, left / (n * (n - 3)))
    return _Pairs(mean, rows, rows, rest)


def _across(a: Array, b: Array) -> _Pairs:
    n, m = len(a), len(b)
    rows, columns, squares = _sums(a, b, same=False)
    rows, columns = rows / m, columns / n
    mean = float(rows.mean())
    left = squares - m * float((rows**2).sum()) - n * float((columns**2).sum()) + n * m * mean**2
    return _Pairs(mean, rows, columns, max(0.0, left / ((n - 1) * (m - 1))))


def _variance(aa: _Pairs, ab: _Pairs, bb: _Pairs) -> tuple[float, float]:
    """The variance of the unbiased squared MMD by Hoeffding's decomposition: leading terms, rest.

    Leading terms (Bounliphone et al., arXiv 1511.04581) vanish where both sets are alike.
    """
    n, m = len(ab.rows), len(ab.columns)
    rest_a = ab.rest if np.isnan(aa.rest) else aa.rest
    rest_b = ab.rest if np.isnan(bb.rest) else bb.rest
    # Means of finitely many pairs vary by themselves: that part belongs to the rest.
    lead_a = np.var(aa.rows - ab.rows, ddof=1) - rest_a / (n - 1) - ab.rest / m
    lead_b = np.var(bb.rows - ab.columns, ddof=1) - rest_b / (m - 1) - ab.rest / n
    rest = 2 * rest_a / (n * (n - 1)) + 2 * rest_b / (m * (m - 1)) + 4 * ab.rest / (n * m)
    return max(0.0, float(4 * lead_a / n + 4 * lead_b / m)), float(rest)


def _score_interval(value: float, lead: float, rest: float, z: float) -> tuple[float, float]:
    """All true values t that are less than z deviations from the one measured.

    As Wilson's for shares, with the deviation that t would have: the leading variance grows with
    t and is nothing at t = 0. With the deviation at ``value`` instead, intervals of alike sets
    would nearly always hold 0.
    """
    scale = max(value, rest**0.5)
    growth = lead / scale if scale > 0 else 0.0
    middle = value + z**2 * growth / 2
    half = max(0.0, middle**2 - value**2 + z**2 * rest) ** 0.5
    low = middle - half
    return (low if low >= 0 else value - z * rest**0.5), middle + half


def kid(a: Array, b: Array) -> Interval:
    """KID x 1000 between two sets, over all pairs, with its 95 % confidence interval.

    Args:
        a, b: (N, D) and (M, D) features. The interval holds the true value in 95 % of repeated
            draws of both sets; by the normal law, so near that from some dozens of pictures on.

    Raises:
        ValueError: the features are no (N, D) with N >= 2.
    """
    a, b = _checked(a), _checked(b)
    aa, ab, bb = _within(a), _across(a, b), _within(b)
    value = aa.mean + bb.mean - 2 * ab.mean
    low, high = _score_interval(value, *_variance(aa, ab, bb), NormalDist().inv_cdf(0.975))
    return Interval(value=KID_SCALE * value, low=KID_SCALE * low, high=KID_SCALE * high)


def _factor(features: Array) -> Array:
    """R with R'R the covariance, (min(N, D), D)."""
    centred = (features - features.mean(0)) / np.sqrt(len(features) - 1)
    if len(centred) <= centred.shape[1]:
        return centred
    return np.asarray(np.linalg.qr(centred, mode="r"))


def fid(a: Array, b: Array) -> float:
    """FID between two sets of features, (N, D) and (M, D).

    The trace of sqrt(S_a S_b) is the sum of the singular values of R_a R_b', where R'R = S: exact
    also where N < D and the covariances are singular, and far quicker than their eigenvalues.
    """
    a, b = _checked(a), _checked(b)
    r_a, r_b = _factor(a), _factor(b)
    means = float(((a.mean(0) - b.mean(0)) ** 2).sum())
    traces = float((r_a**2).sum() + (r_b**2).sum())
    both = float(np.linalg.svd(r_a @ r_b.T, compute_uv=False).sum())
    return max(0.0, means + traces - 2 * both)
