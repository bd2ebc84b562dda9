"""Agreement of raters beyond chance: Krippendorff's alpha for ordered values.

Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011): 1 is full agreement, 0 what
chance gives, below 0 worse than chance. Raters may leave units out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from toonmark.landmarks import Array


def alpha(ratings: Sequence[Sequence[int]], levels: int) -> float | None:
    """Ordinal alpha.

    Args:
        ratings: for each unit, the values it was given, each in range(levels); units with fewer
            than two say nothing.
        levels: number of values, in their order.

    Returns:
        None where it is not defined: nothing is rated twice, or all values are the same.
    """
    coincidences = np.zeros((levels, levels))
    for values in ratings:
        counts = np.bincount(np.asarray(values, int), minlength=levels).astype(float)
        n = counts.sum()
        if n >= 2:
            coincidences += (np.outer(counts, counts) - np.diag(counts)) / (n - 1)
    totals = coincidences.sum(1)
    n = totals.sum()
    distance = _ordinal(totals)
    expected = float((np.outer(totals, totals) * distance).sum())
    if n < 2 or expected == 0:
        return None
    observed = float((coincidences * distance).sum())
    return 1 - (n - 1) * observed / expected


def _ordinal(totals: Array) -> Array:
    """Squared distance of two values: how many ratings lie between them, their own by half."""
    upto = np.cumsum(totals) - totals / 2
    return (upto[:, None] - upto[None]) ** 2
