"""The alpha matte of a figure already on white, by flood fill from the border."""

from __future__ import annotations

import numpy as np

from toonmark.landmarks import Array
from toonmark.ranges import unit
from toonmark.surroundings import IN_PHOTO, surroundings


def matte_on_white(image: Array) -> Array:
    """The share of each pixel that is the person: (H, W) float32 in [0, 1].

    White inside the outline (teeth, eyes, a collar) stays; the edge is one pixel soft.

    Args:
        image: (H, W, 3) uint8 RGB on a white background.
    """
    import cv2

    person = ~surroundings(image, IN_PHOTO)
    inner = cv2.erode(person.astype(np.float32), np.ones((3, 3), np.float32))
    soft = cv2.GaussianBlur(inner, (3, 3), 0)
    return np.clip(soft, 0, 1)


def lift(image: Array, alpha: Array) -> Array:
    """Premultiplied RGBA of a person on white: (H, W, 4) float32 in [0, 1].

    At the soft edge the white is taken out of the colour, so that it leaves no halo elsewhere.
    """
    colour = unit(image)
    premultiplied = np.clip(colour - (1 - alpha[..., None]), 0, alpha[..., None])
    return np.concatenate([premultiplied, alpha[..., None]], axis=2)
