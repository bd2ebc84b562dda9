"""Reading a folder of pictures, as several sources do: the walk, the decoding, the crop."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from toonmark import pictures
from toonmark.data.dataset import DESCRIPTION, LANDMARKS
from toonmark.data.sources import Kept, Rejected, journal
from toonmark.data.sources.selection import Reason
from toonmark.errors import DataError, ImageError
from toonmark.faces.align import crop
from toonmark.landmarks import Array

#: What a set holds beside its pictures.
TABLES = frozenset({LANDMARKS, DESCRIPTION, journal.NAME})


@dataclass(kw_only=True)
class Photos:
    """Base of the sources that read pictures in a folder and in all folders below it.

    Attributes:
        root: the folder; it is only read.
        size: edge of the crops in pixels.
        leave_out: folders not to look into: where the set is written, say.
        unwanted: names of photos, as ``dataset.json`` lists them, that are not wanted.
    """

    root: Path
    size: int = 128
    leave_out: Sequence[Path] = ()
    unwanted: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.root = Path(self.root)
        if not self.root.is_dir():
            raise DataError(f"{self.root} is no folder.", "Name the folder that holds the photos.")

    def photos(self) -> Iterator[tuple[str, Path]]:
        """All files, folder by folder, each real folder once however links lead to it.

        A set may be read again as photos: its own tables are not among them.
        """
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
                yield self.name_of(folder), folder  # named as unreadable when it is made
                continue
            folders = [entry for entry in entries if entry.is_dir()]
            for entry in entries:
                if not entry.is_dir() and entry.name not in TABLES:
                    yield self.name_of(entry), entry
            waiting.extend(reversed(folders))

    def name_of(self, path: Path) -> str:
        """A photo's name: its path below the root."""
        # A name that is no valid Unicode is written with its bytes spelt out.
        text = path.relative_to(self.root).as_posix()
        return os.fsencode(text).decode("utf-8", "backslashreplace")

    def make(self, name: str, path: Path | None) -> Kept | Rejected:
        """Makes a picture of a photo, or says why not."""
        assert path is not None
        if name in self.unwanted:
            return Rejected(Reason.UNWANTED)
        try:
            # Not a pipe or a device: opening one might wait for ever.
            if not stat.S_ISREG(path.stat().st_mode):
                return Rejected(Reason.UNREADABLE, "It is no file, or may not be looked into.")
            return self.make_from(name, pictures.read(path, reduced=True))
        except ImageError as error:
            return Rejected(Reason.UNREADABLE, error.happened)
        except OSError as error:
            return Rejected(Reason.UNREADABLE, os.strerror(error.errno or 5) + ".")
        except MemoryError:
            return Rejected(Reason.UNREADABLE, "It is too large for this machine's memory.")

    def make_from(self, name: str, photo: pictures.Photo) -> Kept | Rejected:
        """Makes a picture of a photo that was read."""
        raise NotImplementedError

    def common(self) -> dict[str, Any]:
        """The settings that every configuration of this kind has."""
        unwanted = {"unwanted": sorted(self.unwanted)} if self.unwanted else {}
        return {"size": self.size} | unwanted


def unwanted_from(file: Path | None) -> frozenset[str]:
    """The names in a ``--leave-out`` file, one a line.

    Raises:
        DataError: it cannot be read.
    """
    if file is None:
        return frozenset()
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{file} cannot be read ({error}).", "Write a photo's name a line, in UTF-8."
        ) from error
    return frozenset(line.strip() for line in lines if line.strip())


def crop_on_white(image: Array, transform: Array, size: int) -> Array:
    """A drawing's crop, white beyond its edge: (size, size, 3) uint8."""
    return as_bytes(crop(image, transform, size, 255))


def squared(image: Array) -> tuple[Array, Array]:
    """A picture in the middle of a white square, and where its first pixel went: (2,) x, y."""
    height, width = image.shape[:2]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    edges = (top, side - height - top, left, side - width - left)
    white = (255, 255, 255)
    square = cv2.copyMakeBorder(image, *edges, cv2.BORDER_CONSTANT, value=white)
    return np.asarray(square), np.array([left, top], np.float64)


def as_bytes(image: Array) -> Array:
    """[0, 255] to uint8."""
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
