"""Sources of data sets: each is one short file behind :class:`Source`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from toonmark.landmarks import Array


@dataclass(frozen=True)
class Kept:
    """A picture for the set.

    Attributes:
        image: (S, S, 3) uint8 RGB.
        points: (5, 2) pixels of that picture.
        perceptual_hash: of what it was made from; duplicates are known by it.
        confidence: how far the points may be trusted, 0 (a mere guess) to 1; None if that is not
            known. ``toonmark annotate`` begins with the least.
    """

    image: Array
    points: Array
    perceptual_hash: int
    confidence: float | None = None


@dataclass(frozen=True)
class Rejected:
    """A picture that was left out.

    Attributes:
        reason: one of a few, to be counted.
        detail: what exactly was wrong, for one picture.
    """

    reason: str
    detail: str = ""


class Source(Protocol):
    """A source of photos or drawings, of which a set is made.

    Attributes:
        title: what to call it in ``dataset.json``.
        size: edge of the pictures it makes, in pixels.
        duplicates: bits in which duplicates may differ; see ``selection.Duplicates``.
    """

    title: str
    size: int
    duplicates: int

    def configuration(self) -> Mapping[str, Any]:
        """All that decides what is made, as JSON has it; another one means another set."""
        ...

    def photos(self) -> Iterator[tuple[str, Path | None]]:
        """(Name, file) of everything there is, always in the same order; each name once.

        What is drawn and not read has no file.
        """
        ...

    def make(self, name: str, path: Path | None) -> Kept | Rejected:
        """Makes one picture; called from several threads. Never raises for what a file holds."""
        ...
