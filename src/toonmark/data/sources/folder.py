"""A folder of photos of people: the one frontal face in each, upright, on the face template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from toonmark import pictures
from toonmark.data.sources import Kept, Rejected
from toonmark.data.sources.face_crops import FaceCrops
from toonmark.data.sources.selection import Reason
from toonmark.faces import refine
from toonmark.faces.detect import Face, find_faces
from toonmark.landmarks import Array

#: Finds the faces in a picture, (h, w, 3) uint8 RGB.
Detector = Callable[[Array], Sequence[Face]]


def find_and_refine() -> tuple[str, Detector]:
    """The detector that cartoonizing uses, and what to call it."""
    refiner = refine.Refiner(threads=1)
    named = "YuNet, refined" if refine.WEIGHTS.is_file() else "YuNet"

    def find(image: Array) -> list[Face]:
        faces = find_faces(image)
        if not faces:
            return faces
        points = refiner(image, np.stack([faces[0].points]))[0]
        return [Face(faces[0].box, points, faces[0].score), *faces[1:]]

    return named, find


@dataclass(kw_only=True)
class Folder(FaceCrops):
    """Photos of people in a folder and in all folders below it.

    Attributes:
        detector: its name, and the function.
    """

    detector: tuple[str, Detector] = field(default_factory=find_and_refine)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.title = f"folder {self.root.resolve().name}"

    def configuration(self) -> Mapping[str, Any]:
        """See :class:`~toonmark.data.sources.Source`."""
        return {"source": "folder", **self.common(), "detector": self.detector[0]}

    def make_from(self, name: str, photo: pictures.Photo) -> Kept | Rejected:
        """Crops the one frontal face of a photo, or says why not.

        A photo that was read at a part of its size is read in full where no face is found.
        """
        faces = list(self.detector[1](photo.pixels))
        if not faces and photo.reduction > 1:
            photo = photo.full()
            faces = list(self.detector[1](photo.pixels))
        if not faces:
            return Rejected(Reason.NO_FACE)
        if len(faces) > 1 and faces[1].size > self.selection.rival * faces[0].size:
            return Rejected(Reason.SEVERAL, f"{len(faces)} faces.")
        return self.crop(photo, faces[0].points)
