"""Finders of points by name, and the one for anime faces."""

from __future__ import annotations

import difflib
from typing import ClassVar

import cv2
import numpy as np

from toonmark.errors import MissingExtraError
from toonmark.evaluation.errors import PillowTooNewError, UnknownFinderError
from toonmark.evaluation.structure import Mtcnn, PointFinder
from toonmark.landmarks import Array

#: The first Pillow with which animeface finds nothing, and does not say so.
PILLOW_TOO_NEW = 12


class AnimeFace:
    """animeface (Takahashi, after nagadomi's imager), the detector that anime sets are made with.

    It likes pictures of about 128 pixels with some room around the face: tight crops are padded
    with white. It gives boxes of whole pixels; the mouth's corners are its box's sides.

    Raises:
        PillowTooNewError: Pillow 12 or newer is installed, with which it finds nothing.
        MissingExtraError: the package is not installed.
    """

    size: ClassVar[int] = 192
    margin: ClassVar[float] = 0.25
    identity = "animeface 2.0, 192 px, margin 0.25"

    def __init__(self) -> None:
        import PIL

        if int(PIL.__version__.partition(".")[0]) >= PILLOW_TOO_NEW:
            raise PillowTooNewError(
                f"animeface finds no face at all with Pillow {PIL.__version__}, and does not say"
                " so.",
                f"Install an older one: pip install 'toonmark[anime]' 'pillow<{PILLOW_TOO_NEW}'",
            )
        try:
            import animeface
        except ModuleNotFoundError as error:
            raise MissingExtraError("The detector animeface", "anime") from error
        self._detect = animeface.detect

    def find(self, picture: Array) -> Array | None:
        """See :class:`toonmark.evaluation.structure.PointFinder`."""
        from PIL import Image

        height, width = picture.shape[:2]
        pad = round(max(height, width) * self.margin)
        padded = cv2.copyMakeBorder(
            np.ascontiguousarray(picture),
            *(pad,) * 4,
            borderType=cv2.BORDER_CONSTANT,
            value=(255, 255, 255),
        )
        scale = self.size / max(padded.shape[:2])
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        resized = cv2.resize(padded, None, fx=scale, fy=scale, interpolation=method)
        faces = self._detect(Image.fromarray(resized))
        if not faces:
            return None
        face = max(faces, key=lambda one: one.likelihood)

        def middle(box) -> tuple[float, float]:  # type: ignore[no-untyped-def]
            return box.x + box.width / 2, box.y + box.height / 2

        mouth = face.mouth.pos
        height_of_mouth = mouth.y + mouth.height / 2
        points = np.array(
            [
                # Its left is the person's; ours is the picture's.
                *sorted([middle(face.left_eye.pos), middle(face.right_eye.pos)]),
                (face.nose.pos.x, face.nose.pos.y),
                (mouth.x, height_of_mouth),
                (mouth.x + mouth.width, height_of_mouth),
            ],
            np.float64,
        )
        return (points + 0.5) / scale - 0.5 - pad


FINDERS: dict[str, type[Mtcnn] | type[AnimeFace]] = {"mtcnn": Mtcnn, "animeface": AnimeFace}


def open_finder(name: str) -> PointFinder:
    """A finder by name.

    Raises:
        UnknownFinderError: none of this name.
        MissingExtraError: its package is not installed.
        PillowTooNewError: see :class:`AnimeFace`.
    """
    if name not in FINDERS:
        near = difflib.get_close_matches(name, FINDERS, 1)
        guess = f"Did you mean {near[0]}? " if near else ""
        raise UnknownFinderError(
            f"There is no point finder {name!r}.", f"{guess}There are: {', '.join(FINDERS)}."
        )
    return FINDERS[name]()
