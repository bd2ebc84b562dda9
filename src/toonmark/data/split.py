"""Which part of a set a picture belongs to: training, validation or test, by its name alone.

A picture keeps its part whatever else is in the set, and in every part of the set. What is chosen
(checkpoints, sample grids) is chosen on validation; test is for reported numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Literal

import numpy as np

from toonmark.landmarks import Array

Part = Literal["training", "validation", "test"]

#: How training finds its pictures: by name; or as runs did before there was a test part, by
#: position: every twentieth of the sorted names was left out.
Rule = Literal["name", "position"]

_SALT = "toonmark-split-1"


def part_of(name: str) -> Part:
    """The part of a picture, by the SHA-256 of its name without folder and ending.

    One in twenty is for validation, one in twenty for test.
    """
    stem = PurePosixPath(name).stem
    digest = hashlib.sha256(f"{_SALT}/{stem}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") % 20
    return "test" if place == 0 else "validation" if place == 1 else "training"


def split(names: Sequence[str], rule: Rule = "name") -> tuple[Array, Array]:
    """(training, validation): two sorted arrays of indices into ``names``, which are sorted.

    A set so small that none is for validation gives up one training picture for it. Test
    pictures are in neither. By position, the left out are all validation.
    """
    if rule == "position":
        places = np.arange(len(names))
        return np.flatnonzero(places % 20 != 0), np.flatnonzero(places % 20 == 0)
    parts = np.array([part_of(name) for name in names], dtype=object)
    training, validation = (np.flatnonzero(parts == part) for part in ("training", "validation"))
    if not len(validation):
        training, validation = training[1:], training[:1]
    return training, validation
