"""``landmarks.csv``: a picture's name, then x and y in pixels of its five points."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from toonmark.errors import DataError
from toonmark.files import written_whole
from toonmark.landmarks import COLUMNS, COUNT, Array


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
