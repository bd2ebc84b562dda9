"""The layers of a flat illustration of a portrait: one number a pixel.

This is the teacher of styles that draw in layers (:mod:`toonmark.models.layered`). It needs half a
second a photo and everything that finds regions; the student needs the photo alone.
"""

from __future__ import annotations

import numpy as np

from toonmark.data.layers.glasses import NONE, SURE, Frames, fitted
from toonmark.data.layers.mesh_parts import (
    BROWS,
    INNER_LOWER,
    INNER_UPPER,
    JAW,
    LOWER_LIDS,
    NOSE_BASE,
    NOSE_WINGS,
    OUTER_LIPS,
    UPPER_LIDS,
)
from toonmark.data.layers.regions import SIZE as FOUND
from toonmark.data.layers.regions import Regions, found_regions, polygon
from toonmark.landmarks import Array
from toonmark.models.layer import UNKNOWN, Layer

#: Widths of lines, fractions of the frame's edge: around the figure, between its parts, in it.
_OUTLINE, _BETWEEN, _FINE = 0.0125, 0.0075, 0.0075
#: How much larger than in the photo eyes are drawn: across, and high.
_EYES = (1.22, 1.42)
#: Parts of a region are told apart when their colours differ by more than this (CIE76).
_SHADES, _LINES = 15.0, 38.0


def layer_map(photo: Array, alpha: Array, dense: Array, known: Array) -> Array:
    """Takes one portrait apart.

    Args:
        photo: (S, S, 3) uint8 RGB crop in the portrait frame, white beyond the photo's edge.
        alpha: (S, S) float32 in [0, 1], the person's matte.
        dense: (468, 2) crop pixels, Face Mesh's points.
        known: (S, S) bool, within the photo.

    Returns:
        (S, S) uint8 of :class:`Layer`, or :data:`UNKNOWN`.
    """
    import cv2

    size = photo.shape[0]
    found = found_regions(photo, alpha, dense)
    parts, lines = _parts(photo, found)
    canvas = _smoothed(parts, size)
    figure = canvas != Layer.BACKGROUND
    pen = Pen(canvas, np.asarray(dense, np.float64))
    _neck_shade(pen)
    _borders(pen, lines)
    _jaw(pen)
    _face(pen, photo, found)
    _glasses(pen, photo)
    edge = cv2.distanceTransform(np.pad(figure.astype(np.uint8), 1, mode="edge"), cv2.DIST_L2, 5)
    rim = figure & (edge[1:-1, 1:-1] <= _OUTLINE * size)
    canvas[rim] = Layer.INK
    canvas[_joined(canvas == Layer.INK, rim)] = Layer.OUTLINE
    reach = np.ones((2 * round(0.012 * size) + 1,) * 2, np.uint8)
    canvas[cv2.erode(known.astype(np.uint8), reach, borderValue=1) == 0] = UNKNOWN
    return canvas


def _joined(lines: Array, rim: Array) -> Array:
    """The lines that are joined to the figure's rim: contours of its parts, and no feature."""
    import cv2

    count, labels = cv2.connectedComponents(lines.astype(np.uint8))
    keep = np.zeros(count, bool)
    keep[np.unique(labels[rim])] = True
    keep[0] = False
    return np.asarray(keep[labels])


