"""Pastes a cartoon back into its photo, or places the two side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from toonmark.cancellation import checkpoint
from toonmark.cartoon import Cartoon
from toonmark.cutout import figure, resized
from toonmark.faces.align import crop, scale_of
from toonmark.landmarks import Array

#: Pixels of edge up to which a cartoon is enlarged with sharp lines to be put into its photo; a
#: face that fills a 12-megapixel photo would take seconds and hundreds of megabytes else.
LARGEST_LAYER = 1024

#: Part of the crop's edge over which a cartoon fades into its photo.
FEATHER = 0.06

#: Pixels that are mixed at a time: they stay in the processor's cache.
_BAND = 2**15


def in_photo(photo: Array, cartoons: Sequence[Cartoon]) -> Array:
    """Puts cartoons back where their faces were; the nearest (largest) face ends on top.

    The white around a cartoon leaves the photo as it is; towards the edge of its crop it fades.

    Args:
        photo: (h, w, 3) uint8, the whole photo that the cartoons were made from.

    Returns:
        (h, w, 3) uint8. Pixels away from the faces are exactly the photo's.
    """
    result = photo.copy()
    for cartoon in sorted(cartoons, key=lambda one: one.face_size):
        _put_back(result, cartoon)
    return result


def _put_back(photo: Array, cartoon: Cartoon) -> None:
    import cv2

    checkpoint()
    # Brought to the photo's scale first: what remains is a turn and a shift, and for a very
    # large face some smooth enlargement.
    size = round(cartoon.image.shape[0] / scale_of(cartoon.transform))
    size = min(max(size, 1), LARGEST_LAYER)
    cut = figure(cartoon.image, size, cartoon.outline)
    *colours, alpha = (part.astype(np.float32) for part in cv2.split(cut))
    alpha *= _fade(size)
    weight = alpha / 255
    for colour in colours:
        colour *= weight  # colours weigh what they cover
    layer = cv2.merge([*colours, alpha])
    forth = scaled(cartoon.transform, size / cartoon.image.shape[0])

    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]]) - 0.5
    linear = np.linalg.inv(forth[:, :2])
    places = (corners - forth[:, 2]) @ linear.T
    low = np.maximum(np.floor(places.min(0)).astype(int), 0)
    high = np.minimum(np.ceil(places.max(0)).astype(int) + 1, photo.shape[1::-1])
    if (high <= low).any():
        return
    to_layer = forth.copy()
    to_layer[:, 2] += forth[:, :2] @ low
    width, height = (int(side) for side in high - low)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(layer, to_layer, (width, height), flags=flags)
    rows = max(1, _BAND // width)
    for row in range(0, height, rows):
        *new, cover = cv2.split(warped[row : row + rows])
        rest = 1 - cover / 255
        part = photo[low[1] + row : low[1] + row + len(cover), low[0] : high[0]]
        mixed = (rest * old + colour for old, colour in zip(cv2.split(part), new, strict=True))
        part[...] = cv2.merge([np.clip(np.rint(one), 0, 255).astype(np.uint8) for one in mixed])


def _fade(size: int) -> Array:
    """1 within a crop, falling smoothly to 0 at its edges: (size, size)."""
    steps = (np.arange(size, dtype=np.float32) + 0.5) / size
    ramp = np.clip(np.minimum(steps, 1 - steps) / FEATHER, 0, 1)
    ramp = ramp * ramp * (3 - 2 * ramp)
    return ramp[:, None] * ramp[None, :]


def side_by_side(photo: Array, cartoon: Cartoon, size: int) -> Array:
    """The face as the photo has it, upright, and its cartoon to the right of it.

    Args:
        photo: (h, w, 3) uint8, the whole photo.
        size: edge of each in pixels.

    Returns:
        (size, 2 · size, 3) uint8.
    """
    transform = scaled(cartoon.transform, size / cartoon.image.shape[0])
    face = np.rint(crop(photo, transform, size)).astype(np.uint8)
    return np.hstack([face, resized(cartoon.image, size)])


def scaled(transform: Array, factor: float) -> Array:
    """A transform to a crop, for the same crop ``factor`` times larger: (2, 3)."""
    result = np.asarray(transform, np.float64) * factor
    result[:, 2] += (factor - 1) / 2  # pixel centres are at whole numbers
    return result
