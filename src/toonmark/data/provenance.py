"""The provenance of a set's five points, and of those that a style was trained on.

A detector that made a set's points, or those that a style learnt from, is no independent witness of
where the points of a drawing lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from toonmark.data.dataset import DESCRIPTION, places_of, read_description

#: Under this key a style says of each set what :func:`made_by` says of it.
KEY = "landmarks_by"

#: Where a set's configuration names what found its points, and what moved them after.
_FINDERS = ("detector", "proposer", "refiner")
_SOURCES = {
    "given": "given",
    "celeba": "given",
    "dicebear": "exact, from the drawing's own geometry",
}


def made_by(description: Mapping[str, Any]) -> str:
    """The detector that made a set's points, by its ``dataset.json``; empty if unknown."""
    if isinstance(said := description.get("landmarks"), str):
        return said
    configuration = description.get("configuration")
    if not isinstance(configuration, Mapping):
        return ""
    found = [str(configuration[key]) for key in _FINDERS if configuration.get(key)]
    return ", then ".join(found) or _SOURCES.get(str(configuration.get("source")), "")


def made_in(folder: str | Path) -> str:
    """As :func:`made_by`, of a set's folder or a table in it; empty where it is gone."""
    return made_by(read_description(places_of(folder)[0] / DESCRIPTION))


def landmarks_of(folders: Sequence[str]) -> dict[str, dict[str, str]]:
    """A style's record of the sets that it learns from: ``{KEY: {set: detector of its points}}``.

    Empty where no set says.
    """
    made = {places_of(folder)[0].name: made_in(folder) for folder in folders}
    known = {name: by for name, by in sorted(made.items()) if by}
    return {KEY: known} if known else {}


def trained_on(facts: object) -> dict[str, str]:
    """Each set that a style was trained on, at any time, to what made its points, where it says.

    Args:
        facts: what a style's pack, or a run, says of its training.
    """
    return dict(_pairs(facts))


def _pairs(facts: object) -> Iterator[tuple[str, str]]:
    if isinstance(facts, Mapping):
        for key, value in facts.items():
            if key == KEY and isinstance(value, Mapping):
                yield from ((str(name), str(by)) for name, by in value.items())
            else:
                yield from _pairs(value)
    elif isinstance(facts, list | tuple):
        for value in facts:
            yield from _pairs(value)
