"""CelebA's official aligned folder (Liu et al. 2015): the full-frontal faces, by their points.

The paper trains on 37,794 of the 202,599 pictures and does not say how they were chosen. Here the
geometry of the five points decides: the nose must lie between the eyes and over the mouth, the
mouth under the eyes, and the head upright. What that allows is either given, or set so that as
many faces pass as in the paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from toonmark.data.formats.celeba import TABLE, read_celeba
from toonmark.data.sources.known_points import KnownPoints
from toonmark.data.sources.selection import Reason, Selection
from toonmark.errors import DataError
from toonmark.landmarks import Array

#: The paper's share of the whole set.
SHARE = 37_794 / 202_599

#: Where the aligned pictures lie, beside the table or above it.
FOLDERS = ("img_align_celeba", "Img/img_align_celeba", "../Img/img_align_celeba")

RULE = (
    "frontality = the largest of: nose from the middle of the eyes, nose from the middle of the "
    "mouth, middle of the mouth from the middle of the eyes (all along the line of the eyes, in "
    "distances between the eyes), and half the lean of the eyes against the mouth, in radians"
)


def frontality(points: Array) -> Array:
    """The distance of faces from full-frontal, 0 for a symmetric one; :data:`RULE` in arithmetic.

    Args:
        points: (n, 5, 2) pixels.

    Returns:
        (n,) float64.
    """
    points = np.asarray(points, np.float64)
    left, right, nose, mouth_left, mouth_right = np.moveaxis(points, -2, 0)
    eyes, mouth = (left + right) / 2, (mouth_left + mouth_right) / 2
    line = right - left
    distance = np.maximum(np.linalg.norm(line, axis=-1), 1e-6)
    along = line / distance[..., None]

    def beside(a: Array, b: Array) -> Array:
        return np.abs(((a - b) * along).sum(-1)) / distance

    lips = mouth_right - mouth_left
    cross = line[..., 0] * lips[..., 1] - line[..., 1] * lips[..., 0]
    lean = np.abs(np.arctan2(cross, (line * lips).sum(-1))) / 2
    return np.max([beside(nose, eyes), beside(nose, mouth), beside(mouth, eyes), lean], axis=0)


@dataclass(kw_only=True)
class CelebA(KnownPoints):
    """The aligned pictures of CelebA.

    Attributes:
        root: the folder that holds ``img_align_celeba`` or the table, or the former itself.
        threshold: largest :func:`frontality`; None keeps :data:`SHARE` of the table.
    """

    points: Mapping[str, Array] = field(default_factory=dict)
    threshold: float | None = None

    def __post_init__(self) -> None:
        table, images = find(Path(self.root))
        self.root = images
        self.points = read_celeba(table)
        super().__post_init__()
        self.title = "CelebA, aligned"
        scores = frontality(np.stack(list(self.points.values())))
        if self.threshold is None:
            count = max(1, round(SHARE * len(scores)))
            self.threshold = float(np.sort(scores)[count - 1])
        self.frontal = dict(zip(self.points, scores <= self.threshold, strict=True))
        self.scores = dict(zip(self.points, scores.tolist(), strict=True))

    def rule(self) -> str:
        """The rule, its threshold and its count, to print."""
        passed = sum(map(bool, self.frontal.values()))
        return (
            f"{RULE}; at most {self.threshold:.4f}: {passed:,} of {len(self.points):,} faces pass "
            f"({passed / len(self.points):.2%}; the paper's share is {SHARE:.2%})"
        )

    def configuration(self) -> Mapping[str, Any]:
        """See :class:`~toonmark.data.sources.Source`."""
        assert self.threshold is not None
        own = {"source": "celeba", "rule": self.rule(), "threshold": round(self.threshold, 6)}
        return {**super().configuration(), **own}

    def photos(self) -> Iterator[tuple[str, Path]]:
        """The photos of the table, in order of their names."""
        for name in sorted(self.points):
            yield name, self.root / name

    def make(self, name: str, path: Path | None) -> Any:
        """As :meth:`KnownPoints.make`; a face that is not frontal is not even read."""
        from toonmark.data.sources import Rejected

        if not self.frontal[name]:
            return Rejected(Reason.NOT_FRONTAL, f"frontality {self.scores[name]:.3f}.")
        return super().make(name, path)


def defaults() -> Selection:
    """The other limits for a CelebA face: its pictures are 178 pixels wide and soft, and tight."""
    return Selection(yaw=25.0, enlargement=2.0, sharpness=15.0, head_cut=0.05)


def find(folder: Path) -> tuple[Path, Path]:
    """The table and the pictures of an official layout.

    Raises:
        DataError: one of the two is missing.
    """
    stem = Path(TABLE).stem
    places = (folder, folder / "Anno", folder.parent, folder.parent / "Anno")
    tables = (place / f"{stem}{suffix}" for place in places for suffix in (".txt", ".csv"))
    table = next((table for table in tables if table.is_file()), None)
    if table is None:
        raise DataError(
            f"{folder} holds no {TABLE}.",
            "Name the folder with CelebA's img_align_celeba and that table.",
        )
    for images in (folder / name for name in FOLDERS):
        if images.is_dir():
            # Kaggle's archive has the folder twice, one within the other.
            inner = images / images.name
            return table, inner if inner.is_dir() else images
    if folder.name == "img_align_celeba" and folder.is_dir():
        return table, folder
    raise DataError(
        f"{folder} holds no folder img_align_celeba.", "Unpack img_align_celeba.zip there."
    )
