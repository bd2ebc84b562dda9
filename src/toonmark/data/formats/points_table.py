"""The in-memory landmarks of an imported file, and helpers that all formats share."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from toonmark.errors import DataError
from toonmark.landmarks import COUNT, NAMES, Array

#: A picture's name to (5, 2) pixels, the centre of the first pixel at (0, 0).
Table: TypeAlias = Mapping[str, Array]
#: A picture's name to its width and height.
Sizes: TypeAlias = Mapping[str, tuple[int, int]]


@dataclass
class Listing:
    """The contents of a file of points.

    Attributes:
        points: a picture's name, as the file has it, to (5, 2) float32 pixels.
        labels: which of the file's labels were taken for each landmark.
        unknown: labels that are of no landmark, and how often they occur.
        without: pictures that have no points.
        numbered: whether points of any picture have only an order, and no names.
        sizes: width and height of the pictures that were annotated, where the file says them.
        notes: what else somebody should know before the points are written, and of which pictures.
    """

    points: dict[str, Array] = field(default_factory=dict)
    labels: dict[int, set[str]] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    without: list[str] = field(default_factory=list)
    numbered: bool = False
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)

    def add(
        self,
        name: str,
        where: str,
        marks: Iterable[tuple[str, Sequence[float]]],
        size: Sequence[Any] = (),
    ) -> None:
        """Takes a picture's marks.

        Args:
            name: the picture's.
            where: the picture and the file, for errors.
            marks: label and x, y in pixels of each.
            size: width and height of the picture that was annotated, as the file says them; what
                is no size there counts as not said.

        Raises:
            DataError: a landmark occurs twice, one of several is missing or no number, or the
                picture was there before.
        """
        marks = list(marks)
        indices = landmarks_of([label for label, _ in marks])
        found: dict[int, Sequence[float]] = {}
        for (label, place), index in zip(marks, indices, strict=True):
            if index is None:
                self.unknown[label] += 1
                continue
            if index in found:
                raise DataError(
                    f"{where} has two faces: {label!r} occurs twice.", "Keep one of them."
                )
            found[index] = place
            self.labels.setdefault(index, set()).add(label)
        if not found:
            self.without.append(name)
            return
        if name in self.points:
            raise DataError(f"{where} has two faces, or is listed twice.", "Keep one of them.")
        self.numbered |= all(
            label.strip().isdecimal()
            for (label, _), index in zip(marks, indices, strict=True)
            if index is not None
        )
        self.points[name] = whole(found, where)
        if known := _size(size):
            self.sizes[name] = known

    def note(self, what: str, name: str) -> None:
        """Remembers something about a picture, for the summary."""
        self.notes.setdefault(what, []).append(name)


def _size(said: Sequence[Any]) -> tuple[int, int] | None:
    try:
        width, height = (int(float(value)) for value in said)
    except (TypeError, ValueError, OverflowError):
        return None
    return (width, height) if width > 0 and height > 0 else None


def read_text(path: str | Path) -> str:
    """A UTF-8 file's text.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}).", "Is it a UTF-8 text file?") from error


def read_json(path: str | Path, shape: type, what: str) -> Any:
    """A JSON file's content, an object (dict) or a list.

    Raises:
        DataError: it cannot be read, is no JSON, or holds something else.
    """
    try:
        content = json.loads(read_text(path))
    except ValueError as error:
        raise DataError(f"{path} is no JSON ({error}).", "Export it again.") from error
    if not isinstance(content, shape):
        raise DataError(f"{path} is not {what}.", "Choose its format with --format.")
    return content


def landmarks_of(labels: Sequence[str]) -> list[int | None]:
    """The landmark that each of a picture's labels names.

    Where none is a name and they are numbers from 0 or 1 on, as CVAT calls a skeleton's points,
    they are taken to be in our order; see :func:`toonmark.data.formats.sides.check_order`.
    """
    found = [which(label) for label in labels]
    numbers = {int(label) for label in labels if label.strip().isdecimal()}
    first = min(numbers, default=-1)
    if set(found) == {None} and first in (0, 1) and numbers == set(range(first, first + COUNT)):
        return [int(label) - first if label.strip().isdecimal() else None for label in labels]
    return found


def which(label: str) -> int | None:
    """The landmark that a label names, however it is spelt: "Left Eye", "lefteye", "eye-left",
    "l_eye"."""
    letters = "".join(letter for letter in label.lower() if letter.isalpha())
    return _SPELLINGS.get(letters)


def _spellings() -> dict[str, int]:
    found = {"nose": 2, "nosetip": 2, "tipofnose": 2}
    for index, name in enumerate(NAMES):
        first, _, second = name.partition("_")
        found |= {first + second: index, second + first: index}
    for side, eye, mouth in (("left", 0, 3), ("right", 1, 4), ("l", 0, 3), ("r", 1, 4)):
        names = ("mouthcorner", "cornerofmouth", "mouth")
        found |= {side + name: mouth for name in names}
        found |= {f"mouth{side}corner": mouth, f"mouthcorner{side}": mouth, f"mouth{side}": mouth}
        for name in ("eye", "eyecenter", "eyecentre", "pupil"):
            found |= {side + name: eye, name + side: eye}
    return found


_SPELLINGS = _spellings()


def whole(found: Mapping[int, Sequence[float]], where: str) -> Array:
    """Five points, once all are there: (5, 2) float32.

    Raises:
        DataError: one is missing, or is no finite number.
    """
    missing = [name for index, name in enumerate(NAMES) if index not in found]
    if missing:
        raise DataError(
            f"{where} has no {', '.join(missing)}.", "Give all five points, or drop the picture."
        )
    try:
        points = np.array([[float(v) for v in found[i]] for i in range(COUNT)], np.float32)
    except (TypeError, ValueError) as error:
        raise DataError(f"{where} has a point that is no number.", "Correct it.") from error
    if points.shape != (COUNT, 2) or not all(map(math.isfinite, points.ravel().tolist())):
        raise DataError(f"{where} has a point that is not two finite numbers.", "Correct it.")
    return points
