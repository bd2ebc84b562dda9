"""Reads the photos of a unit of a batch, a few ahead of the one that is drawn."""

from __future__ import annotations

import os
import tarfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from toonmark.batch import addresses
from toonmark.batch.plan import Unit, open_table
from toonmark.errors import BatchError
from toonmark.pictures import SUFFIXES

#: Bytes of a photo that are read; larger ones are failures.
LARGEST = 2**28
#: Rows of a table of bytes, or photos of a list, that are read ahead.
AHEAD = 16


@dataclass(frozen=True)
class Given:
    """One photo of a unit.

    Attributes:
        source: what it is called.
        read: gives its bytes, or raises why it has none.
    """

    source: str
    read: Callable[[], bytes]


def photos_of(unit: Unit, start: int = 0) -> Iterator[Given]:
    """The photos of a unit.

    Args:
        start: so many of them are passed over.

    Raises:
        BatchError: the table cannot be read.
    """
    if unit.kind == "listing":
        return _read_ahead(unit, start)
    rows = _in_table(unit) if unit.kind == "table" else _in_shard(unit.file)
    for _ in range(start):
        next(rows, None)
    return rows


def _read_ahead(unit: Unit, start: int) -> Iterator[Given]:
    """Photos of a list of addresses: a few threads fetch the next ones while others are drawn."""
    paths = open_table(unit.file).read_row_group(unit.group)[unit.column].to_pylist()[start:]
    waiting: deque[tuple[str, Future[bytes]]] = deque()
    with ThreadPoolExecutor(4) as pool:
        for path in paths:
            read = pool.submit(addresses.read_bytes, os.fsdecode(path), LARGEST)
            waiting.append((addresses.source_of(path), read))
            if len(waiting) > AHEAD:
                source, data = waiting.popleft()
                yield Given(source, data.result)
        for source, data in waiting:
            yield Given(source, data.result)


def _in_table(unit: Unit) -> Iterator[Given]:
    """Photos of a column of bytes, or of structs of bytes and a path (Hugging Face's data sets)."""
    place, number = f"{unit.file}#{unit.group}", 0
    for batch in open_table(unit.file).iter_batches(
        AHEAD, row_groups=[unit.group], columns=[unit.column]
    ):
        for cell in batch.column(0).to_pylist():
            name, data = f"{place}.{number}", cell
            if isinstance(cell, dict):
                data = cell.get("bytes")
                name = f"{name}/{cell['path']}" if cell.get("path") else name
            yield Given(name, partial(_bytes, data))
            number += 1


def _bytes(data: object) -> bytes:
    if not isinstance(data, bytes):
        raise BatchError("The row holds no bytes.", "Name another column with --column.")
    return data


def _in_shard(address: str) -> Iterator[Given]:
    """Photos of a tar file, from its beginning to its end; a damaged one ends with the error."""
    files, path = addresses.opened(address)
    try:
        with files.open(path, "rb") as raw, tarfile.open(fileobj=raw, mode="r|*") as shard:
            for member in shard:
                suffix = os.path.splitext(member.name)[1].lower()
                if member.isfile() and suffix in SUFFIXES:
                    name = member.name.encode("utf-8", "backslashreplace").decode()
                    source = f"{address}#{name}"
                    if member.size > LARGEST:
                        yield Given(source, partial(_raised, addresses.too_large(source, LARGEST)))
                        continue
                    held = shard.extractfile(member)
                    yield Given(source, partial(bytes, held.read() if held else b""))
    except (tarfile.TarError, OSError, EOFError) as error:
        wrong = BatchError(f"{address} ends too early ({error}).", "Copy the shard again.")
        yield Given(address, partial(_raised, wrong))


def _raised(error: BatchError) -> bytes:
    raise error
