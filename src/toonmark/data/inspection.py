"""Checks a whole set and names what is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from toonmark.data.annotation.store import pictures_without_face
from toonmark.data.dataset import Dataset
from toonmark.data.sources.selection import Duplicates, Selection, perceptual_hash
from toonmark.errors import DataError
from toonmark.landmarks import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, RIGHT_EYE, Array

#: Fewer pictures than this are too few to train on.
FEW = 100

#: Mean difference, of 255, of two pictures of 16 × 16 pixels that are the same to the eye.
ALIKE = 6.0


@dataclass(frozen=True)
class Finding:
    """Something wrong.

    Attributes:
        kind: what, in a few words; the same words for the same thing.
        name: the picture, or empty if it is about the set.
        detail: what exactly.
        grave: whether training should not begin; otherwise it is worth knowing.
    """

    kind: str
    name: str = ""
    detail: str = ""
    grave: bool = True


def inspect(
    folder: str | Path, progress: Callable[[int, int], None] | None = None
) -> tuple[Dataset, list[Finding]]:
    """Reads every picture of a set.

    Args:
        folder: the set.
        progress: called with (pictures read, all of them).

    Returns:
        The set, and what was found, in the order of the pictures.

    Raises:
        DataError: the set cannot be opened at all; see :meth:`Dataset.open`.
    """
    dataset = Dataset.open(folder)
    findings: list[Finding] = []
    if len(dataset) < FEW:
        few = f"{len(dataset)} pictures; a style needs {FEW} or more."
        findings.append(Finding("too few pictures", detail=few, grave=False))
    seen: dict[bytes, str] = {}
    hashes = Duplicates(Selection.duplicate)
    sizes: dict[tuple[int, int], int] = {}
    recorded = dataset.description.get("pictures", {})
    for index, name in enumerate(dataset.names):
        if progress is not None:
            progress(index, len(dataset))
        findings += [Finding(kind, name) for kind in points_problems(dataset.points[index])]
        try:
            image = dataset.image(index)
        except DataError as error:
            findings.append(Finding("unreadable picture", name, error.happened))
            continue
        height, width = image.shape[:2]
        sizes[width, height] = sizes.get((width, height), 0) + 1
        outside = points_outside(dataset.points[index], width, height)
        if outside:
            findings.append(Finding("points outside the picture", name, f"{outside} of them."))
        content = hashlib.sha256(image.tobytes()).digest()
        if (same := seen.setdefault(content, name)) != name:
            findings.append(Finding("duplicate", name, f"The same pixels as {same}."))
        hashed = recorded.get(name, {}).get("sha256") if isinstance(recorded, dict) else None
        if hashed and hashlib.sha256(dataset.data(index)).hexdigest() != hashed:
            findings.append(Finding("changed since it was made", name, grave=False))
        if same == name:
            own = perceptual_hash(image)
            if (like := hashes.find(own)) is not None and alike(image, dataset, like):
                detail = f"It looks like {like}."
                findings.append(Finding("nearly a duplicate", name, detail, grave=False))
            hashes.add(own, name)
    findings += _sizes(sizes) + _unlisted(dataset)
    return dataset, findings


def alike(image: Array, dataset: Dataset, name: str) -> bool:
    """Whether a picture has the colours of another, which perceptual hashes do not see.

    Drawn faces are made of the same parts in other colours; those are no duplicates.
    """
    other = dataset.image(dataset.names.index(name))
    small = [
        cv2.resize(picture, (16, 16), interpolation=cv2.INTER_AREA).astype(int)
        for picture in (image, other)
    ]
    return bool(np.abs(small[0] - small[1]).mean() < ALIKE)


def points_problems(points: Array) -> list[str]:
    """Faults of an upright face's five points, whatever the picture: (5, 2) pixels."""
    problems = []
    if points[LEFT_EYE, 0] >= points[RIGHT_EYE, 0]:
        problems.append("mirrored eyes")
    if points[MOUTH_LEFT, 0] >= points[MOUTH_RIGHT, 0]:
        problems.append("mirrored mouth")
    if points[[LEFT_EYE, RIGHT_EYE], 1].mean() >= points[[MOUTH_LEFT, MOUTH_RIGHT], 1].mean():
        problems.append("mouth above the eyes")
    return problems


def points_outside(points: Array, width: int, height: int) -> int:
    """The number of points beyond the outer edges of a picture's pixels."""
    x, y = points[:, 0], points[:, 1]
    inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    return int((~inside).sum())


def _sizes(sizes: dict[tuple[int, int], int]) -> list[Finding]:
    if len(sizes) <= 1:
        return []
    common = sorted(sizes.items(), key=lambda item: -item[1])[:3]
    detail = ", ".join(f"{width} × {height}: {count}" for (width, height), count in common)
    return [Finding("pictures of several sizes", detail=detail)]


def _unlisted(dataset: Dataset) -> list[Finding]:
    known = pictures_without_face(dataset.folder)
    unlisted = (name for name in dataset.unlisted() if name not in known)
    return [Finding("not in the table", name, grave=False) for name in unlisted]
