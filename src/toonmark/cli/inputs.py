"""Resolves a command line's photos, and the files that their cartoons are written to."""

from __future__ import annotations

import csv
import glob
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from toonmark.cli.file_types import MARK, is_clip, pictures_and_videos_in
from toonmark.errors import (
    LandmarksError,
    OutputNotWritableError,
    ToonmarkError,
    UnreadableFileError,
)
from toonmark.landmarks import COLUMNS
from toonmark.pictures import SUFFIXES, SVG, WRITTEN
from toonmark.video import clip

_FACE = re.compile(r"-face\d+$")

#: What names of pictures and videos end in, whether they are written or not.
_KNOWN = SUFFIXES | clip.SUFFIXES | {*WRITTEN, *clip.WRITTEN, SVG}
#: What looks like the end of a file's name; a version (".2") or a year does not.
_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{1,4}", re.IGNORECASE)


@dataclass(frozen=True)
class Photos:
    """The photos that files, folders and globs stand for.

    Attributes:
        files: pictures and videos, each once, in order.
        failures: for every folder or pattern without any, what is to be said.
        notes: for every folder in which something was passed over, a sentence that names it.
    """

    files: list[Path]
    failures: list[tuple[Path, ToonmarkError]]
    notes: list[str]


def photos_of(arguments: list[str]) -> Photos:
    """The photos and videos that a command line means.

    A file that does not exist is one of them: it fails when it is read.
    """
    photos: dict[Path, None] = {}
    failures: list[tuple[Path, ToonmarkError]] = []
    notes: list[str] = []
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            found, note = pictures_and_videos_in(path)
            notes += [note] if note else []
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
    return Photos(list(photos), failures, notes)


class Targets:
    """Names for what is written: never a source photo's, and never the same one twice.

    Args:
        photos: all source photos.
        out: the file or folder that was asked for; None for beside each photo.

    Raises:
        OutputNotWritableError: one file was asked for, but there are several photos, or its name
            ends in what is not written.
    """

    def __init__(self, photos: list[Path], out: Path | None) -> None:
        self.file = out if out and _is_file(out, len(photos)) else None
        self._folder = out
        self._photos = frozenset(_key(photo) for photo in photos)
        # Nor may a cartoon's name be such that with a face's number it would be a photo's.
        bare = (photo.parent / (_FACE.sub("", photo.stem) + photo.suffix) for photo in photos)
        self._taken = {*self._photos, *map(_key, bare)}
        if self.file is not None and len(photos) > 1:
            raise OutputNotWritableError(
                f"{len(photos)} photos do not go into one file, {self.file}.",
                "Name a folder.",
            )
        known = {*WRITTEN, *clip.WRITTEN, SVG}
        if self.file is not None and self.file.suffix.lower() not in known:
            formats = clip.WRITTEN if any(map(is_clip, photos)) else (*WRITTEN, SVG)
            raise OutputNotWritableError(
                f"{self.file.suffix} is no format that is written.",
                f"End the name in one of {', '.join(formats)}, or name a folder.",
            )
        if self.file is not None and _key(self.file) in self._photos:
            raise OutputNotWritableError(
                f"{self.file} is the photo itself, which is never written over.",
                "Choose another name.",
            )

    def place(self, photo: Path, suffix: str) -> Place:
        """Sets aside where a photo's cartoons go.

        Asked for every photo in order, before it is drawn and whether or not it can be: so a
        second run gives each photo the same name.

        Args:
            suffix: of the file, such as ".png", where no file was asked for by name.
        """
        if self.file is not None:
            file = self.file
            return Place(file.parent, file.stem, file.suffix, 1, self._photos)
        folder, stem = self._folder or photo.parent, photo.stem + MARK
        for number in count(1):
            key = _key(folder / _name(stem, number, "", suffix))
            if key not in self._taken:
                break
        self._taken.add(key)
        return Place(folder, stem, suffix, number, self._photos)


@dataclass(frozen=True)
class Place:
    """Where one photo's cartoons go.

    Attributes:
        number: tells it from other photos of this name, 1 for the first.
        photos: keys of what must not be written over.
    """

    folder: Path
    stem: str
    suffix: str
    number: int
    photos: frozenset[str]

    def names(self, faces: Sequence[int | None]) -> list[Path]:
        """One file a face.

        Args:
            faces: the numbers of the faces; a single one is not part of the name.
        """
        ends = [f"-face{face}" for face in faces] if len(faces) > 1 else [""]
        for number in count(self.number):
            names = [self.folder / _name(self.stem, number, end, self.suffix) for end in ends]
            if self.photos.isdisjoint(map(_key, names)):
                break
        return names


def _name(stem: str, number: int, end: str, suffix: str) -> str:
    return f"{stem} ({number}){end}{suffix}" if number > 1 else f"{stem}{end}{suffix}"


def _is_file(out: Path, photos: int) -> bool:
    """Whether a file is meant, and not a folder."""
    if out.is_dir():
        return False
    alone = photos == 1 and _SUFFIX.fullmatch(out.suffix) is not None
    return alone or out.suffix.lower() in _KNOWN


def _key(path: Path) -> str:
    """The same for two names of one file; some systems do not tell cases apart."""
    return str(path.resolve()).casefold()


def faces_by_photo(path: Path) -> dict[str, Any]:
    """Landmarks of photos that may show several faces, by name, from a table of a set's columns.

    Returns:
        Name (as it stands there) to (n, 5, 2) points; a file with several faces has several rows.

    Raises:
        LandmarksError: the file cannot be read, lacks a column, or holds what is no number.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (table.fieldnames or [])]
            if missing:
                raise LandmarksError(
                    f"{path} has no column {missing[0]}.", f"It needs {','.join(COLUMNS)}."
                )
            rows = [(table.line_num, row) for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LandmarksError(
            f"The landmarks in {path} cannot be read ({error}).", "Give a CSV file in UTF-8."
        ) from error
    faces: dict[str, list[Any]] = {}
    for line, row in rows:
        try:
            points = np.array([float(row[name]) for name in COLUMNS[1:]]).reshape(5, 2)
        except (TypeError, ValueError) as error:
            raise LandmarksError(
                f"{path}, line {line}: not ten numbers after the name.", "Correct that line."
            ) from error
        faces.setdefault(row["file"], []).append(points)
    return {name: np.stack(points) for name, points in faces.items()}


def landmarks_for(photo: Path, table: dict[str, Any]) -> Any:
    """The landmarks that a table has for a photo, by its path or its name; None if it has none."""
    return next((table[key] for key in (str(photo), photo.name) if key in table), None)
