"""animeface, which finds faces and their parts in anime drawings."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import cv2
import numpy as np

from toonmark.errors import MissingExtraError, PillowTooNewError
from toonmark.landmarks import Array

#: The first Pillow with which animeface finds nothing, and does not say so.
PILLOW_TOO_NEW = 12


@dataclass(frozen=True, eq=False)
class Found:
    """The largest face of a drawing.

    Attributes:
        points: (5, 2) pixels; the mouth's corners are its box's sides.
        likelihood: how sure the detector is, 0 to 1.
    """

    points: Array
    likelihood: float


class AnimeFace:
    """animeface (Takahashi, after nagadomi's AnimeFace-2009); safe to call from several threads.

    It likes pictures of about 128 pixels with some room around the face.

    Raises:
        PillowTooNewError: Pillow 12 or newer is installed, with which it finds nothing.
        MissingExtraError: the package is not installed.
    """

    size: ClassVar[int] = 192
    margin: ClassVar[float] = 0.25
    identity = "animeface 2.0, 192 px, margin 0.25, middles of pixels"

    def __init__(self) -> None:
        import PIL

        try:
            self._detect: Callable[[Any], Any] = importlib.import_module("animeface").detect
        except ModuleNotFoundError as error:
            raise MissingExtraError("The detector animeface", "anime") from error
        if int(PIL.__version__.partition(".")[0]) >= PILLOW_TOO_NEW:
            raise PillowTooNewError(
                f"animeface finds no face at all with Pillow {PIL.__version__}, and does not say"
                f" so: it needs one before {PILLOW_TOO_NEW}.",
                "Install both in an environment of their own: pip install 'toonmark[anime]'"
                f" 'pillow<{PILLOW_TOO_NEW}'",
            )
        self._lock = threading.Lock()  # a C library, of which nobody says that threads may share it

    def find(self, picture: Array) -> Array | None:
        """(H, W, 3) uint8 RGB to (5, 2) pixels, or None where no face is found."""
        found = self.largest(picture, self.size, self.margin)
        return None if found is None else found.points

    def largest(self, picture: Array, size: int, margin: float) -> Found | None:
        """The largest face of a picture that is brought to a size and given a white margin.

        Args:
            picture: (H, W, 3) uint8 RGB.
            size: longer edge in pixels, margin included, at which it is looked at.
            margin: on all sides, as a share of the longer edge.
        """
        from PIL import Image

        pad = round(max(picture.shape[:2]) * margin)
        padded = cv2.copyMakeBorder(
            np.ascontiguousarray(picture),
            *(pad,) * 4,
            borderType=cv2.BORDER_CONSTANT,
            value=(255, 255, 255),
        )
        scale = size / max(padded.shape[:2])
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        resized = cv2.resize(padded, None, fx=scale, fy=scale, interpolation=method)
        with self._lock:
            faces = self._detect(Image.fromarray(resized))
        if not faces:
            return None
        face = max(faces, key=lambda one: one.face.pos.width)
        return Found((_points(face) + 0.5) / scale - 0.5 - pad, float(face.likelihood))


def _points(face: Any) -> Array:
    """Its boxes of whole pixels as our points: (5, 2). A box of w pixels has its middle at
    (w - 1) / 2 from its first; its left eye is the person's own, the image's right."""

    def middle(box: Any) -> list[float]:
        return [box.x + (box.width - 1) / 2, box.y + (box.height - 1) / 2]

    mouth = face.mouth.pos
    y = middle(mouth)[1]
    eyes = sorted([middle(face.left_eye.pos), middle(face.right_eye.pos)])
    nose = [face.nose.pos.x, face.nose.pos.y]
    corners = [[mouth.x, y], [mouth.x + mouth.width - 1, y]]
    return np.array([*eyes, nose, *corners], np.float64)
