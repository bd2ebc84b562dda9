"""The features of a face, and glasses, drawn where the dense points say that they are."""

from __future__ import annotations

import numpy as np

from toonmark.data.layers.face_regions import polygon
from toonmark.data.layers.glasses import Frames, worn
from toonmark.data.layers.mesh_parts import (
    BROWS,
    INNER_LOWER,
    INNER_UPPER,
    LOWER_LIDS,
    NOSE_BASE,
    NOSE_WINGS,
    OUTER_LIPS,
    UPPER_LIDS,
)
from toonmark.data.layers.pen import FINE, Pen, smooth_curve
from toonmark.landmarks import Array
from toonmark.models.drawing_layers import UNKNOWN, Layer

#: How much larger than in the photo eyes are drawn: across, and high.
_EYES = (1.22, 1.42)


def draw_face(pen: Pen, photo: Array) -> None:
    """Draws nose, brows, eyes and mouth where they are in the photo: (S, S, 3) uint8 RGB."""
    points = pen.points
    base = points[list(NOSE_BASE)]
    pen.line(base, Layer.SOFT_LINE, np.array([0.5, 1, 1, 0.9, 1, 1, 0.5]) * FINE)
    for wing in NOSE_WINGS:
        pen.line(points[list(wing)], Layer.SOFT_LINE, np.array([0.3, 0.8]) * FINE)
    for side in (0, 1):
        brow = points[list(BROWS[side])]
        middle = brow.mean(0)
        grown = middle + (brow - middle) * [1.04, 1.15]
        pen.fill(smooth_curve(grown, 6, closed=True), Layer.BROW)
    gaze = np.mean([_gaze(photo, pen.points, side) for side in (0, 1)], axis=0)
    for side in (0, 1):
        _eye(pen, gaze, side)
    _mouth(pen, photo)


def draw_glasses(pen: Pen, photo: Array) -> None:
    """Draws the glasses that are surely there; where they are doubtful, nothing is known."""
    found = worn(photo, pen.points)
    if found is None:
        return
    if found.sure:
        draw_frames(pen, found.frames, found.dark)
    else:
        both = np.concatenate(found.frames.lenses)
        middle = both.mean(0)
        low, high = (both.min(0), both.max(0))
        rows, columns = np.mgrid[: pen.size, : pen.size]
        near = (abs(columns - middle[0]) < 0.58 * (high[0] - low[0])) & (
            abs(rows - middle[1]) < 0.62 * (high[1] - low[1])
        )
        pen.canvas[near] = UNKNOWN


def draw_frames(pen: Pen, frames: Frames, dark: bool, thick: float = 1.3) -> None:
    """Draws glasses, with arms to where the points of the face's sides are, if they are known."""
    width = np.array([thick, thick]) * FINE
    for lens in frames.lenses:
        if dark:
            pen.fill(lens, Layer.GLASSES)
        pen.line(np.concatenate([lens, lens[:1]]), Layer.GLASSES, width)
    pen.line(frames.bridge, Layer.GLASSES, width)
    if len(pen.points) < 468:
        return
    for lens, side in zip(frames.lenses, (234, 454), strict=True):
        outer = lens[lens[:, 0].argmin() if side == 234 else lens[:, 0].argmax()]
        hinge = outer - np.array([0, 0.02 * pen.size])
        end = np.array([pen.points[side, 0], hinge[1] - 0.006 * pen.size])
        face = (pen.canvas == Layer.SKIN) | (pen.canvas == Layer.INK)
        pen.line(np.stack([hinge, end]), Layer.GLASSES, width, face)


