"""Evens out the lighting of a face's two sides."""

from __future__ import annotations

import numpy as np

from toonmark.faces.axes import FaceCoordinates
from toonmark.landmarks import Array
from toonmark.ranges import signed_to_unit, unit_to_signed

#: Light is what is left of a face's brightness after a blur of this many pixels at 128.
_BLUR = 5.0
#: How far a pixel may be made darker or brighter.
_GAIN = (0.6, 1.7)


def evened(picture: Array, points: Array) -> Array:
    """Takes away what makes one side of a face darker than the other.

    A lamp from one side makes half a face dark, and a generator may draw the shadow's edge as a
    line or a beard. Both sides get the geometric mean of their light; what is the same on both,
    like the shade under a brow, stays. Beside the face nothing changes.

    Args:
        picture: (S, S, 3) float32 in [-1, 1].
        points: (5, 2) landmarks in its pixels.

    Returns:
        (S, S, 3) float32 in [-1, 1].
    """
    import cv2

    values = signed_to_unit(picture)
    own_axes = FaceCoordinates.of(points, picture.shape[0])
    other_x, other_y = own_axes.mirrored()
    grey = np.asarray(values @ np.array([0.299, 0.587, 0.114]), np.float32)
    light = cv2.GaussianBlur(grey, (0, 0), _BLUR * picture.shape[0] / 128)
    mirrored = cv2.remap(light, other_x, other_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    gain = np.sqrt((mirrored + 0.03) / (light + 0.03)).clip(*_GAIN)
    inside = np.clip((1.15 - own_axes.radius) / 0.3, 0, 1)
    changed = values * (1 + inside * (gain - 1))[..., None]
    return np.asarray(unit_to_signed(np.clip(changed, 0, 1)), np.float32)
