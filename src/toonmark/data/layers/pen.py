"""Draws smooth curves and filled areas into a map of layers."""

from __future__ import annotations

import numpy as np

from toonmark.data.layers.face_regions import polygon
from toonmark.landmarks import Array
from toonmark.models.drawing_layers import Layer

#: Width of a line within the face, of the frame's edge.
FINE = 0.0075


class Pen:
    """Draws curves and areas into a map of layers."""

    def __init__(self, canvas: Array, points: Array) -> None:
        self.canvas, self.points, self.size = canvas, points, canvas.shape[0]

    def line(self, points: Array, layer: Layer, widths: Array, where: Array | None = None) -> None:
        """A smooth line through points; its width, a fraction of the frame, may change along it."""
        curve = smooth_curve(points, 12)
        widths = np.interp(np.linspace(0, 1, len(curve)), np.linspace(0, 1, len(widths)), widths)
        self.fill(_ribbon(curve, widths * self.size), layer, where)

    def fill(self, mask: Array, layer: Layer, where: Array | None = None) -> None:
        """All pixels of a mask; of a polygon if points are given."""
        if mask.dtype != bool:
            mask = polygon(mask, self.size)
        self.canvas[mask if where is None else mask & where] = layer


def smooth_curve(points: Array, steps: int, closed: bool = False) -> Array:
    """A Catmull-Rom spline through points: (n, 2) to more of them."""
    points = np.asarray(points, np.float64)
    padded = (
        np.concatenate([points[-1:], points, points[:2]])
        if closed
        else np.concatenate([points[:1], points, points[-1:]])
    )
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        pieces.append(
            0.5
            * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * b - a - 3 * c + d) * t**3
            )
        )
    curve = np.concatenate(pieces)
    return curve if closed else np.concatenate([curve, points[-1:]])


def _ribbon(curve: Array, widths: Array) -> Array:
    """The outline of a line of changing width: a polygon."""
    along = np.gradient(curve, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    across = np.stack([-along[:, 1], along[:, 0]], 1) * widths[:, None] / 2
    return np.concatenate([curve + across, (curve - across)[::-1]])
