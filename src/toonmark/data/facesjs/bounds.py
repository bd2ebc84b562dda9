"""Bounding boxes of parts, as browsers' ``getBBox`` gives them, and the ends of a mouth."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np

from toonmark.landmarks import Array

Box = tuple[float, float, float, float]


@lru_cache(maxsize=1024)
def outlines(part: str) -> tuple[Array, ...]:
    """Points along every path of a part, one (n, 2) array a path, in the part's own units.

    Curves are sampled 32 times a segment, closely enough for a tenth of a unit.
    """
    from svgelements import SVG, Path, Shape

    document = f'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="600">{part}</svg>'
    found = []
    steps = np.linspace(0, 1, 33)
    for element in SVG.parse(io.StringIO(document)).elements():
        if not isinstance(element, Shape):
            continue
        points: list[Array] = []
        for segment in Path(element).segments():
            if segment.start is None or segment.end is None or type(segment).__name__ == "Move":
                continue
            points.append(np.array([tuple(segment.point(t)) for t in steps], np.float64))
        if points:
            found.append(np.concatenate(points))
    return tuple(found)


def box_of(part: str, element: int | None = None) -> Box:
    """Left, top, right and bottom of a part, or of one of its shapes; without strokes."""
    shapes = outlines(part)
    points = np.concatenate(shapes if element is None else shapes[element : element + 1])
    (left, top), (right, bottom) = points.min(0), points.max(0)
    return float(left), float(top), float(right), float(bottom)


def centre_of(part: str, element: int | None = None) -> Array:
    """The middle of :func:`box_of`: (2,)."""
    left, top, right, bottom = box_of(part, element)
    return np.array([(left + right) / 2, (top + bottom) / 2])


@lru_cache(maxsize=64)
def ends_of(part: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """The leftmost and the rightmost point of a drawing: a mouth's corners.

    Where several points are as far out (a rounded mouth's side), their mean height counts.
    """
    points = np.concatenate(outlines(part))
    ends = []
    for extreme in (points[:, 0].min(), points[:, 0].max()):
        out = points[np.abs(points[:, 0] - extreme) < 0.25]
        ends.append((float(extreme), float((out[:, 1].min() + out[:, 1].max()) / 2)))
    return ends[0], ends[1]
