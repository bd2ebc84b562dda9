"""A face's own axes, and where a picture's pixels lie along them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toonmark.landmarks import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, RIGHT_EYE, Array

#: The face is an ellipse: half its width in inter-eye distances, half its height in distances
#: from the eyes to the mouth.
WIDTH, HEIGHT = 1.05, 1.35


@dataclass(frozen=True)
class FaceAxes:
    """Across and down a face, by its eyes.

    Attributes:
        eyes: (2,) pixels, the middle between the eyes.
        right: (2,) unit vector from the left eye to the right one.
        down: (2,) unit vector down the face, at a right angle to it.
        unit: distance between the eyes in pixels.
    """

    eyes: Array
    right: Array
    down: Array
    unit: float

    @classmethod
    def of(cls, points: Array) -> FaceAxes:
        """The axes of a face by its five points, (5, 2) pixels."""
        points = np.asarray(points, np.float64)
        across = points[RIGHT_EYE] - points[LEFT_EYE]
        unit = max(float(np.linalg.norm(across)), 1e-6)
        right = across / unit
        eyes = (points[LEFT_EYE] + points[RIGHT_EYE]) / 2
        return cls(eyes, right, np.array([-right[1], right[0]]), unit)


@dataclass(frozen=True)
class FaceCoordinates:
    """Each pixel's coordinates along a face's own axes.

    Attributes:
        aside: (S, S), from the face's axis to the right, in distances between the eyes.
        down: (S, S), from the face's middle, in distances from the eyes to the mouth: the eyes
            are at -0.6, the mouth at 0.4.
        axis: (2,) unit vector from the left eye to the right one.
        unit: distance between the eyes in pixels.
    """

    aside: Array
    down: Array
    axis: Array
    unit: float

    @classmethod
    def of(cls, points: Array, size: int) -> FaceCoordinates:
        """Pixels by a face's axes: (5, 2) points, pixels of a square picture of ``size``."""
        points = np.asarray(points, np.float64)
        axes = FaceAxes.of(points)
        axis, width = axes.right, axes.unit
        mouth = (points[MOUTH_LEFT] + points[MOUTH_RIGHT]) / 2
        height = max(float(np.linalg.norm(mouth - axes.eyes)), 1e-6)
        middle = (axes.eyes + mouth) / 2 + 0.1 * height * axes.down
        ys, xs = np.mgrid[:size, :size]
        aside = (xs - middle[0]) * axis[0] + (ys - middle[1]) * axis[1]
        down = (ys - middle[1]) * axis[0] - (xs - middle[0]) * axis[1]
        return cls(aside / width, down / height, axis, width)

    @property
    def radius(self) -> Array:
        """(S, S): the ellipse's, squared; below 1 within the face."""
        return np.asarray((self.aside / WIDTH) ** 2 + (self.down / HEIGHT) ** 2)

    def mirrored(self) -> tuple[Array, Array]:
        """Where each pixel's mirror image is on the face's other side: x and y, (S, S) float32."""
        ys, xs = np.mgrid[: self.aside.shape[0], : self.aside.shape[1]]
        shift = 2 * self.aside * self.unit
        return (
            np.asarray(xs - shift * self.axis[0], np.float32),
            np.asarray(ys - shift * self.axis[1], np.float32),
        )
