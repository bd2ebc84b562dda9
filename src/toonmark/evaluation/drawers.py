"""The interface of what evaluation measures: a ``Drawer`` turns faces into cartoons."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from toonmark.data import provenance
from toonmark.data.split import Rule, rules_of
from toonmark.landmarks import FACE_TEMPLATE, Array
from toonmark.ranges import from_network, to_network
from toonmark.styles.pack import StylePack


class Drawer(Protocol):
    """A style, however it is run: a pack, or a generator in the middle of its training.

    Attributes:
        name: what its row in a table is called.
        size: edge in pixels of the faces it takes.
        iterations: how long it has been trained, where that is known.

    It may also have ``rules``, by which the runs that it comes from held pictures out (without
    them it counts as one of before there was a choice), ``landmarks``, what made the points of the
    sets that it was trained on, ``template``, (5, 2), where the points lie
    in its crop as fractions of the edge, and ``back``, the drawer of the way home; see
    :func:`split_rules`, :func:`trained_landmarks`, :func:`template_of` and :func:`way_back`.
    """

    name: str
    size: int
    iterations: int | None

    def draw(self, faces: Array, points: Array) -> Array:
        """(B, size, size, 3) uint8 RGB and (B, 5, 2) pixels to (B, size, size, 3) uint8."""
        ...


def template_of(drawer: Drawer) -> Array:
    """The places of the five points in a style's crop: (5, 2) fractions of the edge."""
    return np.asarray(getattr(drawer, "template", FACE_TEMPLATE), np.float64)


def way_back(drawer: Drawer) -> Drawer | None:
    """The generator from cartoons to faces; style packs have none."""
    return getattr(drawer, "back", None)


def split_rules(drawer: Drawer) -> frozenset[Rule]:
    """The rules by which a style's training held pictures out."""
    return getattr(drawer, "rules", frozenset({"position"}))


def trained_landmarks(drawer: Drawer) -> dict[str, str]:
    """Each set that a style was trained on, to what made its points, where that is known."""
    return getattr(drawer, "landmarks", {})


class PackDrawer:
    """A style pack as a drawer; it is named after its file, since checkpoints share a style name.

    Args:
        path: the .onnx file, or the name of a style that ships.
        threads: how many cores one drawing may use.

    Raises:
        StyleError: it cannot be used.
    """

    def __init__(self, path: str | Path, threads: int = 1) -> None:
        self._pack = StylePack.open(path, threads)
        self.name = self._pack.path.stem
        self.size = self._pack.metadata.size
        self.template = np.array(self._pack.metadata.template)
        trained = self._pack.metadata.training.get("iterations")
        self.rules = rules_of(self._pack.metadata.training)
        self.landmarks = provenance.trained_on(self._pack.metadata.training)
        self.iterations = int(trained) if isinstance(trained, int | float) else None

    def draw(self, faces: Array, points: Array) -> Array:
        """See :class:`Drawer`."""
        return from_network(self._pack.draw(to_network(faces), points))
