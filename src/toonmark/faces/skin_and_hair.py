"""A face's skin and hair colours in CIE L*a*b* (D65).

No masks: the five points say where cheeks, forehead and hair are. Medians of small patches stand
up to glasses, fringes and outlines.
"""

from __future__ import annotations

import numpy as np

from toonmark.faces.axes import FaceAxes
from toonmark.landmarks import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, NOSE, RIGHT_EYE, Array
from toonmark.srgb import to_lab
from toonmark.surroundings import MEASURED

#: At least this share of the hair region must be something else than white.
LEAST_HAIR = 0.15


def skin_colour(picture: Array, points: Array) -> Array:
    """The skin's L*a*b*, (3,): the one of medium lightness among both cheeks and the forehead.

    Each is itself the median of a disc of 0.12 inter-eye distances. One of the three may lie in a
    fringe, a beard, a lens or a shadow.
    """
    points = np.asarray(points, np.float64)
    axes = FaceAxes.of(points)
    middle, right, down, distance = axes.eyes, axes.right, axes.down, axes.unit
    left_cheek = 0.45 * points[LEFT_EYE] + 0.55 * points[MOUTH_LEFT] - 0.08 * distance * right
    right_cheek = 0.45 * points[RIGHT_EYE] + 0.55 * points[MOUTH_RIGHT] + 0.08 * distance * right
    # Away from the nose's outline: cheeks lie at its height, well to the side.
    nose_height = float((points[NOSE] - middle) @ down)
    forehead = middle - 0.45 * distance * down
    lab = to_lab(picture)
    patches = [
        _disc_median(lab, centre, 0.12 * distance)
        for centre in (left_cheek, right_cheek, forehead)
        if nose_height > 0
    ] or [_disc_median(lab, points.mean(0), 0.12 * distance)]
    return sorted(patches, key=lambda colour: colour[0])[len(patches) // 2]


def _disc_median(lab: Array, centre: Array, radius: float) -> Array:
    ys, xs = np.mgrid[: lab.shape[0], : lab.shape[1]]
    squared = (xs - centre[0]) ** 2 + (ys - centre[1]) ** 2
    inside = squared <= max(radius, 1.0) ** 2
    if not inside.any():  # the patch lies outside the picture: the pixel nearest to it
        inside = squared == squared.min()
    return np.median(lab[inside], axis=0)


def hair_colour(picture: Array, points: Array) -> Array:
    """The hair's L*a*b*, (3,); NaN where the region above the forehead is mostly white.

    A box 1.4 inter-eye distances wide, from 0.95 to 1.6 of them above the eyes. On a picture with
    a background this measures the background too: feed it matted ones. A bald head gives skin.
    """
    axes = FaceAxes.of(points)
    middle, right, down, distance = axes.eyes, axes.right, axes.down, axes.unit
    ys, xs = np.mgrid[: picture.shape[0], : picture.shape[1]]
    across = (xs - middle[0]) * right[0] + (ys - middle[1]) * right[1]
    above = -((xs - middle[0]) * down[0] + (ys - middle[1]) * down[1])
    box = (abs(across) <= 0.7 * distance) & (above >= 0.95 * distance) & (above <= 1.6 * distance)
    coloured = box & (picture.min(-1) < MEASURED)
    if not box.any() or coloured.sum() < LEAST_HAIR * box.sum():
        return np.full(3, np.nan)
    return np.median(to_lab(picture)[coloured], axis=0)
