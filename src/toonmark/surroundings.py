"""Finds the white background of a figure: thresholds and the region joined to the image's edge."""

from __future__ import annotations

import numpy as np

from toonmark.landmarks import Array

#: A pixel is white if its least channel is at least this, of 255. In a network's drawing, whose
#: white is uneven;
IN_DRAWING = 231
#: in photos and drawings that are measured alike;
MEASURED = 240
#: in a photo that a matte put on white: JPEG leaves it a little grey. Training has always cut
#: people out by this one;
IN_PHOTO = 242
#: and in print, or where a drawing is to be clean.
CLEAN = 248


def whiteness(picture: Array) -> Array:
    """The least channel of each pixel: (H, W, C) to (H, W)."""
    import cv2

    planes = cv2.split(picture)
    least = planes[0]
    for plane in planes[1:]:
        least = cv2.min(least, plane)
    return np.asarray(least)


def surroundings(picture: Array, white: int, below: bool = False) -> Array:
    """The white that is connected to the picture's edge: (H, W, 3) uint8 to (H, W) bool.

    White inside the outline (teeth, eyes, a collar) is none of it.

    Args:
        white: the least channel from which on a pixel is white, see above.
        below: the bottom counts as an edge too. A white shirt leaves the picture there.
    """
    import cv2

    count, labels = cv2.connectedComponents(
        (whiteness(picture) >= white).astype(np.uint8), connectivity=4
    )
    touching = np.zeros(count, bool)
    edges = [labels[0], labels[:, 0], labels[:, -1], *([labels[-1]] if below else [])]
    touching[np.concatenate(edges)] = True
    touching[0] = False  # what is not white
    return np.asarray(touching[labels])
