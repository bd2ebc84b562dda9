"""A folder of photos of people: the one frontal face in each, upright, on the face template."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from toonmark import pictures
from toonmark.data.matting import Matting, inside, on_white
from toonmark.data.sources import Kept, Rejected
from toonmark.data.sources.selection import Reason, Selection, matte_is_bad, perceptual_hash
from toonmark.errors import DataError, ImageError
from toonmark.faces import refine
from toonmark.faces.align import compose, crop, face_transform, scale_of, transform_points
from toonmark.faces.detect import Face, find_faces
from toonmark.landmarks import FACE_TEMPLATE, Array

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


@dataclass
class Folder:
    """Photos in a folder and in all folders below it.

    Attributes:
        root: the folder; it is only read.
        size: edge of the crops in pixels.
        matting: lays the person on white, if given.
        selection: which faces are kept.
        leave_out: folders not to look into: where the set is written, say.
        detector: its name, and the function.
    """

    root: Path
    size: int = 128
    matting: Matting | None = None
    selection: Selection = field(default_factory=Selection)
    leave_out: Sequence[Path] = ()
    detector: tuple[str, Detector] = field(default_factory=find_and_refine)

    def __post_init__(self) -> None:
        self.root = Path(self.root)
        if not self.root.is_dir():
            raise DataError(f"{self.root} is no folder.", "Name the folder that holds the photos.")
        self.title = f"folder {self.root.resolve().name}"
        self.duplicates = self.selection.duplicate

    def configuration(self) -> Mapping[str, Any]:
        """See :class:`~toonmark.data.sources.Source`."""
        return {
            "source": "folder",
            "size": self.size,
            "template": FACE_TEMPLATE.round(6).tolist(),
            "detector": self.detector[0],
            "matte": "u2netp" if self.matting else None,
            "selection": asdict(self.selection),
        }

    def photos(self) -> Iterator[tuple[str, Path]]:
        """All files, folder by folder, each real folder once however links lead to it."""
        visited = {_identity(path) for path in self.leave_out if path.is_dir()}
        waiting = [self.root]
        while waiting:
            folder = waiting.pop()
            try:
                if (identity := _identity(folder)) in visited:
                    continue
                visited.add(identity)
                entries = sorted(folder.iterdir())
            except OSError:
                yield self._name(folder), folder  # named as unreadable when it is made
                continue
            folders = [entry for entry in entries if entry.is_dir()]
            for entry in entries:
                if not entry.is_dir():
                    yield self._name(entry), entry
            waiting.extend(reversed(folders))

    def _name(self, path: Path) -> str:
        # A name that is no valid Unicode is written with its bytes spelt out.
        text = path.relative_to(self.root).as_posix()
        return os.fsencode(text).decode("utf-8", "backslashreplace")

    def make(self, path: Path) -> Kept | Rejected:
        """Crops the one frontal face of a photo, or says why not."""
        try:
            # Not a pipe or a device: opening one might wait for ever.
            if not stat.S_ISREG(path.stat().st_mode):
                return Rejected(Reason.UNREADABLE, "It is no file, or may not be looked into.")
            return self._make(pictures.read(path, reduced=True))
        except ImageError as error:
            return Rejected(Reason.UNREADABLE, error.happened)
        except OSError as error:
            return Rejected(Reason.UNREADABLE, os.strerror(error.errno or 5) + ".")
        except MemoryError:
            return Rejected(Reason.UNREADABLE, "It is too large for this machine's memory.")

    def _make(self, photo: pictures.Photo) -> Kept | Rejected:
        faces = list(self.detector[1](photo.pixels))
        if not faces:
            return Rejected(Reason.NO_FACE)
        if len(faces) > 1 and faces[1].size > self.selection.rival * faces[0].size:
            return Rejected(Reason.SEVERAL, f"{len(faces)} faces.")
        points = faces[0].points
        transform = face_transform(points, self.size)
        if photo.reduction > 1 and scale_of(transform) > 1:
            # A small face in a large photo: worth reading all of its pixels.
            points, photo = transform_points(points, photo.to_full), photo.full()
            transform = face_transform(points, self.size)
        if reason := self.selection.of_points(points, self.size):
            return Rejected(reason)

        pixels = photo.pixels
        image = _bytes(crop(pixels, transform, self.size))
        if reason := self.selection.of_crop(image, inside(pixels.shape, transform, self.size)):
            return Rejected(reason)
        if self.matting:
            double = compose(transform, np.array([[2, 0, 0.5], [0, 2, 0.5]], np.float64))
            colours, alpha = self.matting.matte(pixels, double, 2 * self.size)
            if matte_is_bad(alpha):
                return Rejected(Reason.BAD_MATTE)
            small = (self.size, self.size)
            image = _bytes(
                cv2.resize(on_white(colours, alpha), small, interpolation=cv2.INTER_AREA)
            )
        return Kept(image, transform_points(points, transform), perceptual_hash(pixels))


def _bytes(image: Array) -> Array:
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
