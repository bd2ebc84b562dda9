"""Detects whether imported landmarks name left and right by subject or image, and their order.

The three marks in the middle of a face (nose, eyes, mouth) say which way is up, so that points
with their sides exchanged fit no upright face however it is turned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import permutations

import numpy as np

from toonmark.errors import DataError
from toonmark.faces.align import similarity, transform_points
from toonmark.landmarks import COUNT, FACE_TEMPLATE, MIRROR, NAMES, Array

_OURS = tuple(range(COUNT))
_EYES_ONLY, _MOUTH_ONLY = (1, 0, 2, 3, 4), (0, 1, 2, 4, 3)

#: An order fits clearly better than another where its misfit is below this part of the other's.
CLEARLY = 0.75
#: Points that fit a face better than this are in the right order: most need no second look.
_STRANGE = 0.06


class Sides(StrEnum):
    """Whose left and right names mean."""

    AUTO = "auto"  # read off the points
    IMAGE = "image"
    SUBJECT = "subject"


@dataclass(frozen=True)
class Proof:
    """The evidence in a table's points for whose left and right they mean.

    Attributes:
        order: what stands at each of our landmarks' places.
        sure: pictures whose points say so clearly.
        against: those whose points clearly say otherwise.
    """

    order: tuple[int, ...]
    sure: int
    against: tuple[str, ...]

    @property
    def sides(self) -> Sides:
        """Whose left it is."""
        return Sides.SUBJECT if self.order == MIRROR else Sides.IMAGE


def misfit(points: Array, order: tuple[int, ...] = _OURS) -> float:
    """The distance of points from a mean face, as a fraction of its crop's edge.

    Args:
        points: (5, 2) pixels; turned, moved and sized as may be.
        order: the landmarks that they are taken for.
    """
    ordered = np.asarray(points, np.float64)[list(order)]
    moved = transform_points(ordered, similarity(ordered, FACE_TEMPLATE))
    return float(np.sqrt(((moved - FACE_TEMPLATE) ** 2).sum(-1).mean()))


def proof(table: Mapping[str, Array]) -> Proof:
    """Finds the sides that most pictures' points speak for.

    Raises:
        DataError: eyes and mouth have different sides, or pictures disagree.
    """
    sure: dict[tuple[int, ...], list[str]] = {}
    for name, points in table.items():
        fits = {o: misfit(points, o) for o in (_OURS, MIRROR, _EYES_ONLY, _MOUTH_ONLY)}
        best, second = sorted(fits, key=fits.__getitem__)[:2]
        if fits[best] < CLEARLY * fits[second]:
            sure.setdefault(best, []).append(name)
    if not sure:
        return Proof(_OURS, 0, ())
    order = max(sure, key=lambda o: len(sure[o]))
    if order in (_EYES_ONLY, _MOUTH_ONLY):
        raise DataError(
            f"Left and right of the eyes are not those of the mouth, as {sure[order][0]} shows.",
            "Rename the points in the tool, and export them again.",
        )
    against = tuple(name for o, names in sure.items() if o != order for name in names)
    return Proof(order, len(sure[order]), against)


def in_other_order(table: Mapping[str, Array]) -> list[str]:
    """Pictures whose points fit a face clearly better in an order that is neither side's: a nose
    and an eye were taken for each other, perhaps, or it is no face as most are."""
    return [
        name
        for name, points in table.items()
        if min(misfit(points), misfit(points, MIRROR)) > _STRANGE and _order(points) != _OURS
    ]


def _order(points: Array) -> tuple[int, ...]:
    """The order in which points fit a face clearly better than in ours, whichever side is left;
    else ours."""
    fits = {order: misfit(points, order) for order in permutations(_OURS)}
    best = min(fits, key=fits.__getitem__)
    return best if fits[best] < CLEARLY * min(fits[_OURS], fits[MIRROR]) else _OURS


def check_order(table: Mapping[str, Array]) -> None:
    """Checks that points that only have numbers are in our order, whichever side is left.

    Raises:
        DataError: most pictures' points fit a face better in another order.
    """
    votes: dict[tuple[int, ...], int] = {}
    for points in list(table.values())[:200]:
        chosen = _order(points)
        votes[chosen] = votes.get(chosen, 0) + 1
    winner = max(votes, key=votes.__getitem__, default=_OURS)
    if winner != _OURS:
        places = {place: NAMES[index] for index, place in enumerate(winner)}
        seems = ", ".join(places[place] for place in range(COUNT))
        raise DataError(
            f"The points have only numbers, and are not in the order {', '.join(NAMES)}: they seem "
            f"to be {seems}.",
            "Name them in the tool, and export them again.",
        )
