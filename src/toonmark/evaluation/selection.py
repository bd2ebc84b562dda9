"""Selects the pictures of a set that are measured, and brings them to the networks' size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toonmark.data.dataset import Dataset
from toonmark.data.sampling import scaling
from toonmark.data.split import HeldOut
from toonmark.errors import ImageError
from toonmark.evaluation.errors import NotEnoughPicturesError
from toonmark.faces.align import crop, face_transform, transform_points
from toonmark.landmarks import FACE_TEMPLATE, Array
from toonmark.pictures import read


@dataclass
class Selection:
    """The pictures that are measured, and those that could not be.

    Attributes:
        names: readable pictures in name order.
        files: where they are.
        points: one (5, 2) each, or None where they are not known.
        skipped: file name and what is wrong with it.
    """

    names: list[str]
    files: list[Path]
    points: list[Array | None]
    skipped: list[tuple[str, str]]

    def __len__(self) -> int:
        return len(self.names)

    def first(self, n: int) -> Selection:
        """The first ``n`` of them."""
        return Selection(self.names[:n], self.files[:n], self.points[:n], [])

    def with_points(self) -> Selection:
        """The pictures whose points are known."""
        which = [i for i, points in enumerate(self.points) if points is not None]
        return Selection(
            [self.names[i] for i in which],
            [self.files[i] for i in which],
            [self.points[i] for i in which],
            [],
        )


_TEST = HeldOut()


def select(
    pictures: Dataset,
    n: int,
    seed: int = 0,
    held_out: HeldOut | None = _TEST,
    without: Sequence[str] = (),
    minimum: int = 2,
) -> Selection:
    """Draws ``n`` readable pictures by seed; broken ones are skipped, named, and replaced.

    Args:
        pictures: the set.
        n: how many are wanted; fewer come back where there are no more.
        seed: which ones.
        held_out: only those that training held out; None: all.
        without: pictures that must not be among them.
        minimum: fewer than this are an error.

    Raises:
        NotEnoughPicturesError: fewer than ``minimum`` are left.
    """
    taken = set(without)
    among = pictures.names if held_out is None else held_out.of(pictures.names)
    candidates = [name for name in among if name not in taken]
    where = {name: index for index, name in enumerate(pictures.names)}
    chosen: list[int] = []
    skipped: list[tuple[str, str]] = []
    for index in np.random.default_rng(seed).permutation(len(candidates)):
        if len(chosen) >= n:
            break
        name = candidates[index]
        try:
            read(pictures.path(where[name]))
        except ImageError as error:
            skipped.append((name, error.happened))
            continue
        chosen.append(where[name])
    if len(chosen) < minimum:
        which = f" held out of training ({held_out})" if held_out else ""
        all_of_it = ", or measure on all of it (--all; in a plan, `held_out: false`)."
        raise NotEnoughPicturesError(
            f"{pictures.folder} has {len(chosen)} usable pictures{which}; {minimum} are needed.",
            "Use a larger set" + (all_of_it if held_out else "."),
        )
    chosen.sort()
    points = [pictures.points[i] for i in chosen]
    return Selection(
        [pictures.names[i] for i in chosen],
        [pictures.path(i) for i in chosen],
        [None if np.isnan(known).any() else known for known in points],
        skipped,
    )


def fit(
    picture: Array,
    points: Array | None,
    size: int,
    recrop: bool,
    template: Array = FACE_TEMPLATE,
) -> tuple[Array, Array | None]:
    """A picture as the networks see it.

    Args:
        picture: (H, W, 3) uint8.
        points: (5, 2) pixels, or None.
        size: edge of the result.
        recrop: cut by the points (as a photo would be); otherwise the whole picture is scaled.
        template: where the points of a recropped picture come to lie, as fractions of ``size``.

    Returns:
        (size, size, 3) uint8 and the points in it.
    """
    height, width = picture.shape[:2]
    if recrop and points is not None:
        transform = face_transform(points, size, template)
    elif (height, width) == (size, size):
        return picture, points
    else:
        transform = scaling(picture.shape, size)  # as training sees it
    fitted = np.clip(np.rint(crop(picture, transform, size)), 0, 255).astype(np.uint8)
    return fitted, None if points is None else transform_points(points, transform)


def batches(
    selection: Selection,
    size: int,
    recrop: bool = False,
    batch: int = 16,
    template: Array = FACE_TEMPLATE,
) -> Iterator[tuple[Array, list[Array | None]]]:
    """Streams a selection: (B, size, size, 3) uint8 and each picture's points; flat in memory."""
    for start in range(0, len(selection), batch):
        fitted = [
            fit(read(path).pixels, points, size, recrop, template)
            for path, points in zip(
                selection.files[start : start + batch],
                selection.points[start : start + batch],
                strict=True,
            )
        ]
        yield np.stack([picture for picture, _ in fitted]), [points for _, points in fitted]
