"""Skin in three tones: what makes a face somebody's, and not only a face.

A photo's light falls from anywhere, so a tone is told by how a place differs from the skin around
it: under brows and nose, in folds and beside cheekbones it is darker, on ridges lighter. With one
tone SFace found 8 % of 120 people first by their flat illustration, with three 40 to 50 %.
"""

from __future__ import annotations

import numpy as np

from toonmark.landmarks import Array
from toonmark.models.layer import Layer

#: Gaussians, fractions of the frame's edge: of a place, and of the skin around it.
_PLACE, _AROUND = 0.009, 0.06
#: By how much of L* a place is darker, or lighter.
_DARKER, _LIGHTER = 3.3, 3.3
#: The least area of a tone, of the frame.
_LEAST = 0.001


def draw_tones(canvas: Array, photo: Array) -> None:
    """Turns skin into shade and light where the photo says so.

    Args:
        canvas: (S, S) uint8 of :class:`~toonmark.models.layer.Layer`; changed.
        photo: (S, S, 3) uint8 RGB.
    """
    import cv2

    size = len(photo)
    light = cv2.cvtColor(photo.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[..., 0]
    skin = canvas == Layer.SKIN
    mask = skin.astype(np.float32)

    def around(reach: float) -> Array:
        share = cv2.GaussianBlur(mask, (0, 0), reach * size)
        return np.asarray(cv2.GaussianBlur(light * mask, (0, 0), reach * size) / (share + 1e-3))

    apart = around(_PLACE) - around(_AROUND)
    for tone, where in (
        (Layer.SHADE, skin & (apart < -_DARKER)),
        (Layer.LIGHT, skin & (apart > _LIGHTER)),
    ):
        _, pieces, stats, _ = cv2.connectedComponentsWithStats(where.astype(np.uint8))
        large = stats[:, cv2.CC_STAT_AREA] >= _LEAST * size**2
        large[0] = False
        canvas[large[pieces]] = tone
