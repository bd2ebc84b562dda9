"""Augmentation that puts cloth face masks on portraits, photo and layers alike.

A mask is a beard to the network: what covers the lower face, in a colour of its own. No mouth is
drawn on it, and its colour does not pass for the skin's.
"""

from __future__ import annotations

import numpy as np

from toonmark.data.layers.pen import FINE, Pen, smooth_curve
from toonmark.landmarks import Array
from toonmark.models.drawing_layers import UNKNOWN, Layer
from toonmark.ranges import unit

#: What may lie before a mask, and stays.
_BEFORE = (Layer.TOP_DARK, Layer.TOP_LIGHT, Layer.GLASSES, UNKNOWN)
#: What ends a face at its sides.
_BESIDE = (
    Layer.BACKGROUND,
    Layer.OUTLINE,
    Layer.TOP_DARK,
    Layer.TOP_LIGHT,
    Layer.BODY_DARK,
    Layer.BODY_MIDDLE,
    Layer.BODY_LIGHT,
    UNKNOWN,
)
#: RGB in [0, 1] of masks that are often seen.
_COMMON = ((0.62, 0.78, 0.87), (0.93, 0.94, 0.95), (0.09, 0.09, 0.10), (0.45, 0.62, 0.72))


def with_mask(values: Array, layers: Array, points: Array, random: np.random.Generator) -> Array:
    """Puts a mask on: the photo is returned, its layers are changed.

    Args:
        values: (S, S, 3) float32 in [0, 1].
        layers: (2S, 2S) uint8 of :class:`Layer`, changed.
        points: (5, 2) the portrait's landmarks, pixels of the photo.
    """
    edge = _edge(layers, (points + 0.5) * 2 - 0.5, random)
    size = values.shape[0]
    before = np.isin(layers, _BEFORE)
    pen = Pen(layers, np.zeros((0, 2)))
    pen.fill(edge, Layer.BEARD, ~before)
    closed = np.concatenate([edge, edge[:1]])
    pen.line(closed[::3], Layer.INK, np.array([0.9, 0.9]) * FINE, ~before)
    if random.random() < 0.7:
        values = _with_loops(values, (edge + 0.5) / 2 - 0.5, points, random)
    alpha = _coverage((edge + 0.5) / 2 - 0.5, size) * _shrunk(~before, size)
    cloth = _cloth(values, points, alpha, random)
    return np.asarray(values + alpha[..., None] * (cloth - values), np.float32)


def _edge(layers: Array, points: Array, random: np.random.Generator) -> Array:
    """A mask's outline, (n, 2) pixels of the layers, from the bridge of the nose round the chin."""
    eyes, nose, mouth = points[:2].mean(0), points[2], points[3:].mean(0)
    apart = float(np.linalg.norm(points[1] - points[0]))
    across = (points[1] - points[0]) / max(apart, 1e-6)
    down = np.array([-across[1], across[0]])
    bridge = eyes + (nose - eyes) * random.uniform(0.3, 0.75)
    levels = (
        (bridge + down * apart * random.uniform(0.12, 0.3), 0.5),
        (nose + down * apart * random.uniform(-0.05, 0.15), random.uniform(0.88, 1.0)),
        (mouth + down * apart * random.uniform(0.0, 0.15), random.uniform(0.86, 1.0)),
        (mouth + down * apart * random.uniform(0.38, 0.5), random.uniform(0.7, 0.92)),
    )
    chin = mouth + down * apart * random.uniform(0.58, 0.8)
    broad, high = random.uniform(0.15, 0.4) * apart, random.uniform(0.0, 0.06) * apart
    sides: list[list[Array]] = []
    for way in (-1, 1):
        reaches = [_reach(layers, middle, way * across, apart) * share for middle, share in levels]
        # A jaw narrows, but not to a point.
        reaches[3] = float(np.clip(reaches[3], 0.6 * reaches[2], 0.92 * reaches[2]))
        side = [middle + way * across * r for (middle, _), r in zip(levels, reaches, strict=True)]
        below = min(broad, 0.7 * reaches[3])
        sides.append([*side, chin + way * across * below - down * high])
    return smooth_curve(np.array([bridge, *sides[1], chin, *sides[0][::-1]]), 8, closed=True)


