"""Resizes a cartoon, and makes its white background transparent."""

from __future__ import annotations

import numpy as np

from toonmark.cancellation import checkpoint
from toonmark.enlarge import LEAST, enlarged
from toonmark.landmarks import Array
from toonmark.surroundings import IN_DRAWING, surroundings, whiteness

#: Pixels, at 128, over which an outline fades into the white.
EDGE = 2

#: Edge in pixels of what is cut out at a time.
_TILE = 512


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

    checkpoint()
    if image.shape[0] == size:
        return image
    if image.shape[2] == 3 and size >= LEAST * image.shape[0]:
        return enlarged(image, size)
    picture = Image.fromarray(np.ascontiguousarray(image))
    return np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS))


def figure(
    image: Array, size: int, outline: Array | None = None, whole: Array | None = None
) -> Array:
    """A cartoon at another size without the white around it.

    Cut out once it is large, along its sharp lines; but made smaller only after it was cut out,
    while its outline is still whole.

    Args:
        image: (s, s, 3) uint8, a cartoon on white.
        outline: (s, s, 3) uint8, see :func:`cut_out`.
        whole: (size, size, 3) uint8, the cartoon at that size on white, if it is there already.

    Returns:
        (size, size, 4) uint8 RGBA.
    """
    if size >= LEAST * image.shape[0]:
        large = resized(image, size) if whole is None else whole
        return cut_out(large, None if outline is None else resized(outline, size))
    return resized(cut_out(image, outline), size)


def cut_out(image: Array, outline: Array | None = None) -> Array:
    """Makes the white around a cartoon transparent.

    That is the white that touches the top, left or right edge, so the white of an eye or a shirt
    stays. Outlines that were smoothed into the white become half transparent, and lose the white
    in their colour: on white, the result looks exactly like ``image``; on black, it has no halo.

    Args:
        image: (s, s, 3) uint8, a cartoon on white.
        outline: (s, s, 3) uint8, the same without the photo that is mixed into it, in which white
            may touch the edge; it is cut out along this.

    Returns:
        (s, s, 4) uint8 RGBA.
    """
    checkpoint()
    size = image.shape[0]
    drawn = image if outline is None else outline
    darkest = whiteness(drawn)
    background = surroundings(drawn, IN_DRAWING)
    result = np.dstack([image, np.uint8(255) * ~background])
    result[background, :3] = 255
    # A tile at a time, and only where there is an edge: discs take long, the rest takes memory.
    for top in range(0, size, _TILE):
        for left in range(0, size, _TILE):
            _soften(result, image, darkest, background, (top, left))
    return result


def _soften(
    result: Array, image: Array, darkest: Array, background: Array, corner: tuple[int, int]
) -> None:
    """Makes outlines in one tile half transparent, and takes the white out of their colour."""
    import cv2

    radius = max(1, round(EDGE * image.shape[0] / 128))
    (top, left), (above, before) = corner, (max(0, start - radius) for start in corner)
    tile = np.s_[top : top + _TILE, left : left + _TILE]
    around = np.s_[above : top + _TILE + radius, before : left + _TILE + radius]
    inside = np.s_[top - above :, left - before :]
    outer = background[around].astype(np.uint8)
    if not 0 < np.count_nonzero(outer) < outer.size:
        return
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
    near_white = cv2.dilate(outer, disc)
    near_figure = cv2.dilate(1 - outer, np.ones((3, 3), np.uint8))
    edge = cv2.min(near_white, near_figure).astype(bool)[inside][:_TILE, :_TILE]

    # At the edge a pixel is c = a·f + (1 - a)·white. The figure's own colour f is taken from the
    # darkest pixel near by, and a is how far the pixel is on the way there from white.
    inked = cv2.erode(darkest[around], disc)[inside][:_TILE, :_TILE][edge]
    depth = (255.0 - darkest[tile][edge]) / np.maximum(255.0 - inked, 1.0)
    alpha = np.rint(np.clip(depth, 0, 1) * 255)
    share = np.maximum(alpha, 1)[:, None] / 255
    colour = np.rint(255 - (255 - image[tile][edge].astype(np.float32)) / share)
    colour = np.where(alpha[:, None] > 0, np.clip(colour, 0, 255), 255)
    result[tile][edge] = np.column_stack([colour, alpha])
