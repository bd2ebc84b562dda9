"""The short notation of weighted data sets in configurations, expanded to repetitions.

``{set: data/portraits, weight: 24}`` shows every picture of that set 24 times an epoch, as a list
that names the folder 24 times does. Configurations hold such a list; files say it shortly.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer


def _listed(entries: Any) -> Any:
    """Each set as often as its weight says; what is wrong is left to the field's own check.

    Raises:
        ValueError: a weight that is not a whole number of 1 or more, or an unknown key.
    """
    if not isinstance(entries, list | tuple):
        return entries
    listed: list[Any] = []
    for entry in entries:
        if not isinstance(entry, dict):
            listed.append(entry)
            continue
        weight = entry.get("weight", 1)
        if not entry.keys() <= {"set", "weight"} or "set" not in entry:
            raise ValueError("write a set with a weight as {set: data/portraits, weight: 24}")
        if not isinstance(weight, int) or isinstance(weight, bool) or weight < 1:
            raise ValueError(f"the weight of {entry['set']} must be a whole number from 1 on")
        listed += [entry["set"]] * weight
    return listed


def _shortened(folders: Sequence[str]) -> list[Any]:
    """Undoes :func:`_listed`: a folder that follows itself is written once."""
    counted = [(folder, len(list(same))) for folder, same in groupby(folders)]
    return [folder if count == 1 else {"set": folder, "weight": count} for folder, count in counted]


#: Folders of sets, or tables in them; one of weight n stands in it n times.
Sets = Annotated[list[str], BeforeValidator(_listed), PlainSerializer(_shortened)]
