"""The one format of a data set: pictures, five points each, and where all of it came from.

::

    DIR/images/NAME.png     square RGB crops, all of one size
    DIR/landmarks.csv       file, then x, y in pixels of the five points
    DIR/dataset.json        source, terms, size, template, counts, rejections, hashes, configuration

Pictures may also lie beside ``landmarks.csv``, and ``dataset.json`` may be missing: sets made
elsewhere rarely have it. Nothing here needs torch.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from toonmark.errors import DataError
from toonmark.files import write_text, written_whole
from toonmark.landmarks import COUNT, NAMES, Array

IMAGES = "images"
LANDMARKS = "landmarks.csv"
DESCRIPTION = "dataset.json"

#: The columns of ``landmarks.csv``: the file's name, then x and y of each point.
COLUMNS = ("file", *(f"{name}_{axis}" for name in NAMES for axis in "xy"))


def is_held_out(index: int) -> bool:
    """Whether the picture at ``index`` of the sorted names is kept out of training: one in 20."""
    return index % 20 == 0


@dataclass(frozen=True)
class Dataset:
    """A data set on disk; pictures are read when they are asked for.

    Attributes:
        folder: where ``landmarks.csv`` lies.
        images: where the pictures lie: ``folder/images``, or ``folder`` itself.
        names: file names, sorted.
        points: (n, 5, 2) float32, x and y in each picture's pixels, in the names' order.
        description: what ``dataset.json`` says; empty if there is none.
    """

    folder: Path
    images: Path
    names: tuple[str, ...]
    points: Array
    description: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, path: str | Path) -> Dataset:
        """Reads a set's table and description, and sees that each picture is there.

        Args:
            path: the set's folder; or another table in it, such as ``annotated.csv``, for the
                part of the set that it lists.

        Raises:
            DataError: no such set, a damaged table, or pictures that are missing.
        """
        folder, table = Path(path), Path(path) / LANDMARKS
        if folder.suffix.lower() == ".csv" and not folder.is_dir():
            folder, table = folder.parent, folder
        rows = read_landmarks(table)
        if not rows:
            raise DataError(f"{table} lists no pictures.", "Make the set again, or name another.")
        images = folder / IMAGES if (folder / IMAGES).is_dir() else folder
        names = tuple(sorted(rows))
        present = _files_below(images)
        missing = [name for name in names if name not in present]
        if missing:
            raise DataError(
                f"{len(missing)} of the {len(names)} pictures that {table} lists are "
                f"missing, {missing[0]} for one.",
                f"Put them into {images}, or take their lines out of the table.",
            )
        points = np.stack([rows[name] for name in names])
        return cls(folder, images, names, points, read_description(folder / DESCRIPTION))

    def __len__(self) -> int:
        return len(self.names)

    def path(self, index: int) -> Path:
        """The file of the picture at ``index``."""
        return self.images / self.names[index]

    def image(self, index: int) -> Array:
        """The picture at ``index``: (H, W, 3) uint8 RGB.

        Raises:
            DataError: the file is no picture, or is damaged.
        """
        try:
            with Image.open(self.path(index)) as picture:
                return np.array(picture.convert("RGB"))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            kind = "is no picture" if isinstance(error, UnidentifiedImageError) else "is damaged"
            raise DataError(
                f"{self.path(index)} {kind} ({error}).",
                f"Replace it, or take its line out of {LANDMARKS}.",
            ) from error

    def split(self) -> tuple[Array, Array]:
        """(training, held out): two sorted arrays of indices, by :func:`is_held_out`."""
        held_out = np.array([is_held_out(index) for index in range(len(self))], bool)
        return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def read_landmarks(path: str | Path) -> dict[str, Array]:
    """Reads a table of points: file name to (5, 2) float32 pixels; further columns are ignored.

    Raises:
        DataError: no table, missing columns, a line that is short, no number or not finite, a
            name that is listed twice or points out of the folder.
    """
    path = Path(path)
    rows: dict[str, Array] = {}
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError(
                    f"{path} has no column {', '.join(missing)}.",
                    f"Its first line must be: {','.join(COLUMNS)}",
                )
            for row in reader:
                where = f"Line {reader.line_num} of {path}"
                name, points = _read_row(row, where)
                if name in rows:
                    raise DataError(f"{where} lists {name} a second time.", "Keep one of the two.")
                rows[name] = points
    except FileNotFoundError as error:
        raise DataError(
            f"{path.parent} is no data set: it has no {path.name}.",
            "Make one with: toonmark data folder PHOTOS OUT",
        ) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read ({error}).", "Is it a UTF-8 CSV file?") from error
    return rows


def write_landmarks(path: str | Path, rows: Iterable[tuple[str, Array]]) -> None:
    """Writes a table of (name, (5, 2) points), whole or not at all; sorted, to 0.01 px."""
    with written_whole(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(COLUMNS)
        for name, points in sorted(rows, key=lambda row: row[0]):
            writer.writerow([name, *(f"{value:.2f}" for value in np.ravel(points))])


def write_description(folder: str | Path, description: Mapping[str, Any]) -> None:
    """Writes ``dataset.json``, whole or not at all."""
    text = json.dumps(description, indent=1, ensure_ascii=False, sort_keys=False)
    write_text(Path(folder) / DESCRIPTION, text + "\n")


def _read_row(row: Mapping[str, str | None], where: str) -> tuple[str, Array]:
    name = row["file"] or ""
    parts = PurePosixPath(name)
    if not name or parts.is_absolute() or ".." in parts.parts:
        raise DataError(f"{where} names no file of the set: {name!r}.", "Correct the name.")
    try:
        values = [float(row[column] or "nan") for column in COLUMNS[1:]]
    except ValueError as error:
        raise DataError(
            f"{where} ({name}) has a value that is no number.", "Correct it."
        ) from error
    if not all(map(math.isfinite, values)):
        raise DataError(f"{where} ({name}) lacks a value, or has NaN.", "Fill it in, or drop it.")
    return name, np.array(values, np.float32).reshape(COUNT, 2)


def _files_below(folder: Path) -> set[str]:
    # One walk is much quicker than asking for each of 200,000 files.
    found = (path for path in folder.rglob("*") if not path.is_dir())
    return {path.relative_to(folder).as_posix() for path in found}


def read_description(path: Path) -> Mapping[str, Any]:
    """What a ``dataset.json`` says; empty if there is none.

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
