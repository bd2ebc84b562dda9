"""What is made of a drawn cartoon: larger, cut out of its white, back in its photo, beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from toonmark.enlarge import LEAST, enlarged
from toonmark.faces.align import crop, scale_of
from toonmark.landmarks import Array

if TYPE_CHECKING:
    from toonmark.cartoon import Cartoon

#: How far below 255 the darkest channel of the white around a cartoon may fall.
WHITE = 24

#: Pixels, at 128, over which an outline fades into the white.
EDGE = 2

#: Pixels of edge up to which a cartoon is enlarged with sharp lines to be put into its photo; a
#: face that fills a 12-megapixel photo would take seconds and hundreds of megabytes else.
LARGEST_LAYER = 1024

#: Part of the crop's edge over which a cartoon fades into its photo.
FEATHER = 0.06


def resized(image: Array, size: int) -> Array:
    """Makes a square picture larger or smaller.

    A drawing that becomes ``LEAST`` times as large or more keeps sharp lines; all else goes
    through a Lanczos filter.

    Args:
        image: (s, s, 3) or (s, s, 4) uint8; colours count as much as they can be seen.

    Returns:
        (size, size, 3 or 4) uint8.
    """
    from PIL import Image

    if image.shape[0] == size:
        return image
    if image.shape[2] == 3 and size >= LEAST * image.shape[0]:
        return enlarged(image, size)
    picture = Image.fromarray(np.ascontiguousarray(image))
    return np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS))


def figure(image: Array, size: int) -> Array:
    """A cartoon at another size without the white around it.

    Cut out once it is large, along its sharp lines; but made smaller only after it was cut out,
    while its outline is still whole.

    Args:
        image: (s, s, 3) uint8, a cartoon on white.

    Returns:
        (size, size, 4) uint8 RGBA.
    """
    if size >= LEAST * image.shape[0]:
        return cut_out(resized(image, size))
    return resized(cut_out(image), size)


def cut_out(image: Array) -> Array:
    """Makes the white around a cartoon transparent.

    That is the white that touches the top, left or right edge, so the white of an eye or a shirt
    stays. Outlines that were smoothed into the white become half transparent, and lose the white
    in their colour: on white, the result looks exactly like ``image``; on black, it has no halo.

    Args:
        image: (s, s, 3) uint8, a cartoon on white.

    Returns:
        (s, s, 4) uint8 RGBA.
    """
    import cv2

    size = image.shape[0]
    darkest = image.min(axis=2)
    background = _outside(darkest >= 255 - WHITE)
    reach = 2 * max(1, round(EDGE * size / 128)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    near_white = cv2.dilate(background.astype(np.uint8), disc).astype(bool)
    near_figure = cv2.dilate((~background).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    edge = near_white & near_figure

    # At the edge a pixel is c = a·f + (1 - a)·white. The figure's own colour f is taken from the
    # darkest pixel near by, and a is how far the pixel is on the way there from white.
    inked = cv2.erode(darkest, disc)
    depth = (255.0 - darkest) / np.maximum(255.0 - inked, 1.0)
    alpha = np.where(edge, np.clip(depth, 0, 1), ~background)
    alpha = np.rint(alpha * 255)
    share = np.maximum(alpha, 1)[..., None] / 255
    colour = np.rint(255 - (255 - image.astype(np.float32)) / share)
    colour = np.where(alpha[..., None] > 0, np.clip(colour, 0, 255), 255)
    return np.dstack([colour, alpha]).astype(np.uint8)


def _outside(white: Array) -> Array:
    """The white that is connected to the top, left or right edge: (s, s) bool."""
    import cv2

    count, labels = cv2.connectedComponents(white.astype(np.uint8), connectivity=4)
    touching = np.zeros(count, bool)
    touching[np.concatenate([labels[0], labels[:, 0], labels[:, -1]])] = True
    touching[0] = False  # what is not white
    return touching[labels]


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

    # Brought to the photo's scale first: what remains is a turn and a shift, and for a very
    # large face some smooth enlargement.
    size = round(cartoon.image.shape[0] / scale_of(cartoon.transform))
    size = min(max(size, 1), LARGEST_LAYER)
    layer = figure(cartoon.image, size).astype(np.float32)
    layer[..., 3] *= _fade(size)
    layer[..., :3] *= layer[..., 3:] / 255  # colours weigh what they cover
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
    part = photo[low[1] : high[1], low[0] : high[0]]
    mixed = part * (1 - warped[..., 3:] / 255) + warped[..., :3]
    part[...] = np.clip(np.rint(mixed), 0, 255)


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
