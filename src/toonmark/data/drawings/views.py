"""Test-time augmentation: the median of a photo's drawings from several augmented views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from toonmark.faces.align import crop, invert, transform_points, warped
from toonmark.landmarks import Array, mirror
from toonmark.ranges import signed_to_unit, unit_to_signed

#: (N, 3, S, S) float32 in [-1, 1] and (N, 5, 2) to (N, 3, S, S), as a style pack draws.
Draw = Callable[[Array, Array], Array]

#: How far views differ: degrees, share of the size, pixels at 128, exponent of brightness.
_DEGREES, _ZOOM, _SHIFT, _GAMMA = 5.0, 0.05, 3.0, 1.25


@dataclass(frozen=True)
class View:
    """One augmented view of a picture.

    Attributes:
        transform: (2, 3), the picture's pixels to the view's.
        mirrored: whether it is then turned into its mirror image.
        gamma: exponent of its brightness.
    """

    transform: Array
    mirrored: bool
    gamma: float

    def of(self, picture: Array, points: Array) -> tuple[Array, Array]:
        """The picture and its points as seen so: (S, S, 3) in [-1, 1] and (5, 2)."""
        size = picture.shape[0]
        seen: Array = np.asarray(crop(picture, self.transform, size), np.float32)
        points = transform_points(points, self.transform)
        if self.gamma != 1:
            brightness = np.clip(signed_to_unit(seen), 0, 1)
            seen = unit_to_signed(brightness ** np.float32(self.gamma))
        if self.mirrored:
            seen, points = seen[:, ::-1], mirror(points, size)
        return seen, np.asarray(points, np.float32)

    def back(self, drawing: Array) -> Array:
        """A drawing of this view where the picture was: (S, S, 3)."""
        import cv2

        if self.mirrored:
            drawing = drawing[:, ::-1]
        # Not the crop's bilinear filter: lines of two pixels are to stay sharp.
        return warped(drawing, invert(self.transform), drawing.shape[0], cv2.INTER_CUBIC)


def views(count: int, size: int, random: np.random.Generator) -> list[View]:
    """The picture itself, its mirror image, and others, every second of them mirrored."""
    still = np.array([[1.0, 0, 0], [0, 1, 0]])
    chosen = [View(still, False, 1.0), View(still, True, 1.0)][:count]
    middle = np.full(2, (size - 1) / 2)
    while len(chosen) < count:
        angle = np.deg2rad(random.uniform(-_DEGREES, _DEGREES))
        zoom = random.uniform(1 - _ZOOM, 1 + _ZOOM)
        linear = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        shift = random.uniform(-1, 1, 2) * _SHIFT * size / 128
        transform = np.column_stack([linear, middle + shift - linear @ middle])
        gamma = float(np.exp(random.uniform(-1, 1) * np.log(_GAMMA)))
        chosen.append(View(transform, len(chosen) % 2 == 1, gamma))
    return chosen


def median_of_views(
    draw: Draw, picture: Array, points: Array, count: int, random: np.random.Generator
) -> Array:
    """The median of what is drawn from several views.

    Marks that a slightly other light or place does not bring about are not in it, and both halves
    of a face are drawn alike more often.

    Args:
        draw: the style.
        picture: (S, S, 3) float32 in [-1, 1].
        points: (5, 2) pixels.
        count: of views; with 1 the drawing is what the style draws.
        random: which views.

    Returns:
        (S, S, 3) float32 about [-1, 1].
    """
    chosen = views(count, picture.shape[0], random)
    seen = [view.of(picture, points) for view in chosen]
    batch = np.stack([one.transpose(2, 0, 1) for one, _ in seen])
    drawn = draw(np.ascontiguousarray(batch), np.stack([place for _, place in seen]))
    each = [view.back(one.transpose(1, 2, 0)) for view, one in zip(chosen, drawn, strict=True)]
    return np.asarray(np.median(each, axis=0), np.float32)
