"""The opposite of mode collapse: how different a style's drawings are from each other."""

from __future__ import annotations

import numpy as np

from toonmark.evaluation.distances import MAX_KERNEL
from toonmark.landmarks import Array


def mean_pairwise_distance(features: Array, seed: int = 0) -> float:
    """Mean Euclidean distance between two different pictures of a set.

    Args:
        features: (N, D), N >= 2; at most ``MAX_KERNEL`` of them, drawn by seed, are compared.
        seed: of that draw.
    """
    features = np.asarray(features, np.float64)
    if len(features) > MAX_KERNEL:
        draw = np.random.default_rng(seed).choice(len(features), MAX_KERNEL, replace=False)
        features = features[draw]
    square = (features**2).sum(1)
    distances = np.sqrt(np.maximum(square[:, None] + square[None] - 2 * features @ features.T, 0))
    np.fill_diagonal(distances, 0)
    n = len(features)
    return float(distances.sum() / (n * (n - 1)))