def _eye(pen: Pen, gaze: Array, side: int) -> None:
    upper = pen.points[list(UPPER_LIDS[side])]
    lower = pen.points[list(LOWER_LIDS[side])]
    corner = (upper[0] + upper[-1]) / 2
    width = float(np.linalg.norm(upper[0] - upper[-1]))
    opened = float(np.linalg.norm(upper[4] - lower[4])) / max(width, 1e-6)
    lash = np.array([1.7, 1.9, 1.6, 1.3, 0.7]) * FINE
    outwards = (upper[0] - upper[-1]) / max(width, 1e-6)
    if opened < 0.14:  # closed
        pen.line(lower, Layer.INK, lash)
        return
    upper, lower = (corner + (lid - corner) * _EYES for lid in (upper, lower))
    white = polygon(
        np.concatenate([smooth_curve(upper, 6), smooth_curve(lower, 6)[::-1]]), pen.size
    )
    pen.fill(white, Layer.EYE_WHITE)
    radius = 0.27 * width
    middle = (upper.mean(0) + lower.mean(0)) / 2
    centre = middle + gaze * width
    rows, columns = np.mgrid[: pen.size, : pen.size]
    away = np.hypot(columns - centre[0], rows - centre[1])
    pen.fill(away < radius * 1.08, Layer.IRIS, white)
    pen.fill(away < radius * 0.55, Layer.INK, white)
    glint = np.hypot(columns - centre[0] + 0.38 * radius, rows - centre[1] + 0.4 * radius)
    pen.fill(glint < 0.26 * radius, Layer.EYE_WHITE, white)
    pen.line(lower, Layer.SOFT_LINE, np.array([0.8, 0.8, 0.3]) * FINE)
    tail = upper[0] + outwards * 0.1 * width - np.array([0, 0.03 * width])
    pen.line(np.concatenate([tail[None], upper]), Layer.INK, np.concatenate([[0.3 * FINE], lash]))


def _gaze(photo: Array, points: Array, side: int) -> Array:
    """Where the dark part of an eye lies, from the eye's middle, in widths of the eye."""
    lids = points[[*UPPER_LIDS[side], *LOWER_LIDS[side][::-1]]]
    inside = polygon(lids, photo.shape[0])
    width = float(np.ptp(lids[:, 0]))
    if inside.sum() < 20:
        return np.zeros(2)
    rows, columns = np.nonzero(inside)
    light = photo[rows, columns].mean(-1)
    weight = np.clip(np.quantile(light, 0.5) - light, 0, None) + 1e-6
    found = np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()
    offset = (found - lids.mean(0)) / max(width, 1e-6)
    return np.asarray(np.clip(offset * [1.2, 0.6], [-0.2, -0.06], [0.2, 0.06]))


def _mouth(pen: Pen, photo: Array) -> None:
    points, size = pen.points, pen.size
    pen.fill(smooth_curve(points[list(OUTER_LIPS)], 6, closed=True), Layer.LIPS)
    upper, lower = points[list(INNER_UPPER)], points[list(INNER_LOWER)]
    width = float(np.linalg.norm(upper[0] - upper[-1]))
    gap = float(np.linalg.norm(upper[5] - lower[5])) / max(width, 1e-6)
    inner = polygon(np.concatenate([smooth_curve(upper, 6), smooth_curve(lower, 6)[::-1]]), size)
    teeth, dark = _inside_mouth(photo, inner, pen.canvas == Layer.LIPS)
    if gap < 0.05 or (gap < 0.2 and teeth < 0.25 and dark < 0.4):
        pen.line((upper + lower) / 2, Layer.INK, np.array([0.6, 1, 0.9, 1, 0.6]) * FINE)
        return
    pen.fill(inner, Layer.MOUTH)
    if teeth > 0.25:
        depth = 1.0 if teeth > 0.55 or gap < 0.25 else 0.55
        edge = smooth_curve(upper + (lower - upper) * depth, 6)[::-1]
        pen.fill(np.concatenate([smooth_curve(upper, 6), edge]), Layer.TEETH, inner)
    pen.line(upper, Layer.INK, np.array([0.5, 0.7, 0.7, 0.7, 0.5]) * FINE)
    pen.line(lower, Layer.SOFT_LINE, np.array([0.4, 0.6, 0.4]) * FINE)


def _inside_mouth(photo: Array, inner: Array, lips: Array) -> tuple[float, float]:
    """The shares of the opening that look like teeth, and like darkness: both beside the lips."""
    lips = lips & ~inner
    if inner.sum() < 20 or lips.sum() < 20:
        return 0.0, 0.0
    values, around = photo[inner].astype(np.float32), photo[lips].astype(np.float32)
    light, usual = values.mean(-1), float(np.median(around.mean(-1)))
    red = float(np.median(around[:, 0] - around[:, 2]))
    pale = (values[:, 0] - values[:, 2]) < 0.75 * red
    teeth = pale & (light > 0.95 * usual)
    return float(teeth.mean()), float((light < 0.62 * usual).mean())
