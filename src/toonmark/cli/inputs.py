"""Which photos a command line means, and where their cartoons go."""

from __future__ import annotations

import csv
import glob
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from toonmark.errors import (
    LandmarksError,
    OutputNotWritableError,
    ToonmarkError,
    UnreadableFileError,
)
from toonmark.landmarks import NAMES
from toonmark.pictures import SUFFIXES, WRITTEN
from toonmark.video import clip

#: What our own files are called: a folder that is drawn a second time does not draw them too.
MARK = "-toon"
_OURS = re.compile(rf"{MARK}(-face\d+)?$")

_COLUMNS = ["file", *(f"{name}_{axis}" for name in NAMES for axis in "xy")]


def photos_of(arguments: list[str]) -> tuple[list[Path], list[tuple[Path, ToonmarkError]]]:
    """The photos that files, folders and globs stand for, each once, in order.

    A file that does not exist is one of them: it fails when it is read.

    Returns:
        The photos, and for every folder or pattern without pictures what is to be said.
    """
    photos: dict[Path, None] = {}
    failures: list[tuple[Path, ToonmarkError]] = []
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            found = [file for file in sorted(path.iterdir()) if _is_photo(file)]
        elif not path.exists() and glob.has_magic(argument):
            found = [Path(name) for name in sorted(glob.glob(argument, recursive=True))]
            found = [file for file in found if file.is_file()]
        else:
            found = [path]
        if not found:
            error = UnreadableFileError(
                f"There are no pictures in {argument}.", "Check the name, or give the files."
            )
            failures.append((path, error))
        photos.update(dict.fromkeys(found))
    return list(photos), failures


def _is_photo(file: Path) -> bool:
    hidden = file.name.startswith(".")
    ours = _OURS.search(file.stem)
    return file.suffix.lower() in SUFFIXES and file.is_file() and not hidden and not ours


class Targets:
    """Names for what is written: never a source photo's, and never the same one twice.

    Args:
        photos: all source photos.
        out: the file or folder that was asked for; None for beside each photo.

    Raises:
        OutputNotWritableError: one file was asked for, but there are several photos.
    """

    def __init__(self, photos: list[Path], out: Path | None) -> None:
        written = {**WRITTEN, **clip.WRITTEN}
        self.file = out if out and out.suffix.lower() in written and not out.is_dir() else None
        self._folder = out
        self._taken = {_key(photo) for photo in photos}
        if self.file is not None and len(photos) > 1:
            raise OutputNotWritableError(
                f"{len(photos)} photos do not go into one file, {self.file}.",
                "Name a folder.",
            )
        if self.file is not None and _key(self.file) in self._taken:
            raise OutputNotWritableError(
                f"{self.file} is the photo itself, which is never written over.",
                "Choose another name.",
            )

    def names(self, photo: Path, faces: Sequence[int | None], suffix: str) -> list[Path]:
        """Where a photo's cartoons go, one a face.

        Args:
            faces: the numbers of the faces; a single one is not part of the name.
            suffix: of the file, such as ".png", where no file was asked for by name.
        """
        if self.file is not None:
            folder, stem, suffix = self.file.parent, self.file.stem, self.file.suffix
        else:
            folder, stem = self._folder or photo.parent, photo.stem + MARK
        ends = [f"-face{number}" for number in faces] if len(faces) > 1 else [""]
        for attempt in range(1, len(self._taken) + 2):
            again = f" ({attempt})" if attempt > 1 else ""
            names = [folder / f"{stem}{again}{end}{suffix}" for end in ends]
            keys = {_key(name) for name in names}
            if not keys & self._taken:
                break
        self._taken |= keys
        return names


def _key(path: Path) -> str:
    """The same for two names of one file; some systems do not tell cases apart."""
    return str(path.resolve()).casefold()


def read_landmarks(path: Path) -> dict[str, Any]:
    """Landmarks by file name, from a table as data sets have it: file,left_eye_x,left_eye_y,...

    Returns:
        Name (as it stands there) to (n, 5, 2) points; a file with several faces has several rows.

    Raises:
        LandmarksError: the file cannot be read, lacks a column, or holds what is no number.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (table.fieldnames or [])]
            if missing:
                raise LandmarksError(
                    f"{path} has no column {missing[0]}.", f"It needs {','.join(_COLUMNS)}."
                )
            rows = [(table.line_num, row) for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LandmarksError(
            f"The landmarks in {path} cannot be read ({error}).", "Give a CSV file in UTF-8."
        ) from error
    faces: dict[str, list[Any]] = {}
    for line, row in rows:
        try:
            points = np.array([float(row[name]) for name in _COLUMNS[1:]]).reshape(5, 2)
        except (TypeError, ValueError) as error:
            raise LandmarksError(
                f"{path}, line {line}: not ten numbers after the name.", "Correct that line."
            ) from error
        faces.setdefault(row["file"], []).append(points)
    return {name: np.stack(points) for name, points in faces.items()}


def landmarks_for(photo: Path, table: dict[str, Any]) -> Any:
    """The landmarks that a table has for a photo, by its path or its name; None if it has none."""
    return next((table[key] for key in (str(photo), photo.name) if key in table), None)