def _parts(photo: Array, found: Regions) -> tuple[Array, list[tuple[int, int]]]:
    """(256, 256) uint8 of layers without features, and the pairs with a line between them."""
    import cv2

    image = cv2.resize(photo, (FOUND, FOUND), interpolation=cv2.INTER_AREA)
    image = cv2.pyrMeanShiftFiltering(image, 8, 22)
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab = cv2.GaussianBlur(lab, (0, 0), 3)
    parts = np.zeros((FOUND, FOUND), np.uint8)
    parts[found.skin], parts[found.beard] = Layer.SKIN, Layer.BEARD
    lines = []
    for mask, names in (
        (found.top, (Layer.TOP_DARK, Layer.TOP_LIGHT)),
        (found.body, (Layer.BODY_DARK, Layer.BODY_MIDDLE, Layer.BODY_LIGHT)),
    ):
        if not mask.any():
            continue
        labels, colours = _shades(lab[mask], len(names))
        # One shade alone is the middle one of clothes, the light one of hair.
        shown = names if len(colours) == len(names) else (names[1],)
        if len(names) == 3 and len(colours) == 2:
            shown = (names[0], names[2])
        parts[mask] = np.array(shown, np.uint8)[labels]
        for i in range(len(colours) - 1):
            if np.linalg.norm(colours[i] - colours[i + 1]) > _LINES:
                lines.append((int(shown[i]), int(shown[i + 1])))
    return parts, lines


def _shades(lab: Array, most: int) -> tuple[Array, Array]:
    """Groups colours: numbers (n,), darkest first, and the groups' colours (k, 3), k <= most."""
    import cv2

    values = np.ascontiguousarray(lab, np.float32)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    for count in range(min(most, len(values)), 1, -1):
        cv2.setRNGSeed(0)
        _, labels, centres = cv2.kmeans(
            values, count, np.zeros(0, np.int32), stop, 2, cv2.KMEANS_PP_CENTERS
        )
        labels = labels.ravel()
        order = np.argsort(centres[:, 0])
        centres, labels = centres[order], np.argsort(order)[labels]
        shares = np.bincount(labels, minlength=count) / len(labels)
        gaps = np.linalg.norm(np.diff(centres, axis=0), axis=1)
        if gaps.min() > _SHADES and shares.min() > 0.1:
            return labels, centres
    return np.zeros(len(values), np.int64), values.mean(0, keepdims=True)


