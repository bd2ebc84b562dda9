"""A drawing's flat regions, and which of them are skin and which are hair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toonmark.faces.axes import FaceCoordinates
from toonmark.landmarks import Array

#: Felzenszwalb and Huttenlocher's k, for L*a*b* divided by 100: regions of a drawing's size.
_SCALE = 30.0
#: Least region, pixels at 128.
_LEAST = 16

OTHER, SKIN, HAIR = range(3)


@dataclass(frozen=True)
class Regions:
    """Regions of a drawing, and what the photo shows there.

    Attributes:
        labels: (S, S) int, which region a pixel is of, from 0.
        kinds: (n,) ``SKIN``, ``HAIR`` or ``OTHER``.
        drawn: (n, 3) L*a*b* medians of the drawing.
        photo: (n, 3) of the photo, NaN where it shows nothing but white.
        areas: (n,) pixels at 128.
        white: (n,) bool: the ground, teeth, the whites of eyes.
    """

    labels: Array
    kinds: Array
    drawn: Array
    photo: Array
    areas: Array
    white: Array

    def where(self, kind: int) -> Array:
        """(S, S) bool: pixels of this kind."""
        return np.asarray(self.kinds[self.labels] == kind)


def regions(drawing: Array, photo: Array, figure: Array, points: Array, skin: Array) -> Regions:
    """Divides a drawing, and says what is skin and what is hair.

    Args:
        drawing: (S, S, 3) L*a*b*.
        photo: (S, S, 3) L*a*b* of the photo that was drawn.
        figure: (S, S) bool, where the photo shows the person.
        points: (5, 2) pixels.
        skin: (3,) L*a*b* of the drawing's skin.
    """
    import cv2
    from skimage.segmentation import felzenszwalb

    size = drawing.shape[0]
    pixel = (size / 128) ** 2
    labels = felzenszwalb(
        drawing / 100, scale=_SCALE * pixel, sigma=0.5 * size / 128, min_size=round(_LEAST * pixel)
    )
    own_axes = FaceCoordinates.of(points, size)
    count = int(labels.max()) + 1
    drawn, seen = np.zeros((count, 3)), np.full((count, 3), np.nan)
    areas, radius, height = np.zeros((3, count))
    for k in range(count):
        own = labels == k
        drawn[k] = np.median(drawing[own], axis=0)
        areas[k] = own.sum() / pixel
        radius[k], height[k] = np.median(own_axes.radius[own]), np.median(own_axes.down[own])
        inner = cv2.erode(own.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        compared = (inner if inner.sum() >= 8 else own) & figure
        if compared.sum() >= 4:
            seen[k] = np.median(photo[compared], axis=0)
    white = (drawn[:, 0] > 88) & (np.hypot(drawn[:, 1], drawn[:, 2]) < 10)
    unlike = np.linalg.norm(drawn - skin, axis=1)
    is_skin = (unlike < 14) & (radius < 1.25) & ~white
    neck = (unlike < 9) & (height > 0.2)
    is_hair = (radius > 1) & ~is_skin & ~white & (height < 1.2) & (areas > 60) & ~neck
    kinds = np.select([is_skin, is_hair], [SKIN, HAIR], OTHER)
    return Regions(labels, kinds, drawn, seen, areas, white)
