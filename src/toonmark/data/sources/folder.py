"""A folder of photos of people: the one frontal face in each, upright, on the face template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import cv2
import numpy as np

from toonmark import pictures
from toonmark.data.matting import Matting, on_white
from toonmark.data.sources import Kept, Rejected
from toonmark.data.sources.photos import Photos, as_bytes
from toonmark.data.sources.selection import (
    JUDGED_AT,
    Reason,
    Selection,
    flaw_of_matte,
    perceptual_hash,
)
from toonmark.faces import refine
from toonmark.faces.align import (
    compose,
    crop,
    face_transform,
    inside,
    scale_of,
    transform_points,
)
from toonmark.faces.detect import Face, find_faces
from toonmark.landmarks import FRAMES, Array

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
class Folder(Photos):
    """Photos of people in a folder and in all folders below it.

    Attributes:
        matting: lays the person on white, if given.
        selection: which faces are kept.
        frame: what the crops show, one of :data:`toonmark.landmarks.FRAMES`.
        detector: its name, and the function.
    """

    matting: Matting | None = None
    selection: Selection = field(default_factory=Selection)
    frame: str = "face"
    detector: tuple[str, Detector] = field(default_factory=find_and_refine)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.title = f"folder {self.root.resolve().name}"
        self.duplicates = self.selection.duplicate

    def configuration(self) -> Mapping[str, Any]:
        """See :class:`~toonmark.data.sources.Source`."""
        return {
            "source": "folder",
            **self.common(),
            "template": FRAMES[self.frame].round(6).tolist(),
            "detector": self.detector[0],
            "matte": "u2netp" if self.matting else None,
            "selection": asdict(self.selection),
        }

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
        return face_crop(
            photo, faces[0].points, self.size, self.selection, self.matting, self.frame
        )


def face_crop(
    photo: pictures.Photo,
    points: Array,
    size: int,
    selection: Selection,
    matting: Matting | None = None,
    frame: str = "face",
) -> Kept | Rejected:
    """The crop of a photo's face in a frame, or why it is left out.

    Sharpness, colour and the head's being whole are judged in the tight frame, whatever the frame
    of the crop. A portrait has white, and no repeated pixels, beyond the photo's edge.

    Args:
        photo: the photo, perhaps read at a part of its size.
        points: (5, 2) in the pixels that were read.
        size: edge of the crop in pixels.
        frame: one of :data:`toonmark.landmarks.FRAMES`.
    """
    template = FRAMES[frame]
    transform = face_transform(points, size, template)
    if photo.reduction > 1 and scale_of(transform) > 1:
        # A small face in a large photo: worth reading all of its pixels.
        points, photo = transform_points(points, photo.to_full), photo.full()
        transform = face_transform(points, size, template)
    if reason := selection.of_points(points, size, template):
        return Rejected(reason)

    pixels = photo.pixels
    covered = inside(pixels.shape, transform, size)
    if 1 - float(covered.mean()) > selection.cut_off:
        return Rejected(Reason.CUT_OFF)
    image = as_bytes(crop(pixels, transform, size, None if frame == "face" else 255))
    if frame == "face":
        reason = selection.of_crop(image, covered)
    else:
        tight = face_transform(points, JUDGED_AT)
        face = as_bytes(crop(pixels, tight, JUDGED_AT))
        reason = selection.of_crop(face, inside(pixels.shape, tight, JUDGED_AT))
    if reason:
        return Rejected(reason)
    if matting:
        double = compose(transform, np.array([[2, 0, 0.5], [0, 2, 0.5]], np.float64))
        colours, alpha = matting.matte(pixels, double, 2 * size)
        if flaw := flaw_of_matte(alpha, template):
            return Rejected(Reason.BAD_MATTE, flaw)
        white = on_white(colours, alpha)
        image = as_bytes(cv2.resize(white, (size, size), interpolation=cv2.INTER_AREA))
    return Kept(image, transform_points(points, transform), perceptual_hash(pixels))
