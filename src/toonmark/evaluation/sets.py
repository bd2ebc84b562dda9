"""Sets of pictures to measure on: which pictures, and where their five points are."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from toonmark.errors import DataError
from toonmark.evaluation.errors import EmptySetError, MissingLandmarksError
from toonmark.landmarks import COUNT, Array

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
HOLD_OUT_EVERY = 20


def is_held_out(index: int) -> bool:
    """Whether training leaves out the picture at ``index`` in name order: every twentieth."""
    return index % HOLD_OUT_EVERY == 0


@dataclass(frozen=True)
class PictureSet:
    """A folder of pictures, in name order, with the landmarks of those that have them.

    Attributes:
        folder: as the user gave it.
        files: every picture, sorted by name.
        points: file name to (5, 2) pixels of that picture.
    """

    folder: Path
    files: tuple[Path, ...]
    points: dict[str, Array] = field(repr=False)

    @classmethod
    def open(cls, folder: str | Path, landmarks: bool = False) -> PictureSet:
        """Lists ``folder/images``, or ``folder`` itself, and reads ``folder/landmarks.csv``.

        Args:
            folder: a data set's folder.
            landmarks: whether the set is of no use without them.

        Raises:
            EmptySetError: no such folder, or no pictures in it.
            MissingLandmarksError: ``landmarks`` is true and there are none.
            DataError: ``landmarks.csv`` cannot be understood.
        """
        folder = Path(folder)
        inside = folder / "images"
        place = inside if inside.is_dir() else folder
        found = (
            (p for p in place.iterdir() if p.suffix.lower() in SUFFIXES) if place.is_dir() else ()
        )
        files = tuple(sorted(found, key=lambda path: path.name))
        if not files:
            raise EmptySetError(
                f"{folder} holds no pictures.",
                f"Name a folder with {', '.join(SUFFIXES)} files in it or in its images/.",
            )
        table = folder / "landmarks.csv"
        points = _read_landmarks(table) if table.is_file() else {}
        if landmarks and not points:
            raise MissingLandmarksError(
                f"{folder} has no landmarks.csv with the five points of its faces.",
                "Add one: file; x,y of left and right eye, nose, left and right mouth corner.",
            )
        return cls(folder, files, points)


def _read_landmarks(table: Path) -> dict[str, Array]:
    points: dict[str, Array] = {}
    with table.open(newline="", encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.reader(file), start=1):
            if not row or (number == 1 and row[0].strip().lower() == "file"):
                continue
            if len(row) > 1 and not any(cell.strip() for cell in row[1:]):
                continue  # a picture whose points nobody knows: as if it had no row
            try:
                values = np.array([float(cell) for cell in row[1 : 1 + 2 * COUNT]])
                points[Path(row[0]).name] = values.reshape(COUNT, 2)
            except ValueError as error:
                raise DataError(
                    f"Line {number} of {table} is no file name with ten numbers.",
                    "Correct that line, or delete it.",
                ) from error
    return points
