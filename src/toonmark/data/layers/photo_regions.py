"""Segments a portrait into skin, what is on the head, a beard and clothes.

No network says so: colours do, learned from the photo itself (GrabCut, Rother et al. 2004) from
places that the face's points make certain, and the person's matte.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toonmark.data.layers.beards import found_beard
from toonmark.data.layers.face_regions import SIZE, Places, polygon
from toonmark.data.layers.mesh_parts import OVAL
from toonmark.data.mask_shapes import large_pieces, touching
from toonmark.landmarks import Array
from toonmark.srgb import to_lab

#: By how much (CIE76, lightness halved) a forehead must be nearer to hair than to skin to be hair,
#: and how far from the cheeks' colour light on a forehead can be.
_FRINGE, _LIT = 5.0, 40.0


@dataclass(frozen=True, eq=False)
class Regions:
    """Masks, (256, 256) bool, of which at most one holds at a pixel.

    Attributes:
        figure: the person; the union of the others.
        skin: face, neck, ears, hands.
        top: hair, and what covers the head.
        beard: hair on the lower face, or what else covers it.
        body: clothes.
    """

    figure: Array
    skin: Array
    top: Array
    beard: Array
    body: Array


def found_regions(photo: Array, alpha: Array, dense: Array) -> Regions:
    """Finds the regions of one portrait.

    Args:
        photo: (S, S, 3) uint8 RGB crop in the portrait frame.
        alpha: (S, S) float32 in [0, 1], how much of a pixel is the person.
        dense: (468, 2) crop pixels, Face Mesh's points.
    """
    import cv2

    scale = SIZE / photo.shape[0]
    points = (np.asarray(dense, np.float64) + 0.5) * scale - 0.5
    image = cv2.resize(photo, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    plain = to_lab(image)
    image = cv2.bilateralFilter(image, 7, 25, 4)
    figure = cv2.resize(alpha, (SIZE, SIZE), interpolation=cv2.INTER_AREA) > 0.5
    place = Places(points)
    figure = touching(figure, place.oval)  # neighbours are no part of the portrait
    lab = to_lab(image)

    skin = _skin(image, lab, figure, place)
    beard = found_beard(plain, figure, place)
    # What lies inside the face below the brows and is no beard is skin, whatever its light.
    skin = (skin | (figure & place.inner & (place.rows > place.brow))) & ~beard
    other = figure & ~skin & ~beard
    top = _top(image, other, place)
    hanging = top & ~touching(top, place.rows < place.nose)
    tone = np.median(lab[skin], axis=0) if skin.any() else np.zeros(3)
    shade = hanging & place.neck & (lab[..., 0] < tone[0])
    top &= ~hanging
    skin |= shade
    return Regions(figure, skin, top, beard, figure & ~skin & ~beard & ~top)


def _skin(image: Array, lab: Array, figure: Array, place: Places) -> Array:
    import cv2

    centre = place.points[list(OVAL)].mean(0)
    inner = polygon(centre + (place.points[list(OVAL)] - centre) * 0.78, SIZE)
    cheeks = place.eye + 0.5 * (place.nose - place.eye)
    sure = inner & (place.rows > cheeks) & (place.rows < place.nose) & ~place.features & figure
    if sure.sum() < 40:
        return figure & place.oval
    weights = np.array([0.5, 1, 1])
    tone = np.median(lab[sure], axis=0)
    from_skin = np.linalg.norm((lab - tone) * weights, axis=-1)
    above = figure & ~place.around & (place.rows < place.eye)
    from_hair = np.full(figure.shape, np.inf, np.float32)
    if above.sum() > 60:
        stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
        cv2.setRNGSeed(0)
        _, labels, centres = cv2.kmeans(
            lab[above], 2, np.zeros(0, np.int32), stop, 2, cv2.KMEANS_PP_CENTERS
        )
        shares = np.bincount(labels.ravel(), minlength=2) / len(labels)
        for colour, share in zip(centres, shares, strict=True):
            # A bald head is skin, and some of it is above every face.
            if share > 0.2 and np.linalg.norm((colour - tone) * weights) > 9:
                from_hair = np.minimum(from_hair, np.linalg.norm((lab - colour) * weights, axis=-1))
    # On the forehead only what is clearly hair is hair: light that falls on it is no fringe.
    doubt = np.where(place.oval, _FRINGE, 0)
    hairy = (from_hair + doubt < from_skin) & ~(place.oval & (place.rows > place.brow))
    lit = place.inner & ~hairy & (lab[..., 0] > tone[0]) & (from_skin < _LIT)
    mask = np.full((SIZE, SIZE), cv2.GC_PR_BGD, np.uint8)
    mask[figure & (place.oval | place.neck)] = cv2.GC_PR_FGD
    mask[hairy] = cv2.GC_PR_BGD
    mask[above & (from_hair + 4 < from_skin)] = cv2.GC_BGD
    mask[sure | lit] = cv2.GC_FGD
    mask[~figure] = cv2.GC_BGD
    found = _cut(image, mask) & figure & ~hairy
    expected = place.oval | place.neck
    # A neck lies in shadow; what is lighter than the skin there is a collar.
    shaded = expected & (from_skin < 38) & (lab[..., 0] < tone[0])
    skin = found & ((from_skin < np.where(place.oval, 22, 16)) | shaded | lit)
    pieces = large_pieces(skin, 0.03 * place.oval.sum())
    pieces |= place.oval & place.features & figure & (place.rows > place.brow)
    return np.asarray(pieces)


def _top(image: Array, other: Array, place: Places) -> Array:
    import cv2

    mask = np.full((SIZE, SIZE), cv2.GC_BGD, np.uint8)
    low = place.rows > place.chin + 0.12 * place.height
    mask[other & ~low] = cv2.GC_PR_FGD
    mask[other & low] = cv2.GC_PR_BGD
    above = other & (place.rows < place.nose)
    beside = abs(place.columns - place.middle) < 0.6 * place.width
    below = other & (place.rows > SIZE * 0.94) & beside
    mask[above] = cv2.GC_FGD
    mask[below] = cv2.GC_BGD
    if above.sum() < 60:
        return other & ~low
    if below.sum() < 40 or (mask == cv2.GC_PR_FGD).sum() + (mask == cv2.GC_PR_BGD).sum() == 0:
        return other & ~low
    # Only the person's pixels teach the colours of clothes.
    canvas = image.copy()
    canvas[~other] = np.median(image[below], axis=0)
    return _cut(canvas, mask) & other


def _cut(image: Array, mask: Array) -> Array:
    import cv2

    if not (mask & 1).any() or not (mask == cv2.GC_BGD).any() or (mask & 1).all():
        return (mask & 1) > 0
    cv2.setRNGSeed(0)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    result, _, _ = cv2.grabCut(
        image[..., ::-1].copy(),
        mask,
        (0, 0, 1, 1),
        background,
        foreground,
        3,
        cv2.GC_INIT_WITH_MASK,
    )
    return np.asarray((result == cv2.GC_FGD) | (result == cv2.GC_PR_FGD))
