"""Adjusts a finished drawing: line width, skin and hair lightness, blending with the photo.

The page does the same (``web/src/vision/tuning.js``), and a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toonmark import cutout
from toonmark.errors import TuningError
from toonmark.landmarks import Array
from toonmark.ranges import unit

#: Lines from finer than drawn to about twice as wide; 1 leaves them.
FINEST, WIDEST = 0.5, 2.0
#: What is darker than its surroundings and narrower than this share of the edge is a line,
_LINE = 1 / 40
#: and at most it becomes wider by this share, on both sides together.
_MORE = 1 / 96


@dataclass(frozen=True)
class Tuning:
    """The changes to a drawing; unless told otherwise, none.

    Attributes:
        lines: their width, 0.5 to 2.
        skin, hair: how much lighter, -1 to 1. The style has to say where they are; brows go with
            the skin, beards and what covers the head with the hair.
        strength: how much is drawn, 0 to 1; the rest is the photo.

    Raises:
        TuningError: one of them is out of its range.
    """

    lines: float = 1.0
    skin: float = 0.0
    hair: float = 0.0
    strength: float = 1.0

    def __post_init__(self) -> None:
        for name, value, least, most in (
            ("Lines", self.lines, FINEST, WIDEST),
            ("Skin", self.skin, -1, 1),
            ("Hair", self.hair, -1, 1),
            ("Strength", self.strength, 0, 1),
        ):
            if not least <= value <= most:
                raise TuningError(
                    f"{name} cannot be tuned to {value:g}.",
                    f"Choose a number from {least:g} to {most:g}.",
                )


#: Nothing is changed.
AS_DRAWN = Tuning()


def tuned(drawing: Array, tuning: Tuning, photo: Array, parts: Array | None) -> Array:
    """The drawing as it is to be: first skin and hair, then lines, then the photo.

    Args:
        drawing: (s, s, 3) uint8 RGB, on white.
        tuning: what to change.
        photo: (s, s, 3) uint8 RGB, what was drawn.
        parts: (2, p, p) uint8: of how many in 255 a pixel is skin, and hair; or None.

    Returns:
        (s, s, 3) uint8 RGB.

    Raises:
        TuningError: skin or hair are to be changed, and nobody knows where they are.
    """
    if (tuning.skin or tuning.hair) and parts is None:
        raise TuningError(
            "This style does not say where skin and hair are.",
            "Leave their lightness as it is, or use comic or flat.",
        )
    for change, part in zip(
        (tuning.skin, tuning.hair), () if parts is None else parts, strict=False
    ):
        drawing = _lighter(drawing, change, part)
    drawing = _with_lines(drawing, tuning.lines)
    return mixed(drawing, tuning.strength, photo, drawing)


def _lighter(drawing: Array, change: float, part: Array) -> Array:
    """Black and white stay; between them, values are raised to a power (gamma correction)."""
    import cv2

    if change == 0:
        return drawing
    curve = 255 * (np.arange(256) / 255) ** 2.0**-change
    share = cv2.resize(unit(part), drawing.shape[:2])[..., None]
    return _whole(drawing + (curve[drawing] - drawing) * share)


def _with_lines(drawing: Array, lines: float) -> Array:
    """The drawing with other lines.

    The lines are what a morphological closing takes away, channel by channel (the black top-hat,
    Gonzalez and Woods, Digital Image Processing, section 9.6). Wider, they get what their dilation
    adds to their closing: what is narrow between two lines stays open, as in hatching. Finer, they
    lose what their erosion takes from their opening: no narrow line goes. Nothing becomes darker
    or lighter than what is within reach.
    """
    import cv2

    if lines == 1:
        return drawing
    size = len(drawing)
    line, more = (
        cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
        for reach in (_odd(_LINE * size), _odd(_MORE * size))
    )
    under = cv2.erode(cv2.dilate(drawing, line), line)
    depth = under - drawing
    share = abs(lines - 1.0)
    if lines > 1:
        wide = cv2.dilate(depth, more)
        added = wide - cv2.erode(wide, more)
        return np.maximum(_whole(drawing - added * share), cv2.erode(drawing, more))
    fine = cv2.erode(depth, more)
    taken = cv2.dilate(fine, more) - fine
    return np.minimum(_whole(drawing + taken * share), cv2.dilate(drawing, more))


def mixed(drawing: Array, strength: float, photo: Array, outline: Array) -> Array:
    """Some of the photo in place of the figure; the white around it stays.

    Args:
        drawing, photo: (s, s, 3) uint8 RGB.
        strength: how much is drawn, 0 to 1.
        outline: (s, s, 3) uint8 RGB, the drawing without any photo: where the figure is.
    """
    if strength == 1:
        return drawing
    share = (1 - strength) * cutout.cut_out(outline)[..., 3:] / 255
    return _whole(drawing + (photo.astype(np.float64) - drawing) * share)


def _whole(values: Array) -> Array:
    return np.rint(values.clip(0, 255)).astype(np.uint8)


def _odd(reach: float) -> int:
    """An element's width: the odd number next to it, 3 at least."""
    return 2 * max(1, int(reach / 2)) + 1
