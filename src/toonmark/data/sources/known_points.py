"""A source of pictures whose landmarks are given, by a data set or an imported table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from toonmark import pictures
from toonmark.data.sources import Kept, Rejected
from toonmark.data.sources.face_crops import FaceCrops
from toonmark.data.sources.selection import Reason
from toonmark.faces.align import invert, transform_points
from toonmark.landmarks import Array


@dataclass(kw_only=True)
class KnownPoints(FaceCrops):
    """Photos with points; a picture that the table does not list has the reason "no points".

    Attributes:
        points: a photo's name, below the root, to (5, 2) pixels of the upright photo.
    """

    points: Mapping[str, Array]

    def __post_init__(self) -> None:
        super().__post_init__()
        self.title = f"points for {self.root.resolve().name}"

    def configuration(self) -> Mapping[str, Any]:
        """See :class:`~toonmark.data.sources.Source`."""
        return {"source": "given", **self.common(), "points": fingerprint(self.points)}

    def photos(self) -> Iterator[tuple[str, Path]]:
        """All files below the root, then what the table lists and is not there."""
        seen = set()
        for name, path in super().photos():
            seen.add(name)
            yield name, path
        for name in sorted(self.points.keys() - seen):
            yield name, self.root / name

    def make_from(self, name: str, photo: pictures.Photo) -> Kept | Rejected:
        """Crops the face that the points name."""
        if name not in self.points:
            return Rejected(Reason.NO_POINTS)
        points = np.asarray(self.points[name], np.float64)
        width, height = photo.size
        if not ((points >= -0.5) & (points <= np.array([width, height]) - 0.5)).all():
            return Rejected(Reason.NO_POINTS, "They lie outside the picture.")
        points = transform_points(points, invert(photo.to_full))
        return self.crop(photo, points)


def fingerprint(points: Mapping[str, Array]) -> str:
    """A hash of a whole table: another table makes another set."""
    total = hashlib.sha256()
    for name in sorted(points):
        total.update(name.encode() + np.asarray(points[name], np.float32).tobytes())
    return total.hexdigest()[:16]
