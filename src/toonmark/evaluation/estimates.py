"""Distances and landmark errors as records."""

from __future__ import annotations

import numpy as np

from toonmark.evaluation.distances import fid, kid
from toonmark.evaluation.landmark_error import PARTS, point_errors
from toonmark.evaluation.scores import Distance, PointError
from toonmark.landmarks import Array


def distance(a: Array, b: Array) -> Distance:
    """FID and KID of two sets of features."""
    return Distance(kid=kid(a, b), fid=fid(a, b), n=(len(a), len(b)))


def point_error(found: Array, true: Array) -> PointError:
    """Errors of (N, 5, 2) found points; NaN, on either side, is not found."""
    each = point_errors(found, true)
    each = each[~np.isnan(each).any(1)]
    missing = (len(found) - len(each)) / len(found)
    if not len(each):
        return PointError(n=len(found), not_found=missing, median=None, mean=None, p90=None)
    mean = each.mean(1)
    parts = {name: float(each[:, list(which)].mean()) for name, which in PARTS.items()}
    return PointError(
        n=len(found),
        not_found=missing,
        median=float(np.median(mean)),
        mean=float(mean.mean()),
        p90=float(np.quantile(mean, 0.9)),
        **parts,
    )