def _smoothed(parts: Array, size: int) -> Array:
    """Labels at another size, with smooth borders and without crumbs."""
    import cv2

    kinds = np.unique(parts)
    scores = np.empty((len(kinds), size, size), np.float32)
    for k, kind in enumerate(kinds):
        share = (parts == kind).astype(np.float32)
        # Clothes and hair in few large shapes; the person's own edge as it is.
        sigma = 1.6 if kind in (Layer.BACKGROUND, Layer.SKIN) else 3.0
        share = cv2.GaussianBlur(share, (0, 0), sigma)
        scores[k] = cv2.resize(share, (size, size), interpolation=cv2.INTER_CUBIC)
    labels = kinds[scores.argmax(0)]
    least = 0.003 * size**2
    crumbs = np.zeros((size, size), bool)
    for kind in kinds:
        _, pieces, stats, _ = cv2.connectedComponentsWithStats((labels == kind).astype(np.uint8))
        small = stats[:, cv2.CC_STAT_AREA] < least
        small[0] = False
        crumbs |= small[pieces]
    if crumbs.any() and not crumbs.all():
        _, nearest = cv2.distanceTransformWithLabels(
            crumbs.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        table = np.zeros(int(nearest.max()) + 1, labels.dtype)
        table[nearest[~crumbs]] = labels[~crumbs]
        labels = table[nearest]
    return np.ascontiguousarray(labels, np.uint8)


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


def _neck_shade(pen: Pen) -> None:
    """The shadow of the chin on the neck."""
    jaw = pen.points[list(JAW)]
    drop = np.array([0, 0.075 * pen.size]) * np.sin(np.linspace(0, np.pi, len(jaw)))[:, None]
    pen.fill(
        np.concatenate([smooth_curve(jaw, 8), smooth_curve(jaw + drop, 8)[::-1]]),
        Layer.SHADE,
        pen.canvas == Layer.SKIN,
    )


def _borders(pen: Pen, lines: list[tuple[int, int]]) -> None:
    """Lines where skin, hair and clothes meet."""
    import cv2

    group = np.zeros(256, np.uint8)
    group[[Layer.SKIN, Layer.SHADE, Layer.BEARD]] = 1
    group[[Layer.TOP_DARK, Layer.TOP_LIGHT]] = 2
    group[[Layer.BODY_DARK, Layer.BODY_MIDDLE, Layer.BODY_LIGHT]] = 3
    kinds = group[pen.canvas]
    near = np.zeros(kinds.shape, bool)
    for a, b in ((1, 2), (1, 3), (2, 3)):
        near |= _between(kinds == a, kinds == b, _BETWEEN * pen.size / 2)
    for first, second in lines:
        near |= _between(pen.canvas == first, pen.canvas == second, _BETWEEN * pen.size / 2)
    del cv2
    pen.fill(near, Layer.INK)


def _between(one: Array, other: Array, reach: float) -> Array:
    import cv2

    if not one.any() or not other.any():
        return np.zeros(one.shape, bool)
    first = cv2.distanceTransform((~one).astype(np.uint8), cv2.DIST_L2, 5)
    second = cv2.distanceTransform((~other).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray((first <= reach + 0.5) & (second <= reach + 0.5))


def _jaw(pen: Pen) -> None:
    """The jaw, where there is skin on both of its sides."""
    jaw = pen.points[list(JAW)]
    skin = (pen.canvas == Layer.SKIN) | (pen.canvas == Layer.SHADE)
    widths = np.array([0.2, 0.8, 1, 1, 1, 0.8, 0.2]) * _FINE
    pen.line(jaw, Layer.INK, widths, skin)


def _face(pen: Pen, photo: Array, found: Regions) -> None:
    points, size = pen.points, pen.size
    base = points[list(NOSE_BASE)]
    pen.line(base, Layer.SOFT_LINE, np.array([0.5, 1, 1, 0.9, 1, 1, 0.5]) * _FINE)
    for wing in NOSE_WINGS:
        pen.line(points[list(wing)], Layer.SOFT_LINE, np.array([0.3, 0.8]) * _FINE)
    for side in (0, 1):
        brow = points[list(BROWS[side])]
        middle = brow.mean(0)
        grown = middle + (brow - middle) * [1.04, 1.15]
        pen.fill(smooth_curve(grown, 6, closed=True), Layer.BROW)
    gaze = np.mean([_gaze(photo, pen.points, side) for side in (0, 1)], axis=0)
    for side in (0, 1):
        _eye(pen, gaze, side)
    _mouth(pen, photo)
    del size, found


def _glasses(pen: Pen, photo: Array) -> None:
    found = fitted(photo, pen.points)
    if found.score >= SURE:
        draw_frames(pen, found.frames, found.dark)
    elif found.score >= NONE:
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
    width = np.array([thick, thick]) * _FINE
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
    lash = np.array([1.7, 1.9, 1.6, 1.3, 0.7]) * _FINE
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
    pen.line(lower, Layer.SOFT_LINE, np.array([0.8, 0.8, 0.3]) * _FINE)
    tail = upper[0] + outwards * 0.1 * width - np.array([0, 0.03 * width])
    pen.line(np.concatenate([tail[None], upper]), Layer.INK, np.concatenate([[0.3 * _FINE], lash]))


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
        pen.line((upper + lower) / 2, Layer.INK, np.array([0.6, 1, 0.9, 1, 0.6]) * _FINE)
        return
    pen.fill(inner, Layer.MOUTH)
    if teeth > 0.25:
        depth = 1.0 if teeth > 0.55 or gap < 0.25 else 0.55
        edge = smooth_curve(upper + (lower - upper) * depth, 6)[::-1]
        pen.fill(np.concatenate([smooth_curve(upper, 6), edge]), Layer.TEETH, inner)
    pen.line(upper, Layer.INK, np.array([0.5, 0.7, 0.7, 0.7, 0.5]) * _FINE)
    pen.line(lower, Layer.SOFT_LINE, np.array([0.4, 0.6, 0.4]) * _FINE)


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
