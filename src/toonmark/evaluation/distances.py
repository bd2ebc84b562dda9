"""How far two sets of pictures are apart: FID and KID on feature vectors.

* KID: Binkowski et al. (arXiv 1801.01401), the unbiased squared maximum mean discrepancy with the
  kernel (x.y / D + 1)^3. Over *all* pairs, so it does not depend on drawn subsets; where the sets
  are of one size, torchmetrics with one subset of that size gives the same number.
* FID: Heusel et al. (arXiv 1706.08500). It is biased upwards by small sets, the more so the fewer:
  compare it only between sets of the same N, and with the floor of that N.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toonmark.landmarks import Array

#: KID is printed times this, as the field does.
KID_SCALE = 1000
#: Kernel matrices stay below this edge, so that memory does not grow with the square of N.
MAX_KERNEL = 3000


@dataclass(frozen=True)
class Estimate:
    """A number and the interval that 95 % of its bootstrap values fall into."""

    value: float
    low: float
    high: float


def _checked(features: Array, limit: int | None, seed: int) -> Array:
    features = np.asarray(features, np.float64)
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"features are (N, D) with N >= 2, not {features.shape}")
    if limit is not None and len(features) > limit:
        features = features[np.random.default_rng(seed).choice(len(features), limit, False)]
    return features


def kernel(a: Array, b: Array) -> Array:
    """The cubic kernel of KID: (N, D), (M, D) to (N, M)."""
    return (a @ b.T / a.shape[1] + 1) ** 3


def _weighted_mmd(kernels: tuple[Array, Array, Array], w_a: Array, w_b: Array) -> Array:
    """Squared MMD under how often each picture was drawn: (B, N), (B, M) to (B,).

    Pairs of a picture with itself are left out even where it was drawn twice: they would make a
    bootstrap of this unbiased estimate biased.
    """
    aa, ab, bb = kernels

    def within(k: Array, w: Array) -> Array:
        total = ((w @ k) * w).sum(1) - (w**2 @ np.diag(k))
        pairs = w.sum(1) ** 2 - (w**2).sum(1)
        # Of a handful of pictures, one may be drawn every time: then there is no pair.
        return np.where(pairs > 0, total / np.maximum(pairs, 1), np.nan)

    across = ((w_a @ ab) * w_b).sum(1) / (w_a.sum(1) * w_b.sum(1))
    return within(aa, w_a) + within(bb, w_b) - 2 * across


def kid(a: Array, b: Array, seed: int = 0, resamples: int = 500, level: float = 0.95) -> Estimate:
    """KID x 1000 between two sets, with its bootstrap interval.

    Args:
        a, b: (N, D) and (M, D) features; at most ``MAX_KERNEL`` of each, drawn by seed, are used.
        seed: of the bootstrap and of that draw.
        resamples: how often both sets are drawn anew, with replacement.
        level: share of the bootstrap values within the interval.
    """
    a, b = _checked(a, MAX_KERNEL, seed), _checked(b, MAX_KERNEL, seed)
    kernels = kernel(a, a), kernel(a, b), kernel(b, b)
    value = _weighted_mmd(kernels, np.ones((1, len(a))), np.ones((1, len(b))))[0]
    rng = np.random.default_rng(seed)
    values = [
        _weighted_mmd(
            kernels,
            rng.multinomial(len(a), np.full(len(a), 1 / len(a)), 50).astype(float),
            rng.multinomial(len(b), np.full(len(b), 1 / len(b)), 50).astype(float),
        )
        for _ in range(max(1, resamples // 50))
    ]
    tail = (1 - level) / 2
    low, high = np.nanquantile(np.concatenate(values), [tail, 1 - tail])
    return Estimate(KID_SCALE * value, KID_SCALE * float(low), KID_SCALE * float(high))


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
    a, b = _checked(a, None, 0), _checked(b, None, 0)
    r_a, r_b = _factor(a), _factor(b)
    means = float(((a.mean(0) - b.mean(0)) ** 2).sum())
    traces = float((r_a**2).sum() + (r_b**2).sum())
    both = float(np.linalg.svd(r_a @ r_b.T, compute_uv=False).sum())
    return max(0.0, means + traces - 2 * both)
