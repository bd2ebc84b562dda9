"""The quality of a face's photo: cut off by the edge, nearly black, or blown out."""

from __future__ import annotations

from typing import Literal

import numpy as np

from toonmark.landmarks import Array

Flaw = Literal["", "cut", "dark", "bright"]

#: How much of the face must lie within the photo.
_LEAST_SEEN = 0.85
#: Luma, of 255: nearly black where nine tenths of the face are darker, blown out where half of it
#: is lighter.
_BLACK, _WHITE = 20.0, 250.0


def flaw(crop: Array, points: Array, seen: Array) -> Flaw:
    """Says whether a face is cut off by the photo's edge, nearly black, or blown out.

    Args:
        crop: (S, S, 3) RGB in [0, 255].
        points: (5, 2) pixels of the crop.
        seen: (S, S) bool, what lies within the photo.

    Example:
        >>> from toonmark.landmarks import template_points
        >>> grey = np.full((64, 64, 3), 120)
        >>> flaw(grey, template_points(64), np.ones((64, 64), bool))
        ''
        >>> flaw(grey // 10, template_points(64), np.ones((64, 64), bool))
        'dark'
    """
    face = _face(points, crop.shape[0])
    if not face.any():
        return "cut"
    if seen[face].mean() < _LEAST_SEEN:
        return "cut"
    luma = crop[face & seen] @ np.array([0.299, 0.587, 0.114])
    if np.quantile(luma, 0.9) < _BLACK:
        return "dark"
    return "bright" if np.median(luma) > _WHITE else ""


def _face(points: Array, size: int) -> Array:
    """An ellipse from the brows to the chin: (S, S) bool."""
    eyes, mouth = points[:2].mean(0), points[3:].mean(0)
    down = mouth - eyes
    height = max(float(np.linalg.norm(down)), 1e-6)
    apart = float(np.linalg.norm(points[1] - points[0]))
    width = max(apart, height * 0.8)
    rows, columns = np.mgrid[:size, :size]
    away = np.stack([columns, rows], axis=-1) - (eyes + mouth) / 2
    along = away @ (down / height) / (1.05 * height)
    across = away @ np.array([down[1], -down[0]]) / height / (1.0 * width)
    return np.asarray(along**2 + across**2 < 1)
