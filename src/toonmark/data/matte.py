"""The matte of a picture on white: everything but the white that reaches the border."""

from __future__ import annotations

import numpy as np

from toonmark.landmarks import Array

#: From which darkest channel on a pixel counts as background; JPEG leaves white a little grey.
WHITE = 242


def matte_on_white(image: Array, white: int = WHITE) -> Array:
    """How much of each pixel is the person: (H, W) float32 in [0, 1].

    White inside the outline (teeth, eyes, a collar) stays; the edge is one pixel soft.

    Args:
        image: (H, W, 3) uint8 RGB on a white background.
    """
    import cv2

    # A white frame joins all background that reaches the border; not at the bottom, where a
    # white shirt leaves the picture.
    nearly = np.pad(
        (image.min(axis=2) >= white).astype(np.uint8),
        ((1, 0), (1, 1)),
        mode="constant",
        constant_values=1,
    )
    mask = np.zeros((nearly.shape[0] + 2, nearly.shape[1] + 2), np.uint8)
    cv2.floodFill(nearly, mask, (0, 0), 2, flags=4)
    background = (nearly == 2)[1:, 1:-1]
    person = cv2.erode((~background).astype(np.float32), np.ones((3, 3), np.float32))
    soft = cv2.GaussianBlur(person, (3, 3), 0)
    return np.clip(soft, 0, 1)


def lift(image: Array, alpha: Array) -> Array:
    """Premultiplied RGBA of a person on white: (H, W, 4) float32 in [0, 1].

    At the soft edge the white is taken out of the colour, so that it leaves no halo elsewhere.
    """
    colour = image.astype(np.float32) / 255
    premultiplied = np.clip(colour - (1 - alpha[..., None]), 0, alpha[..., None])
    return np.concatenate([premultiplied, alpha[..., None]], axis=2)
