"""Chooses the faces of a photo that are drawn, and checks given landmarks."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from toonmark.errors import FaceTooSmallError, LandmarksError, NoFaceError
from toonmark.faces.align import invert, transform_points
from toonmark.faces.detect import Face
from toonmark.landmarks import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, RIGHT_EYE, Array
from toonmark.pictures import Photo

#: A face whose box is smaller than this, in the photo's pixels, is not drawn.
SMALLEST_FACE = 32

#: Which faces of a photo to draw; a number counts them from the left, beginning with 1.
Faces: TypeAlias = Literal["largest", "all"] | int


def faces_of(text: str) -> Faces | None:
    """The choice of ``largest``, ``all`` or a number from 1; None for anything else."""
    if text == "largest" or text == "all":
        return text  # type: ignore[return-value]
    return int(text) if text.isdecimal() and len(text) < 5 and int(text) > 0 else None


def choose(
    found: list[Face], faces: Faces, reduction: int
) -> tuple[list[tuple[int | None, Face]], str]:
    """Chooses the wanted faces that are large enough.

    Args:
        found: in the pixels of a photo that may be a reduced one.
        reduction: the file's picture is this many times larger, each way.

    Returns:
        The faces with their numbers, from left to right; and what is to be said of those that are
        too small, empty if there are none.

    Raises:
        NoFaceError: there is none, or none of that number.
        FaceTooSmallError: what is wanted has too few pixels.
    """
    if not found:
        raise NoFaceError(
            "No face was found.",
            "Take a photo that shows one from the front, or give its landmarks.",
        )
    chosen: list[tuple[int | None, Face]]
    numbered = list(enumerate(sorted(found, key=lambda face: face.box[0]), 1))
    if faces == "largest":
        # It gets no number: the small faces beside it were not looked for.
        chosen = [(None, max(found, key=lambda face: face.size))]
    elif faces == "all":
        chosen = [*numbered]
    elif isinstance(faces, int):
        chosen = [pair for pair in numbered if pair[0] == faces]
    else:
        raise ValueError(f"faces is 'largest', 'all' or a number, not {faces!r}")
    if not chosen:
        raise NoFaceError(
            f"There is no face number {faces}: {len(found)} found.",
            f"Choose from 1 (the leftmost) to {len(found)}.",
        )
    large = [pair for pair in chosen if pair[1].size * reduction >= SMALLEST_FACE]
    if not large:
        size = int(max(face.size for _, face in chosen) * reduction)
        raise FaceTooSmallError(
            f"The face is {size} pixels large; {SMALLEST_FACE} is the least that can be drawn.",
            "Use a photo taken from nearer, or of a higher resolution.",
        )
    sizes = [face.size * reduction for _, face in chosen]
    return large, _left_out(sorted(int(size) for size in sizes if size < SMALLEST_FACE))


def _left_out(sizes: list[int]) -> str:
    if not sizes:
        return ""
    if len(sizes) == 1:
        return f"1 face of {sizes[0]} pixels was left out; {SMALLEST_FACE} is the least."
    span = f"{sizes[0]} to {sizes[-1]}" if sizes[0] < sizes[-1] else f"{sizes[0]}"
    return f"{len(sizes)} faces of {span} pixels were left out; {SMALLEST_FACE} is the least."


def check_landmarks(landmarks: Array, photo: Photo) -> Array:
    """Given landmarks in the pixels of a photo that may be a reduced one: (n, 5, 2).

    Raises:
        LandmarksError: they are no five points a face, lie outside, or are in the wrong order.
    """
    points = np.asarray(landmarks, np.float64)
    if points.shape[-2:] != (5, 2) or points.ndim not in (2, 3) or points.size == 0:
        raise LandmarksError(
            f"Landmarks of shape {points.shape} are not five points a face.",
            "Give (5, 2) or (n, 5, 2) pixels: eyes, nose, corners of the mouth.",
        )
    points = points.reshape(-1, 5, 2)
    width, height = photo.size
    inside = (points >= -0.5) & (points <= np.array([width, height]) - 0.5)
    if not inside.all():  # nor is NaN inside
        raise LandmarksError(
            f"Landmarks lie outside the photo, which has {width} × {height} pixels.",
            "Give them in the pixels of the upright photo.",
        )
    eyes = points[:, RIGHT_EYE] - points[:, LEFT_EYE]
    down = points[:, [MOUTH_LEFT, MOUTH_RIGHT]].mean(1) - points[:, [LEFT_EYE, RIGHT_EYE]].mean(1)
    mouth = points[:, MOUTH_RIGHT] - points[:, MOUTH_LEFT]
    mirrored = eyes[:, 0] * down[:, 1] - eyes[:, 1] * down[:, 0] <= 0
    crossed = (eyes * mouth).sum(1) <= 0
    if (mirrored | crossed).any():
        raise LandmarksError(
            "The landmarks are of no face, or left and right are exchanged.",
            "Give left eye, right eye, nose, left and right corner of the mouth; left is the "
            "image's left.",
        )
    return transform_points(points, invert(photo.to_full))
