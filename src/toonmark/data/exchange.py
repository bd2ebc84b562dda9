"""Points of a whole set from and to another tool's file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from toonmark import pictures
from toonmark.data.annotation.store import NAME, Annotations, State
from toonmark.data.dataset import LANDMARKS, Dataset
from toonmark.data.formats import FORMATS, Format, guess, match_names
from toonmark.errors import DataError


def import_points(
    table: Path, folder: Path, kind: Format | None = None, *, force: bool = False
) -> tuple[int, list[str]]:
    """Gives pictures the points that another tool's file lists; they count as annotated.

    Args:
        table: the file.
        folder: a set, or a folder of pictures.
        kind: the file's format; guessed from its name unless given.
        force: also replace points that the folder has already.

    Returns:
        How many pictures got points, and the names that are of no picture there.

    Raises:
        DataError: an unreadable file, no name that fits, points outside their picture, or points
            that are there already.
    """
    listed = FORMATS[kind or guess(table)][0](table)
    annotations = Annotations(folder)
    found, missing = match_names(listed, annotations.entries)
    if not found:
        example = f", {missing[0]} for one" if missing else ""
        raise DataError(
            f"None of the {len(listed)} pictures that {table} lists is in {folder}{example}.",
            "Name the folder that holds them.",
        )
    own = (folder / LANDMARKS).exists() or (folder / NAME).exists()
    if own and not force and table.resolve() != (folder / LANDMARKS).resolve():
        raise DataError(
            f"{folder} has points already.", "Replace those that are listed with --force."
        )
    if len(set(found.values())) < len(found):
        raise DataError(f"{table} lists a picture twice, by two names.", "Keep one of them.")
    for name, picture in found.items():
        limit = np.array(annotations.size(picture)) - 0.5
        if not ((listed[name] >= -0.51) & (listed[name] <= limit + 0.01)).all():
            raise DataError(
                f"{table}: points of {name} lie outside the picture.", "Were pictures resized?"
            )
    annotations.accept({picture: listed[name] for name, picture in found.items()}, State.DONE)
    return len(found), missing


def export_points(folder: Path, table: Path, kind: Format, *, force: bool = False) -> int:
    """Writes a set's points as another tool's file; gives the number of pictures.

    Raises:
        DataError: no set, or ``table`` exists.
    """
    dataset = Dataset.open(folder)
    if table.exists() and not force:
        raise DataError(f"{table} exists.", "Choose another name, or replace it with --force.")
    sizes = {}
    for index, name in enumerate(dataset.names):
        sizes[name] = pictures.upright_size(dataset.data(index))
    rows = dict(zip(dataset.names, dataset.points, strict=True))
    FORMATS[kind][1](table, rows, sizes)
    return len(rows)
