"""The regions where parts of a face can be in a portrait, from the points of Face Mesh."""

from __future__ import annotations

import numpy as np

from toonmark.data.layers.mesh_parts import BROWS, LOWER_LIDS, OUTER_LIPS, OVAL, UPPER_LIDS
from toonmark.data.mask_shapes import grown
from toonmark.landmarks import Array

#: Edge at which regions are found; finer is slower and follows noise.
SIZE = 256


def polygon(points: Array, size: int) -> Array:
    """The inside of a closed curve: (size, size) bool; points are pixels."""
    import cv2

    mask = np.zeros((size, size), np.uint8)
    whole = np.rint(np.asarray(points) * 16).astype(np.int32)
    cv2.fillPoly(mask, [whole], 1, shift=4)
    return mask > 0


class Places:
    """Where things can be; ``points`` are (468, 2) pixels of a picture of SIZE."""

    def __init__(self, points: Array) -> None:
        rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float32)
        self.rows, self.columns, self.points = rows, columns, points
        self.oval = polygon(points[list(OVAL)], SIZE)
        self.eye = float(points[[33, 133, 362, 263], 1].mean())
        self.brow = float(points[[105, 334], 1].mean())
        self.nose, self.chin = float(points[2, 1]), float(points[152, 1])
        self.height = self.chin - self.brow
        self.middle = float(points[list(OVAL), 0].mean())
        self.width = float(np.ptp(points[list(OVAL), 0]))
        centre = points[list(OVAL)].mean(0)
        self.inner = polygon(centre + (points[list(OVAL)] - centre) * 0.92, SIZE)
        wide = centre + (points[list(OVAL)] - centre) * 1.12
        self.around = polygon(wide, SIZE)
        self.lower_face = self.around & (rows > self.nose)
        self.neck = (
            (rows > self.nose)
            & (rows < self.chin + 0.4 * self.height)
            & (abs(columns - self.middle) < 0.33 * self.width)
        )
        features = np.zeros((SIZE, SIZE), bool)
        for eye in (0, 1):
            lids = points[[*UPPER_LIDS[eye], *LOWER_LIDS[eye][::-1]]]
            features |= grown(polygon(lids, SIZE), 5) | grown(
                polygon(points[list(BROWS[eye])], SIZE), 3
            )
        self.lips = grown(polygon(points[list(OUTER_LIPS)], SIZE), 1)
        self.features = features | self.lips
