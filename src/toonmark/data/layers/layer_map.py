"""Segments a portrait into a map of semantic layers: the training labels of layered styles.

This is the teacher of styles that draw in layers (:mod:`toonmark.models.layered`). It needs the
matte, dense points and 0.4 seconds a portrait; the student needs the photo and five points.
"""

from __future__ import annotations

import numpy as np

from toonmark.data.layers.drawn_features import draw_face, draw_glasses
from toonmark.data.layers.face_regions import SIZE as FOUND
from toonmark.data.layers.mesh_parts import JAW
from toonmark.data.layers.pen import FINE, Pen, smooth_curve
from toonmark.data.layers.photo_regions import Regions, found_regions
from toonmark.data.mask_shapes import touching
from toonmark.landmarks import Array
from toonmark.models.drawing_layers import UNKNOWN, Layer
from toonmark.srgb import to_lab

#: Widths of lines, fractions of the frame's edge: around the figure, between its parts.
_OUTLINE, _BETWEEN = 0.0125, 0.0075
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
    draw_face(pen, photo)
    draw_glasses(pen, photo)
    edge = cv2.distanceTransform(np.pad(figure.astype(np.uint8), 1, mode="edge"), cv2.DIST_L2, 5)
    rim = figure & (edge[1:-1, 1:-1] <= _OUTLINE * size)
    canvas[rim] = Layer.INK
    # Lines that are joined to the figure's rim are contours of its parts, and no feature.
    canvas[touching(canvas == Layer.INK, rim)] = Layer.OUTLINE
    reach = np.ones((2 * round(0.012 * size) + 1,) * 2, np.uint8)
    canvas[cv2.erode(known.astype(np.uint8), reach, borderValue=1) == 0] = UNKNOWN
    return canvas


def _parts(photo: Array, found: Regions) -> tuple[Array, list[tuple[int, int]]]:
    """(256, 256) uint8 of layers without features, and the pairs with a line between them."""
    import cv2

    image = cv2.resize(photo, (FOUND, FOUND), interpolation=cv2.INTER_AREA)
    image = cv2.pyrMeanShiftFiltering(image, 8, 22)
    lab = to_lab(image)
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
    widths = np.array([0.2, 0.8, 1, 1, 1, 0.8, 0.2]) * FINE
    pen.line(jaw, Layer.INK, widths, skin)
