"""Rotation and pixel shape of a film, as players show it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from toonmark.landmarks import Array

#: A pixel wider or higher than so many times its other side is a mistake in the file.
MOST_STRETCHED = 4


@dataclass(frozen=True)
class Lie:
    """One of the eight ways in which a picture may lie in its file.

    Attributes:
        transposed: rows are columns; done before the others.
        left_right: mirrored from left to right.
        up_down: mirrored from top to bottom.
    """

    transposed: bool = False
    left_right: bool = False
    up_down: bool = False

    def upright(self, pixels: Array) -> Array:
        """(h, w, c) as it is shown: (h, w, c), or (w, h, c) where it is transposed."""
        if self.transposed:
            pixels = pixels.swapaxes(0, 1)
        pixels = pixels[:: -1 if self.up_down else 1, :: -1 if self.left_right else 1]
        return np.ascontiguousarray(pixels)


#: By quarters anticlockwise.
_TURNED = (Lie(), Lie(True, up_down=True), Lie(False, True, True), Lie(True, left_right=True))


def lie_of(frame: Any) -> Lie:
    """The rotation by a decoded frame's display matrix; upright where it says nothing."""
    try:
        stored = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:
        # Beside it lies what PyAV has no name for, such as EXIF; the angle it tells all the same.
        return _TURNED[round(frame.rotation / 90) % 4]
    if stored is None or len(bytes(stored)) < 36:
        return Lie()
    # Shown x = a·x + c·y, shown y = b·x + d·y; the matrix is stored as a b u, c d v, x y w.
    a, b, _, c, d = np.frombuffer(bytes(stored), np.int32)[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Lie(True, left_right=c < 0, up_down=b < 0)
    return Lie(False, left_right=a < 0, up_down=d < 0)


def shown_size(width: int, height: int, pixel: Fraction | None) -> tuple[int, int]:
    """Width and height in square pixels: the shorter way is stretched, so nothing is lost.

    Args:
        pixel: width of a pixel over its height; None or 0 where the file does not say.
    """
    if not pixel or not Fraction(1, MOST_STRETCHED) <= pixel <= MOST_STRETCHED:
        return width, height
    if pixel > 1:
        return round(width * pixel), height
    return width, round(height / pixel)


def fitted(pixels: Array, width: int, height: int) -> Array:
    """A picture of another size in the middle of a film's, undistorted, black around it.

    Args:
        pixels: (h, w, 3) uint8.

    Returns:
        (height, width, 3) uint8; ``pixels`` itself where it is of this size.
    """
    import cv2

    own_height, own_width = pixels.shape[:2]
    if (own_width, own_height) == (width, height):
        return pixels
    scale = min(width / own_width, height / own_height)
    size = max(1, round(own_width * scale)), max(1, round(own_height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    canvas = np.zeros((height, width, 3), np.uint8)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    resized = cv2.resize(pixels, size, interpolation=how)
    canvas[top : top + size[1], left : left + size[0]] = resized
    return canvas
