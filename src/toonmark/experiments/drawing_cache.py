"""A cache of drawings that take long: what was drawn once is not drawn again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image, UnidentifiedImageError

from toonmark.data.split import Rule
from toonmark.evaluation.cache import content_hash
from toonmark.evaluation.drawers import Drawer
from toonmark.landmarks import Array
from toonmark.pictures import write


class SlowDrawer(Drawer, Protocol):
    """A drawer that says what decides its drawings.

    Attributes:
        rules: by which its style pictures are told from held-out ones.
    """

    rules: frozenset[Rule]

    def identity(self, face: Array) -> bytes:
        """All that decides the drawing of a face, but the face and its points."""


class KeptDrawer:
    """A drawer whose drawings lie in a folder; killed anywhere it goes on with the next face.

    Args:
        drawer: draws what is not there yet, face by face.
        folder: one PNG a drawing, named after a hash of all that decides it.
    """

    def __init__(self, drawer: SlowDrawer, folder: Path) -> None:
        self._drawer, self._folder = drawer, folder
        self.name, self.size = drawer.name, drawer.size
        self.iterations: int | None = drawer.iterations
        self.rules = drawer.rules

    def draw(self, faces: Array, points: Array) -> Array:
        """See :class:`toonmark.evaluation.drawers.Drawer`."""
        return np.stack([self._one(f, p) for f, p in zip(faces, points, strict=True)])

    def _one(self, face: Array, points: Array) -> Array:
        extra = self._drawer.identity(face) + np.asarray(points, np.float64).tobytes()
        name = hashlib.sha256(content_hash(face, extra)).hexdigest()[:32]
        file = self._folder / f"{name}.png"
        try:
            with Image.open(file) as picture:
                return np.array(picture.convert("RGB"))
        except (FileNotFoundError, UnidentifiedImageError):
            pass
        drawn = self._drawer.draw(face[None], points[None])[0]
        write(file, drawn)
        return drawn
