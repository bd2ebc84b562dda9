"""CelebA's own list: a count, the columns' names, then a file and ten whole numbers a line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from toonmark.data.formats.points_table import Sizes, Table, read_text
from toonmark.errors import DataError
from toonmark.files import write_text
from toonmark.landmarks import COUNT, Array

TABLE = "list_landmarks_align_celeba.txt"
COLUMNS = tuple(
    f"{name}_{axis}"
    for name in ("lefteye", "righteye", "nose", "leftmouth", "rightmouth")
    for axis in "xy"
)


def read_celeba(path: str | Path) -> dict[str, Array]:
    """File name to (5, 2) float32 pixels; the official text, or Kaggle's CSV of it.

    Raises:
        DataError: no such list, a wrong count, a line of another length or with no numbers.
    """
    path = Path(path)
    text = read_text(path)
    if path.suffix.lower() == ".csv":
        lines = [row for row in csv.reader(io.StringIO(text)) if row]
        columns, rows, before = lines[0][1:] if lines else [], lines[1:], 2
        count = len(rows)
    else:
        lines = [line.split() for line in text.splitlines()]
        head = lines[0] if lines else []
        if len(head) != 1 or not head[0].isdecimal() or len(lines) < 2:
            raise DataError(
                f"{path} is not CelebA's list: its first line is no count.",
                f"Take the official {TABLE}, unchanged.",
            )
        count, columns, before = int(head[0]), lines[1], 3
        rows = [row for row in lines[2:] if row]
    if tuple(columns) != COLUMNS:
        raise DataError(
            f"{path} has other columns than CelebA's list of aligned landmarks.",
            f"They must be: {' '.join(COLUMNS)}",
        )
    if len(rows) != count:
        raise DataError(
            f"{path} says that it lists {count} pictures and lists {len(rows)}.",
            "It was cut off, perhaps: copy it again.",
        )
    points: dict[str, Array] = {}
    for number, row in enumerate(rows, before):
        try:
            values = np.array([float(value) for value in row[1:]], np.float32)
        except ValueError:
            values = np.empty(0, np.float32)
        if values.size != 2 * COUNT or not np.isfinite(values).all():
            raise DataError(
                f"Line {number} of {path} does not hold a name and ten numbers.", "Correct it."
            )
        if row[0] in points:
            raise DataError(f"{path} lists {row[0]} twice.", "Keep one of the two lines.")
        points[row[0]] = values.reshape(COUNT, 2)
    return points


def write_celeba(path: str | Path, table: Table, sizes: Sizes) -> None:
    """Writes the list; its points are whole pixels, as CelebA has them, and names lose blanks."""
    lines = [str(len(table)), " ".join(COLUMNS)]
    for name in sorted(table):
        if any(letter.isspace() for letter in name):
            raise DataError(
                f"CelebA's list cannot hold {name!r}: blanks separate its columns.",
                "Rename the picture, or choose another format.",
            )
        values = " ".join(f"{round(float(value))}" for value in np.ravel(table[name]))
        lines.append(f"{name} {values}")
    write_text(path, "\n".join(lines) + "\n")
