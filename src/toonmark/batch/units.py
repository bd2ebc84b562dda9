"""The worker of a batch: draws one work unit and writes its output files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Protocol

from toonmark.batch import addresses, rows
from toonmark.batch.photo_reading import Given, photos_of
from toonmark.batch.settings import Counts, Settings
from toonmark.batch.unit_plan import Unit, open_table
from toonmark.cartoonizer import Attempt, Cartoonizer
from toonmark.errors import ToonmarkError, UnreadableFileError

#: Photos whose faces are drawn together.
TOGETHER = 8
#: A photo with which workers crashed so often is drawn no more: once among others, once alone.
CRASHES = 2


class Book(Protocol):
    """Remembers over a worker's death which photos it had in hand."""

    def begin(self, unit: int) -> dict[int, int]:
        """A worker takes a unit: how many workers crashed with each of its photos, by place."""

    def holds(self, unit: int, places: list[int]) -> None:
        """Notes that these photos are being drawn, and those before them are done."""


class Drawer:
    """Draws units.

    Args:
        cartoonizer: open and warm.
        settings: what is drawn.
        output: the address of the folder that is written to.
        book: remembers what is in hand.
    """

    def __init__(
        self, cartoonizer: Cartoonizer, settings: Settings, output: str, book: Book
    ) -> None:
        self._cartoonizer, self._settings = cartoonizer, settings
        self._output, self._book = output, book

    def __call__(self, unit: Unit) -> Counts:
        """Draws what is not drawn yet of a unit; each part is written whole or not at all.

        Returns:
            The counts of all of its parts, whoever drew them.

        Raises:
            ToonmarkError: the unit cannot be read at all, or the output cannot be written.
        """
        total, part, last = Counts(), 0, False
        while not last and addresses.exists(self._place("faces", unit, part, ".parquet")):
            there = open_table(self._place("faces", unit, part, ".parquet"))
            counts, last = rows.noted(there)
            total.add(counts)
            part += 1
        if last:
            return total
        crashes = self._book.begin(unit.number)
        place = part * self._settings.part
        photos = enumerate(photos_of(unit, place), place)
        ahead = next(photos, None)
        while not last:
            some = islice(chain([ahead] if ahead else [], photos), self._settings.part)
            made = _Part(self._settings, self._cartoonizer)
            for group in _groups(some, crashes):
                self._book.holds(unit.number, [number for number, _ in group])
                made.draw([photo for _, photo in group], crashes.get(group[0][0], 0))
            self._book.holds(unit.number, [])
            ahead = next(photos, None)
            last = ahead is None
            self._write(made, unit, part, last)
            total.add(made.counts)
            part += 1
        return total

    def _place(self, folder: str, unit: Unit, part: int, suffix: str) -> str:
        name = f"{folder}/{unit.number:06d}-{part:04d}{suffix}"
        return addresses.joined(self._output, name)

    def _write(self, made: _Part, unit: Unit, part: int, last: bool) -> None:
        """Writes a part's files; the faces' comes last and says that the others are there."""
        note = {"counts": made.counts.model_dump(), "last": last}
        if made.failures:
            data = rows.parquet(made.failures, rows.failure_schema(), note)
            addresses.write_whole(self._place("failures", unit, part, ".parquet"), data)
        if self._settings.container == "shards":
            shard = self._place("drawings", unit, part, ".tar")
            drawings = {}
            for number, row in enumerate(made.faces):
                row["shard"] = f"drawings/{shard.rpartition('/')[2]}"
                row["key"] = f"{unit.number:06d}-{part:04d}-{number:04d}.{row['format']}"
                drawings[row["key"]] = row.pop("drawing")
            addresses.write_whole(shard, rows.tar(drawings))
        data = rows.parquet(made.faces, rows.face_schema(), note)
        addresses.write_whole(self._place("faces", unit, part, ".parquet"), data)


def _groups(
    photos: Iterator[tuple[int, Given]], crashes: dict[int, int]
) -> Iterator[list[tuple[int, Given]]]:
    """Photos that are drawn together; one that a worker crashed with is by itself."""
    group: list[tuple[int, Given]] = []
    for number, photo in photos:
        if number in crashes:
            if group:
                yield group
            yield [(number, photo)]
            group = []
            continue
        group.append((number, photo))
        if len(group) == TOGETHER:
            yield group
            group = []
    if group:
        yield group


class _Part:
    """The rows of one part, as they are made."""

    def __init__(self, settings: Settings, cartoonizer: Cartoonizer) -> None:
        self._settings, self._cartoonizer = settings, cartoonizer
        self.faces: list[dict[str, Any]] = []
        self.failures: list[dict[str, Any]] = []
        self.counts = Counts()

    def draw(self, photos: list[Given], crashes: int) -> None:
        """Draws photos together, and makes a row of every face and every failure."""
        self.counts.photos += len(photos)
        if crashes >= CRASHES:
            self._fail(photos[0].source, "WorkerCrash", *_CRASHED)
            return
        read: list[tuple[str, bytes]] = []
        for photo in photos:
            try:
                read.append((photo.source, photo.read()))
            except Exception as error:  # noqa: BLE001  (file systems have errors of their own)
                self._failed(photo.source, error)
        try:
            attempts = self._attempt([data for _, data in read])
        except Exception:  # noqa: BLE001  (what nobody foresaw: whose it is, is found below)
            for source, data in read:
                try:
                    self._keep(source, self._attempt([data])[0])
                except Exception as error:  # noqa: BLE001
                    self._failed(source, error)
            return
        for (source, _), attempt in zip(read, attempts, strict=True):
            self._keep(source, attempt)

    def _attempt(self, photos: list[bytes]) -> list[Attempt]:
        return self._cartoonizer.each(photos, self._settings.faces)

    def _keep(self, source: str, attempt: Attempt) -> None:
        if attempt.error is not None:
            self._failed(source, attempt.error)
            return
        settings, style = self._settings, self._cartoonizer.style.metadata
        for cartoon in attempt.cartoons:
            row = rows.face_row(cartoon, source, attempt.left_out, style)
            row["format"], row["size"] = settings.format, settings.size
            row["drawing"] = cartoon.encoded(
                f".{settings.format}", settings.size, settings.transparent
            )
            self.faces.append(row)
            self.counts.faces += 1

    def _failed(self, source: str, error: Exception) -> None:
        if isinstance(error, OSError):
            why = os.strerror(error.errno) if error.errno else str(error)
            error = UnreadableFileError(
                f"{source} cannot be read ({why}).", "Check its name and that you may read it."
            )
        if isinstance(error, ToonmarkError):
            self._fail(source, type(error).__name__, error.happened, error.remedy)
        else:
            self._fail(source, type(error).__name__, str(error))

    def _fail(self, source: str, kind: str, happened: str, remedy: str = "") -> None:
        self.failures.append(rows.failure_row(source, kind, happened, remedy))
        self.counts.failures[kind] = self.counts.failures.get(kind, 0) + 1


_CRASHED = (
    f"{CRASHES} workers ended while they drew it, the last of them with no other photo.",
    "Draw it by itself with `toonmark cartoonize`, and report it if that crashes too.",
)
