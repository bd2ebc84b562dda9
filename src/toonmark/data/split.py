"""The split into training, validation and test pictures, by a picture's name.

A picture keeps its part whatever else is in the set. Validation is for choosing: checkpoints,
settings, designs. Test is for numbers that are reported. Runs of before there was a test part left
out every twentieth picture by its position; they go on with that rule and are measured by it.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

import numpy as np

from toonmark.landmarks import Array

Part = Literal["training", "validation", "test"]

#: By name: one picture in twenty is for validation and one for test. By position: every twentieth
#: of the sorted names is for both.
Rule = Literal["name", "position"]

_EVERY = 20
#: Changing it would change the part of every picture.
_SALT = "toonmark-split-1"


def part_of(name: str) -> Part:
    """The part of a picture, by the SHA-256 of its name without folder and ending."""
    place = _digest(name) % _EVERY
    return "test" if place == 0 else "validation" if place == 1 else "training"


def _digest(name: str) -> int:
    stem = unicodedata.normalize("NFC", PurePosixPath(name).stem)
    return int.from_bytes(hashlib.sha256(f"{_SALT}/{stem}".encode()).digest()[:8], "big")


def split(names: Sequence[str], rule: Rule = "name") -> tuple[Array, Array]:
    """(training, validation): two sorted arrays of indices into ``names``, which are sorted.

    Test pictures are in neither. A set so small that by name none is for validation gives up the
    training picture with the lowest digest for it. By position, all left out are validation.
    """
    if rule == "position":
        places = np.arange(len(names))
        return np.flatnonzero(places % _EVERY), np.flatnonzero(places % _EVERY == 0)
    parts = np.array([part_of(name) for name in names], dtype=object)
    training, validation = (np.flatnonzero(parts == part) for part in ("training", "validation"))
    if len(training) and not len(validation):
        given_up = min(training, key=lambda index: _digest(names[int(index)]))
        training, validation = training[training != given_up], np.array([given_up])
    return training, validation


@dataclass(frozen=True)
class HeldOut:
    """The pictures of a set that a style can be measured on: those that none of its runs had seen.

    Attributes:
        rules: of all runs that it comes from; a picture must be held out by each of them.
        part: which of those that the rule by name holds out.
    """

    rules: frozenset[Rule] = frozenset({"name"})
    part: Part = "test"

    def of(self, names: Sequence[str]) -> list[str]:
        """The pictures of this part, out of a set's sorted names."""
        return [
            name
            for index, name in enumerate(names)
            if ("name" not in self.rules or part_of(name) == self.part)
            and ("position" not in self.rules or index % _EVERY == 0)
        ]

    def __str__(self) -> str:
        told = {"name": f"{self.part} by name", "position": "every 20th by position"}
        return " and ".join(told[rule] for rule in sorted(self.rules))


def rules_of(training: Mapping[str, Any]) -> frozenset[Rule]:
    """The rules by which the runs that a style comes from held pictures out.

    Args:
        training: what its pack says of its training. A run that does not say is of before there
            was a choice.
    """
    return frozenset(_rules(training)) or frozenset({"position"})


def _rules(facts: Mapping[str, Any]) -> Iterator[Rule]:
    stages = [*facts.get("runs", ())]
    stages += [facts[key] for key in ("denoiser", "distilled") if facts.get(key)]
    for stage in stages:
        yield from rules_in(stage)
        earlier = stage.get("before")
        while earlier:
            yield from rules_in(earlier)
            earlier = earlier.get("before")
    if teacher := (facts.get("distilled") or {}).get("teacher"):
        yield from _rules(teacher)


def rules_in(stage: Mapping[str, Any]) -> frozenset[Rule]:
    """The rules that one training states, as ``"name"`` or ``"name position"``."""
    stated = str(stage.get("split", "position")).split()
    return frozenset("name" if rule == "name" else "position" for rule in stated)
