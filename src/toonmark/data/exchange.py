"""Imports and exports a set's landmarks in the file formats of annotation tools."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from toonmark import pictures
from toonmark.data.annotation.store import NAME, Annotations, State
from toonmark.data.dataset import LANDMARKS, Dataset
from toonmark.data.formats import FORMATS, Format, guess, match_names
from toonmark.data.formats.points_table import Listing
from toonmark.data.formats.sides import Proof, Sides, check_order, in_other_order, proof
from toonmark.errors import DataError
from toonmark.landmarks import COUNT, MIRROR, NAMES, Array


@dataclass(frozen=True)
class Import:
    """Points of another tool's file that were found sound, and are not written yet.

    Attributes:
        folder: the set, or the folder of pictures.
        points: a picture there to its (5, 2) pixels, left and right as the image has them.
        listing: what the file holds.
        missing: names in the file that are of no picture there.
        pointless: how many pictures there the file says nothing about.
        proof: what the points say about left and right.
        swapped: whether left and right were exchanged.
    """

    folder: Path
    points: dict[str, Array]
    listing: Listing
    missing: list[str]
    pointless: int
    proof: Proof
    swapped: bool

    def summary(self) -> list[str]:
        """A summary of the points that were read, as lines."""
        listing = self.listing
        lines = [
            f"{len(listing.points)} pictures with five points are listed, {len(self.points)} of "
            f"them are in {self.folder}"
        ]
        if self.missing:
            lines.append(f"{len(self.missing)} are not there: {_some(self.missing)}")
        if listing.without:
            lines.append(
                f"{len(listing.without)} are listed without points: {_some(listing.without)}"
            )
        if self.pointless:
            lines.append(f"{self.pointless} pictures there are not listed, or without points")
        if listing.labels:
            taken = (
                f"{NAMES[i]} is {' or '.join(sorted(listing.labels[i]))}" for i in range(COUNT)
            )
            lines.append(f"names: {', '.join(taken)}")
        if listing.unknown:
            lines.append(
                f"left out: {_some([f'{n} {c}×' for n, c in listing.unknown.most_common()])}"
            )
        notes = dict(listing.notes)
        if strange := in_other_order(listing.points):
            notes["have points as no face has them: look at these"] = strange
        lines += [f"{len(names)} {what}: {_some(names)}" for what, names in notes.items()]
        whose = "the subject's, and are exchanged" if self.swapped else "the image's"
        lines.append(
            f"left and right are {whose}; {self.proof.sure} of {len(listing.points)} pictures' "
            f"points show whose they are"
        )
        return lines

    def write(self) -> None:
        """Gives the pictures their points; they count as annotated."""
        Annotations(self.folder).accept(self.points, State.DONE)


def _some(names: list[str], most: int = 3) -> str:
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")


def read_points(
    table: Path,
    folder: Path,
    kind: Format | None = None,
    *,
    force: bool = False,
    sides: Sides = Sides.AUTO,
) -> Import:
    """Reads points that another tool's file lists for pictures, and proves them.

    Args:
        table: the file.
        folder: a set, or a folder of pictures.
        kind: the file's format; guessed from its name unless given.
        force: also replace points that the folder has already.
        sides: whose left and right the file's names mean; read off the points unless given.

    Raises:
        DataError: an unreadable file, no name that fits, two faces in a picture, points outside
            their picture or with their sides or order mixed up, or points that are there already.
    """
    listing = FORMATS[kind or guess(table)][0](table)
    annotations = Annotations(folder)
    if not listing.points:
        _raise_no_points(table, listing)
    found, missing = match_names(listing.points, annotations.entries)
    if not found:
        raise DataError(
            f"None of the {len(listing.points)} pictures that {table} lists is in {folder}, "
            f"{missing[0]} for one.",
            "Name the folder that holds them.",
        )
    own = (folder / LANDMARKS).exists() or (folder / NAME).exists()
    if own and not force and table.resolve() != (folder / LANDMARKS).resolve():
        raise DataError(
            f"{folder} has points already.", "Replace those that are listed with --force."
        )
    if len(set(found.values())) < len(found):
        raise DataError(f"{table} lists a picture twice, by two names.", "Keep one of them.")
    if listing.numbered:
        check_order(listing.points)
    shown = proof(listing.points)
    if sides is Sides.AUTO and shown.against:
        raise DataError(
            f"{table}: left and right are {shown.sides}'s in {shown.sure} pictures and not in "
            f"{len(shown.against)}: {_some(list(shown.against))}.",
            "Correct these, or take all as they are with --sides image, or --sides subject.",
        )
    swapped = (shown.sides if sides is Sides.AUTO else sides) is Sides.SUBJECT
    points = {}
    for name, picture in found.items():
        _check_places(table, name, listing, annotations.size(picture))
        points[picture] = listing.points[name][list(MIRROR)] if swapped else listing.points[name]
    pointless = len(set(annotations.entries) - set(points))
    return Import(folder, points, listing, missing, pointless, shown, swapped)


def _check_places(table: Path, name: str, listing: Listing, size: tuple[int, int]) -> None:
    """Points must be of a picture of this size, and inside it."""
    width, height = size
    said = listing.sizes.get(name, size)
    if said != size:
        raise DataError(
            f"{table}: {name} has {width} × {height} pixels here, and had {said[0]} × {said[1]} "
            "where it was annotated.",
            "It was annotated without regard to how the camera was held (EXIF): turn the file."
            if said == (height, width)
            else "Name the folder that holds the pictures as they were annotated.",
        )
    for landmark, (x, y) in zip(NAMES, listing.points[name], strict=True):
        if not (-0.51 <= x <= width - 0.49 and -0.51 <= y <= height - 0.49):
            raise DataError(
                f"{table}: {landmark} of {name} is at ({x:.1f}, {y:.1f}), outside the picture of "
                f"{width} × {height} pixels.",
                "Move it there; or were pictures resized?",
            )


def _raise_no_points(table: Path, listing: Listing) -> NoReturn:
    if listing.unknown:
        raise DataError(
            f"{table} has no points that are called {', '.join(NAMES)}, or numbered from 1 to 5; "
            f"it has {_some([label or 'points without a name' for label in listing.unknown], 9)}.",
            "Rename them in the tool, and export them again.",
        )
    raise DataError(f"{table} lists no points.", "Export it again, with what was annotated.")


def export_points(folder: Path, table: Path, kind: Format, *, force: bool = False) -> int:
    """Writes a set's points as another tool's file; gives the number of pictures.

    Raises:
        DataError: no set, or ``table`` exists.
    """
    dataset = Dataset.open(folder)
    if table.exists() and not force:
        raise DataError(f"{table} exists.", "Choose another name, or replace it with --force.")
    sizes = {}
    for index, name in enumerate(dataset.names):
        sizes[name] = pictures.upright_size(dataset.data(index))
    rows = dict(zip(dataset.names, dataset.points, strict=True))
    FORMATS[kind][1](table, rows, sizes)
    return len(rows)
