"""Diversity: the mean pairwise feature distance between drawings, low under mode collapse."""

from __future__ import annotations

import numpy as np

from toonmark.evaluation.distances import BLOCK
from toonmark.landmarks import Array


def mean_pairwise_distance(features: Array) -> float:
    """Mean Euclidean distance between two different pictures of a set.

    Args:
        features: (N, D), N >= 2; all pairs are compared, ``BLOCK`` rows at a time.
    """
    features = np.asarray(features, np.float64)
    n, total = len(features), 0.0
    square = (features**2).sum(1)
    for start in range(0, n, BLOCK):
        rows = slice(start, start + BLOCK)
        apart = square[rows, None] + square[None] - 2 * features[rows] @ features.T
        own = np.arange(len(apart))
        apart[own, own + start] = 0
        total += float(np.sqrt(np.maximum(apart, 0)).sum())
    return total / (n * (n - 1))
