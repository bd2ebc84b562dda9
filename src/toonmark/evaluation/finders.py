"""The landmark detectors of evaluation by name: MTCNN and animeface."""

from __future__ import annotations

import difflib

from toonmark.evaluation.errors import UnknownFinderError
from toonmark.evaluation.landmark_error import PointFinder
from toonmark.faces.animeface import AnimeFace
from toonmark.faces.mtcnn import Mtcnn

FINDERS: dict[str, type[Mtcnn] | type[AnimeFace]] = {"mtcnn": Mtcnn, "animeface": AnimeFace}


def open_finder(name: str) -> PointFinder:
    """A finder by name.

    Raises:
        UnknownFinderError: none of this name.
        MissingExtraError: its package is not installed.
        PillowTooNewError: see :class:`toonmark.faces.animeface.AnimeFace`.
    """
    if name not in FINDERS:
        near = difflib.get_close_matches(name, FINDERS, 1)
        guess = f"Did you mean {near[0]}? " if near else ""
        raise UnknownFinderError(
            f"There is no point finder {name!r}.", f"{guess}There are: {', '.join(FINDERS)}."
        )
    return FINDERS[name]()
