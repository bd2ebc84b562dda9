"""The enumeration of a drawing's semantic layers: skin, hair, clothes, ink and others."""

from __future__ import annotations

from enum import IntEnum


class Layer(IntEnum):
    """The layer that a pixel of the illustration belongs to."""

    BACKGROUND = 0
    SKIN = 1
    SHADE = 2
    TOP_DARK = 3
    TOP_LIGHT = 4
    BEARD = 5
    BROW = 6
    EYE_WHITE = 7
    IRIS = 8
    INK = 9
    SOFT_LINE = 10
    LIPS = 11
    MOUTH = 12
    TEETH = 13
    BODY_DARK = 14
    BODY_MIDDLE = 15
    BODY_LIGHT = 16
    GLASSES = 17
    LIGHT = 18  # of skin; nobody learns it, see toonmark.models.layer_scores.toned
    OUTLINE = 19


#: Pixels of which nothing is known: beyond the photo's edge.
UNKNOWN = 255
