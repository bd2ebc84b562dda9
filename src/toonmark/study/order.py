"""Each rater's own order of groups, and of the drawings within a group."""

from __future__ import annotations

import hashlib

from toonmark.study.study import Study


def _shuffled(items: list[str], *what: object) -> list[str]:
    """Sorted by a hash: the same on every machine, with every version of every library."""

    def place(item: str) -> bytes:
        return hashlib.sha256("\0".join(map(str, (*what, item))).encode()).digest()

    return sorted(items, key=place)


def group_order(study: Study, rater: str) -> list[int]:
    """The order in which a rater sees the groups."""
    numbers = [f"{number:06d}" for number in range(len(study.groups))]
    return [int(number) for number in _shuffled(numbers, study.seed, rater, "groups")]


def drawing_order(study: Study, rater: str, group: int) -> list[str]:
    """Tokens of a group's drawings, as this rater sees them; the same for all questions."""
    return _shuffled(list(study.groups[group].drawings), study.seed, rater, group)
