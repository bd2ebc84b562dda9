"""Finds a set's pictures inside tar files, and reads one of them by a single seek."""

from __future__ import annotations

import csv
import json
import os
import tarfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from toonmark.errors import DataError
from toonmark.landmarks import COUNT, Array


@dataclass(frozen=True, slots=True)
class Member:
    """A picture's bytes in a shard."""

    shard: Path
    offset: int
    size: int


def members_of_table(table: Path) -> dict[str, Member]:
    """The places that a table of shards names; empty if it is a table of files.

    Raises:
        DataError: a place that is none, or outside of its shard.
    """
    found: dict[str, Member] = {}
    sizes: dict[str, int] = {}
    with open(table, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        if not {"shard", "offset", "size"} <= set(reader.fieldnames or ()):
            return {}
        for row in reader:
            shard = PurePosixPath(row["shard"] or "")
            try:
                place = Member(table.parent / shard, int(row["offset"]), int(row["size"]))
                if str(shard) not in sizes:
                    sizes[str(shard)] = place.shard.stat().st_size
                fits = place.offset >= 0 and place.offset + place.size <= sizes[str(shard)]
            except (OSError, ValueError, TypeError):
                fits = False
            if not fits or shard.is_absolute() or ".." in shard.parts or place.size <= 0:
                raise DataError(
                    f"Line {reader.line_num} of {table} names no place in a shard that is there.",
                    f"Write the shards again, or delete {table.name}: they hold all that it says.",
                )
            found[row["file"]] = place
    return found


def scan_shards(shards: Iterable[Path]) -> Iterator[tuple[str, Member, Array]]:
    """Walks through shards: (name, place, (5, 2) points) of each picture, in their order.

    Raises:
        DataError: a shard is damaged, or a picture has no points.
    """
    for shard in shards:
        pictures: dict[str, tuple[str, Member]] = {}
        about: dict[str, Mapping[str, object]] = {}
        try:
            with tarfile.open(shard, "r:") as tar:
                for info in tar:
                    if not info.isfile():
                        continue
                    key, _, kind = info.name.partition(".")
                    if kind == "json":
                        stream = tar.extractfile(info)
                        about[key] = json.loads(stream.read()) if stream else {}
                    else:
                        pictures[key] = info.name, Member(shard, info.offset_data, info.size)
        except (tarfile.TarError, OSError, ValueError) as error:
            raise DataError(f"{shard} is damaged ({error}).", "Copy it again.") from error
        for key, (name, member) in pictures.items():
            try:
                points = np.array(about[key]["points"], np.float32).reshape(COUNT, 2)
                assert np.isfinite(points).all()
            except (KeyError, ValueError, TypeError, AssertionError) as error:
                raise DataError(
                    f"{name} in {shard} has no five points.", f"Add {key}.json with “points”."
                ) from error
            yield str(about[key].get("file", name)), member, points


class Reader:
    """Reads members of shards; each shard is opened once, and threads may share it."""

    def __init__(self) -> None:
        self._files: dict[Path, int] = {}
        self._lock = threading.Lock()

    def __call__(self, member: Member) -> bytes:
        """A member's bytes.

        Raises:
            OSError: the shard cannot be read.
        """
        with self._lock:
            if member.shard not in self._files:
                if len(self._files) >= 64:  # systems allow only so many
                    os.close(self._files.pop(next(iter(self._files))))
                flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
                self._files[member.shard] = os.open(member.shard, flags)
            file = self._files[member.shard]
            if not hasattr(os, "pread"):
                os.lseek(file, member.offset, os.SEEK_SET)
                return os.read(file, member.size)
            return os.pread(file, member.size, member.offset)

    def __getstate__(self) -> dict[str, object]:
        return {}  # another process opens the shards for itself

    def __setstate__(self, _state: object) -> None:
        self.__init__()  # type: ignore[misc]

    def __del__(self) -> None:
        for file in self._files.values():
            os.close(file)
