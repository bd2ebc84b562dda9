"""Head pose from five points: roughly, and well enough to warn."""

from __future__ import annotations

import numpy as np

from toonmark.landmarks import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, NOSE, RIGHT_EYE, Array

#: How far the tip of the nose stands out of the plane of eyes and mouth, in distances between the
#: eyes: about 36 of 62 mm.
NOSE_DEPTH = 0.58

#: Beyond this many degrees to the side a face is drawn with a warning: styles learn from frontal
#: faces.
TURNED = 35.0


def roll(points: Array) -> float:
    """Degrees by which a face leans clockwise in its picture: -180 to 180.

    Args:
        points: (5, 2) pixels.
    """
    points = np.asarray(points, np.float64)
    across = points[RIGHT_EYE] - points[LEFT_EYE] + points[MOUTH_RIGHT] - points[MOUTH_LEFT]
    return float(np.degrees(np.arctan2(across[1], across[0])))


def yaw(points: Array) -> float:
    """Degrees by which a face looks to the image's right (negative: left), within about 10.

    The nose moves across the face by its depth times the sine of the angle, while the eyes come
    closer by the cosine; so the one over the other is the tangent.

    Args:
        points: (5, 2) pixels.
    """
    points = np.asarray(points, np.float64)
    angle = np.radians(roll(points))
    across = points @ np.array([np.cos(angle), np.sin(angle)])
    eyes = max(float(across[RIGHT_EYE] - across[LEFT_EYE]), 1e-6)
    middle = across[[LEFT_EYE, RIGHT_EYE, MOUTH_LEFT, MOUTH_RIGHT]].mean()
    return float(np.degrees(np.arctan((across[NOSE] - middle) / eyes / NOSE_DEPTH)))


def is_turned(points: Array) -> bool:
    """Whether a face is turned too far to be drawn well."""
    return abs(yaw(points)) > TURNED