def _reach(layers: Array, start: Array, way: Array, apart: float) -> float:
    """The reach of a face to one side, pixels; at most as far as faces go."""
    steps = np.arange(0.2 * apart, 1.15 * apart, 1.0)
    places = np.rint(start + steps[:, None] * way).astype(int).clip(0, layers.shape[0] - 1)
    ended = np.isin(layers[places[:, 1], places[:, 0]], _BESIDE)
    return float(steps[ended.argmax()] if ended.any() else steps[-1])


def _with_loops(values: Array, edge: Array, points: Array, random: np.random.Generator) -> Array:
    """The mask with its loops, from its corners to the ears: no drawing shows these."""
    import cv2

    apart = float(np.linalg.norm(points[1] - points[0]))
    canvas, colour = np.ascontiguousarray(values, np.float32), random.uniform(0.1, 1.0)
    width = max(1, round(random.uniform(0.02, 0.05) * apart))
    for way in (-1, 1):
        side = edge[np.argsort(way * edge[:, 0])[-24:]]  # its outermost part
        for corner in (side[side[:, 1].argmin()], side[side[:, 1].argmax()]):
            ear = np.array([corner[0] + way * random.uniform(0.1, 0.5) * apart, points[2, 1]])
            ear[1] -= random.uniform(0.0, 0.35) * apart
            line = np.rint(np.stack([corner, ear]) * 16).astype(np.int32)
            cv2.polylines(canvas, [line], False, (colour,) * 3, width, cv2.LINE_AA, 4)
    return canvas


def _coverage(edge: Array, size: int) -> Array:
    """The share of each pixel within an outline: (size, size) in [0, 1]."""
    import cv2

    canvas = np.zeros((size, size), np.uint8)
    cv2.fillPoly(canvas, [np.rint(edge * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return unit(canvas)


def _shrunk(mask: Array, size: int) -> Array:
    import cv2

    small = cv2.resize(mask.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(small)


def _cloth(values: Array, points: Array, alpha: Array, random: np.random.Generator) -> Array:
    """The mask's cloth, lit as the face is: (S, S, 3) in [0, 1]."""
    import cv2

    size = values.shape[0]
    apart = float(np.linalg.norm(points[1] - points[0]))
    if random.random() < 0.65:
        colour = np.array(_COMMON[random.integers(len(_COMMON))]) + random.normal(0, 0.04, 3)
    else:
        colour = random.uniform(0.05, 0.95) + random.normal(0, 0.2, 3)
    light = cv2.GaussianBlur(values.mean(-1), (0, 0), 0.3 * apart)
    light = light / max(float(light[alpha > 0.5].mean()) if (alpha > 0.5).any() else 1.0, 1e-3)
    shade = 1 + random.uniform(0.3, 1.0) * (np.clip(light, 0.5, 1.5) - 1)
    rows = ((np.arange(size) - points[2, 1]) / apart)[:, None]
    if random.random() < 0.6:  # pleats
        pleat = np.cos(2 * np.pi * rows * random.uniform(2, 5) + random.uniform(0, 6)) ** 9
        shade = shade * (1 - random.uniform(0.03, 0.16) * np.abs(pleat))
    else:  # a seam down its middle, bulging
        columns = ((np.arange(size) - points[3:, 0].mean()) / apart)[None]
        shade = shade * (1 - random.uniform(0, 0.25) * columns**2)
    rim = alpha - cv2.erode(alpha, np.ones((3, 3), np.uint8), iterations=max(1, size // 128))
    shade = shade * (1 + random.uniform(-0.25, 0.1) * np.clip(rim, 0, 1))
    cloth = np.clip(colour, 0.02, 0.98) * shade[..., None]
    if random.random() < 0.12:  # a pattern
        period, other = random.uniform(0.08, 0.3) * apart, random.uniform(0, 1, 3)
        y, x = np.mgrid[:size, :size] / period * 2 * np.pi
        angle = random.uniform(0, np.pi)
        wave = np.cos(np.cos(angle) * x + np.sin(angle) * y)
        if random.random() < 0.5:
            wave = wave * np.cos(-np.sin(angle) * x + np.cos(angle) * y)
        cloth = np.where((wave > 0.4)[..., None], other * shade[..., None], cloth)
    return np.asarray(np.clip(cloth, 0, 1))
