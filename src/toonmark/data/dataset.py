"""The one format of a data set: pictures, five points each, and where all of it came from.

::

    DIR/images/NAME.png     square RGB crops, all of one size
    DIR/landmarks.csv       file, then x, y in pixels of the five points
    DIR/dataset.json        source, terms, size, template, counts, rejections, hashes, configuration

Pictures may also lie beside ``landmarks.csv``, and ``dataset.json`` may be missing: sets made
elsewhere rarely have it. Cartoons that are only compared with need no ``landmarks.csv`` either.
Nothing here needs torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from toonmark import pictures
from toonmark.data.dataset_table import read_landmarks, write_landmarks
from toonmark.data.split import Rule, split
from toonmark.errors import DataError, ImageError, NotAnImageError
from toonmark.files import write_text
from toonmark.landmarks import COUNT, Array

__all__ = [
    "DESCRIPTION",
    "IMAGES",
    "LANDMARKS",
    "Dataset",
    "places_of",
    "read_description",
    "read_landmarks",
    "write_description",
    "write_landmarks",
]

IMAGES = "images"
LANDMARKS = "landmarks.csv"
DESCRIPTION = "dataset.json"


def places_of(path: str | Path) -> tuple[Path, Path, Path]:
    """Where a set's parts lie: (its folder, its table, its pictures); none need be there.

    Args:
        path: the set's folder; or another table in it, for the part of the set that it lists.
    """
    folder, table = Path(path), Path(path) / LANDMARKS
    if folder.suffix.lower() == ".csv" and not folder.is_dir():
        folder, table = folder.parent, folder
    return folder, table, folder / IMAGES if (folder / IMAGES).is_dir() else folder


@dataclass(frozen=True)
class Dataset:
    """A data set on disk; pictures are read when they are asked for.

    Attributes:
        folder: where ``landmarks.csv`` lies.
        images: where the pictures lie: ``folder/images``, or ``folder`` itself.
        names: file names below ``images``, sorted.
        points: (n, 5, 2) float32, x and y in each picture's pixels, in the names' order; NaN in a
            set without landmarks.
        description: what ``dataset.json`` says; empty if there is none.
        table: the file that lists the pictures: ``landmarks.csv``, or of a part of a set another.
    """

    folder: Path
    images: Path
    names: tuple[str, ...]
    points: Array
    description: Mapping[str, Any] = field(default_factory=dict)
    table: str = LANDMARKS

    @classmethod
    def open(cls, path: str | Path, landmarks: bool = True) -> Dataset:
        """Reads a set's table and description, and sees that each picture is there.

        >>> faces = Dataset.open("faces")
        >>> faces.names[0], faces.image(0).shape, faces.points.shape
        ('000.png', (64, 64, 3), (4, 5, 2))

        Args:
            path: the set's folder; or another table in it, such as ``annotated.csv``, for the
                part of the set that it lists.
            landmarks: whether it is of no use without a table; otherwise a folder of pictures
                will do.

        Raises:
            DataError: no such set, a damaged table, or pictures that are missing.
            UnreadableFileError: of a set without a table, a picture's name is not UTF-8.
        """
        folder, table, images = places_of(path)
        if landmarks or table.name != LANDMARKS or table.is_file():
            rows = read_landmarks(table)
        else:
            unknown = np.full((COUNT, 2), np.nan, np.float32)
            rows = dict.fromkeys(_pictures_below(images), unknown)
        if not rows:
            what = f"{table} lists" if table.is_file() else f"{folder} holds"
            raise DataError(f"{what} no pictures.", "Make the set again, or name another.")
        names = tuple(sorted(rows))
        points = np.stack([rows[name] for name in names])
        present = _files_below(images)
        missing = [name for name in names if name not in present]
        if missing:
            raise DataError(
                f"{len(missing)} of the {len(names)} pictures that {table} lists are "
                f"missing, {missing[0]} for one.",
                f"Put them into {images}, or take their lines out of the table.",
            )
        description = read_description(folder / DESCRIPTION)
        return cls(folder, images, names, points, description, table.name)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def name(self) -> str:
        """The set as a report calls it: its folder, and the table of a part of it."""
        own = self.folder.resolve().name
        return own if self.table == LANDMARKS else f"{own}/{self.table}"

    def unlisted(self) -> list[str]:
        """Pictures of the folder that the set leaves out, sorted; of a part of a set none."""
        if self.table != LANDMARKS:
            return []
        return sorted(set(_pictures_below(self.images)) - set(self.names))

    def path(self, index: int) -> Path:
        """The file of the picture at ``index``."""
        return self.images / self.names[index]

    def data(self, index: int) -> bytes:
        """The picture's file at ``index``, as it is stored.

        Raises:
            DataError: it cannot be read.
        """
        try:
            return self.path(index).read_bytes()
        except OSError as error:
            raise DataError(
                f"{self.path(index)} is damaged ({error}).",
                f"Replace it, or take its line out of {LANDMARKS}.",
            ) from error

    def image(self, index: int) -> Array:
        """The picture at ``index``, upright and on white: (H, W, 3) uint8 RGB.

        Raises:
            DataError: the file is no picture, or is damaged.
        """
        try:
            return pictures.read(self.data(index)).pixels
        except ImageError as error:
            kind = "is no picture" if isinstance(error, NotAnImageError) else "is damaged"
            raise DataError(
                f"{self.path(index)} {kind} ({error.happened})",
                f"Replace it, or take its line out of {LANDMARKS}.",
            ) from error

    def split(self, rule: Rule = "name") -> tuple[Array, Array]:
        """(training, validation): two sorted arrays of indices; see :mod:`toonmark.data.split`."""
        return split(self.names, rule)


def write_description(folder: str | Path, description: Mapping[str, Any]) -> None:
    """Writes ``dataset.json``, whole or not at all."""
    text = json.dumps(description, indent=1, ensure_ascii=False, sort_keys=False)
    write_text(Path(folder) / DESCRIPTION, text + "\n")


def _pictures_below(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in pictures.pictures_in(folder)]


def _files_below(folder: Path) -> set[str]:
    # One walk is much quicker than asking for each of 200,000 files.
    found = (path for path in folder.rglob("*") if not path.is_dir())
    return {path.relative_to(folder).as_posix() for path in found}


def read_description(path: Path) -> Mapping[str, Any]:
    """The contents of a ``dataset.json``; empty if there is none.

    Raises:
        DataError: it cannot be read.
    """
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read ({error}).", "Restore it, or delete it: it is optional."
        ) from error
    if not isinstance(description, dict):
        raise DataError(f"{path} holds no object.", "Restore it, or delete it: it is optional.")
    return description
