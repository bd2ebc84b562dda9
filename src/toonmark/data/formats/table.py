"""What all formats of points share: the table in memory, reading with errors of ours."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from toonmark.errors import DataError
from toonmark.landmarks import COUNT, NAMES, Array

#: A picture's name to (5, 2) pixels, the centre of the first pixel at (0, 0).
Table: TypeAlias = Mapping[str, Array]
#: A picture's name to its width and height.
Sizes: TypeAlias = Mapping[str, tuple[int, int]]


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


def which(label: str) -> int | None:
    """The landmark that a label names, however it is spelt: "Left Eye", "lefteye", "eye-left"."""
    letters = "".join(letter for letter in label.lower() if letter.isalpha())
    return _SPELLINGS.get(letters)


def _spellings() -> dict[str, int]:
    found = {"nose": 2, "nosetip": 2, "tipofnose": 2}
    for index, name in enumerate(NAMES):
        first, _, second = name.partition("_")
        found |= {first + second: index, second + first: index}
    for side, index in (("left", 3), ("right", 4)):
        names = ("mouthcorner", "cornerofmouth", "mouth")
        found |= {side + name: index for name in names}
        found |= {f"mouth{side}corner": index, f"mouthcorner{side}": index}
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
