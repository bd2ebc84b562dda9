"""Background in cartoons: how much of a photo's shows in its drawing, and how clean the white is.

Users' photos have backgrounds; faces in the data are on white. A face is put over backgrounds
made by seed and drawn again: what is drawn should not change.
"""

from __future__ import annotations

import cv2
import numpy as np

from toonmark.landmarks import Array
from toonmark.surroundings import CLEAN, IN_DRAWING, MEASURED, surroundings

#: How much of a photo is white around the figure, at least, if it is cut out.
_CUT_OUT = 0.05
#: What is looked at for haze: its own share may not shrink the region.
_LOOSE = 200


def random_background(size: int, rng: np.random.Generator) -> Array:
    """Blurred noise over a slanted gradient, with some hard edges: (size, size, 3) float32."""
    ends = rng.uniform(0, 255, (2, 3))
    angle = rng.uniform(0, 2 * np.pi)
    ys, xs = np.mgrid[0:size, 0:size] / size - 0.5
    along = (np.cos(angle) * xs + np.sin(angle) * ys + 0.7) / 1.4
    picture = (ends[0] + along[..., None] * (ends[1] - ends[0])).astype(np.float32)
    coarse = rng.normal(0, rng.uniform(5, 60), (rng.integers(3, 24),) * 2 + (3,))
    picture += cv2.resize(coarse.astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    for _ in range(rng.integers(0, 4)):
        (x, y), (w, h) = rng.integers(0, size, 2), rng.integers(size // 8, size, 2)
        picture[y : y + h, x : x + w] = rng.uniform(0, 255, 3)
    return np.clip(picture, 0, 255)


def is_cut_out(photo: Array) -> bool:
    """Whether a photo, (H, W, 3) uint8, shows its figure on white."""
    return bool(surroundings(photo, MEASURED, below=True).mean() > _CUT_OUT)


def overlap(photo: Array, drawing: Array) -> float:
    """Intersection over union of two figures: of all but the white around them.

    Args:
        photo: (H, W, 3) uint8.
        drawing: (h, w, 3) uint8, the same frame.

    Returns:
        In [0, 1]; NaN where the photo is not cut out on white.
    """
    if not is_cut_out(photo):
        return float("nan")
    person = ~surroundings(photo, MEASURED, below=True)
    if drawing.shape != photo.shape:
        drawing = cv2.resize(drawing, photo.shape[1::-1], interpolation=cv2.INTER_AREA)
    return iou(person, ~surroundings(drawing, IN_DRAWING, below=True))


def iou(a: Array, b: Array) -> float:
    """Intersection over union of two masks of one shape, in [0, 1]; 0 if both are empty."""
    return float((a & b).sum() / max((a | b).sum(), 1))


def composite(picture: Array, background: Array) -> Array:
    """A face on white put over a background, its edge one pixel soft: (H, W, 3) uint8."""
    white = surroundings(picture, MEASURED, below=True).astype(np.float32)
    outside = cv2.GaussianBlur(white, (3, 3), 0)[..., None]
    return np.rint(picture * (1 - outside) + background * outside).astype(np.uint8)


def changes(on_white: Array, on_background: Array, face: Array) -> tuple[float, float]:
    """The change of a cartoon with the background, outside of the face and within.

    Args:
        on_white, on_background: (H, W, 3) uint8, the two drawings.
        face: (H, W, 3) uint8, the photo on white.

    Returns:
        Mean absolute difference as a share of the whole range; the outer region keeps three
        pixels away from the photo's outline, where a cartoon's hair may rightly lie.
    """
    difference = np.abs(np.float32(on_white) - np.float32(on_background)).mean(-1) / 255
    outside = surroundings(face, MEASURED, below=True).astype(np.uint8)
    kernel = np.ones((7, 7), np.uint8)
    far = cv2.erode(outside, kernel, borderValue=1) > 0
    near = outside == 0
    return (
        float(difference[far].mean()) if far.any() else float("nan"),
        float(difference[near].mean()) if near.any() else float("nan"),
    )


def haze(picture: Array) -> float:
    """Share of the white surroundings that is not quite white: halo and speckle.

    The region is found with a loose threshold (200 of 255), and what lies in it below 248 counts,
    but for the two pixels next to an outline, which any smooth edge has.
    """
    region = surroundings(picture, _LOOSE, below=True).astype(np.uint8)
    inner = cv2.erode(region, np.ones((5, 5), np.uint8), borderValue=1) > 0
    return float((picture.min(-1)[inner] < CLEAN).mean()) if inner.any() else 0.0


def chequer(picture: Array) -> float:
    """Strength of a pattern that alternates from pixel to pixel, as a share of the whole range.

    The mean size of the 2x2 difference (a - b - c + d) / 4, times its sign's regularity: an edge
    gives this once, a chequerboard in every second pixel with the opposite sign.
    """
    grey = np.float32(picture).mean(-1) / 255
    mixed = (grey[:-1, :-1] - grey[:-1, 1:] - grey[1:, :-1] + grey[1:, 1:]) / 4
    sign = 1 - 2 * (np.indices(mixed.shape).sum(0) % 2)
    size = 8
    h, w = (edge // size * size for edge in mixed.shape)
    tiles = (mixed * sign)[:h, :w].reshape(h // size, size, w // size, size)
    return float(np.abs(tiles.mean((1, 3))).mean())
