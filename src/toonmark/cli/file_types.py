"""Sorts input files into pictures, videos and others by their content, for the command line."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Literal

from toonmark import pictures
from toonmark.signatures import FILM_LENGTH, film_format_of, format_of
from toonmark.video import clip

Kind = Literal["picture", "video"]

#: What our own files are called: a folder that is drawn a second time does not draw them too.
MARK = "-toon"
_OURS = re.compile(rf"{MARK}( \(\d+\))?(-face\d+)?$")

#: Names that are listed where files are passed over; of more, how many.
_NAMED = 10


def kind_of(path: Path) -> Kind | None:
    """The kind of a file by its content, or else by its name; None for neither.

    A damaged picture is a picture by its name, so that it can be said to be damaged.
    """
    suffix, start = path.suffix.lower(), b""
    if path.is_file():  # what is read from a pipe would be gone
        with contextlib.suppress(OSError), open(path, "rb") as file:
            start = file.read(FILM_LENGTH)
    if film_format_of(start):
        return "video"
    found = format_of(start)
    named = suffix in pictures.SUFFIXES
    # Cameras' raw files begin as a TIFF does, and two letters do not make a BMP.
    if found and (named or found not in ("TIFF", "BMP") or not suffix):
        return "picture"
    if named:
        return "picture"
    return "video" if suffix in clip.SUFFIXES else None


def is_clip(path: Path) -> bool:
    """Whether a file is a video."""
    return kind_of(path) == "video"


def pictures_and_videos_in(folder: Path) -> tuple[list[Path], str]:
    """The pictures and videos in a folder, by name.

    Returns:
        The files, and a sentence that names what is passed over; empty where nothing is. Hidden
        files are not mentioned.
    """
    found: list[Path] = []
    others: list[str] = []
    drawn: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            others.append(f"{path.name}/")
        elif _OURS.search(path.stem):
            drawn.append(path.name)
        elif not path.is_file() or kind_of(path) is None:
            others.append(path.name)
        else:
            found.append(path)
    parts = []
    if others:
        parts.append(f"neither picture nor video: {_listed(others)}")
    if drawn:
        parts.append(f"drawn before: {_listed(drawn)}")
    return found, f"{folder}: passed over, {'; '.join(parts)}." if parts else ""


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
