"""Colour fidelity of skin and hair.

Colours are those of :mod:`toonmark.faces.skin_and_hair`; differences are CIEDE2000.
"""

from __future__ import annotations

import numpy as np

from toonmark.faces.skin_and_hair import hair_colour, skin_colour
from toonmark.landmarks import Array


def colours(pictures: Array, points: Array) -> Array:
    """Skin and hair of each: (B, H, W, 3) and (B, 5, 2) to (B, 6)."""
    return np.stack(
        [
            np.concatenate([skin_colour(picture, point), hair_colour(picture, point)])
            for picture, point in zip(pictures, points, strict=True)
        ]
    )


def rank_correlation(a: Array, b: Array) -> float:
    """Spearman's rank correlation of two (N,) series; 0 where one does not vary at all."""
    from scipy.stats import spearmanr

    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(spearmanr(a, b).statistic)


def dark_drawn_light(photo: Array, cartoon: Array) -> tuple[int, int]:
    """The number of the darkest tenth of photos that are drawn among the lightest half; and of all.

    Args:
        photo, cartoon: (N,) skin lightness.
    """
    tenth = max(1, len(photo) // 10)
    darkest = np.argsort(photo, kind="stable")[:tenth]
    return int((cartoon[darkest] > np.median(cartoon)).sum()), tenth


def ciede2000(a: Array, b: Array) -> Array:
    """The CIEDE2000 difference of L*a*b* colours: (..., 3), (..., 3) to (...).

    Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula" (2005), all weights 1.
    """
    from skimage.color import deltaE_ciede2000

    return np.asarray(deltaE_ciede2000(np.asarray(a, np.float64), np.asarray(b, np.float64)))
