"""Landmark error: the distance of a cartoon's detected landmarks from those of its photo.

The points come from MTCNN (Zhang et al., arXiv 1604.02878). Where the same detector made points of
a set that is measured or was trained on, the report says so: see :mod:`toonmark.data.provenance`.
It was made for photos; on cartoons it has an error of its own, which is measured on real cartoons
whose points are known, and printed beside every score.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from toonmark.landmarks import COUNT, Array, inter_eye_distance

#: Which of the five points belong to which part of the face.
PARTS = {"eyes": (0, 1), "nose": (2,), "mouth": (3, 4)}


class PointFinder(Protocol):
    """Finds the five points of the one face in a picture, or does not."""

    identity: str

    def find(self, picture: Array) -> Array | None:
        """(H, W, 3) uint8 RGB to (5, 2) pixels, or None where no face is found."""
        ...


def find_all(finder: PointFinder, pictures: Array) -> Array:
    """(B, H, W, 3) to (B, 10): the points, NaN where none are found (a form that caches)."""
    nothing = np.full((COUNT, 2), np.nan)
    found = [finder.find(picture) for picture in pictures]
    return np.stack([nothing if points is None else points for points in found]).reshape(-1, 10)


def point_errors(found: Array, true: Array) -> Array:
    """Distance of each point in units of the true inter-eye distance: (N, 5), NaN if not found."""
    distance = np.linalg.norm(np.asarray(found, np.float64) - true, axis=-1)
    return distance / np.maximum(inter_eye_distance(true), 1e-6)[:, None]
