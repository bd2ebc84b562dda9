"""Partitions a batch's input into work units, deterministically, so that it can be resumed.

The plan lies in the output. Photos of a folder or a column of paths are listed once, in
``listing.parquet`` with one row group a unit: a photo that is added later moves no other.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, Literal

from pydantic import BaseModel

from toonmark.batch import addresses
from toonmark.batch.settings import PART, Settings, first_difference
from toonmark.errors import BatchError
from toonmark.pictures import SUFFIXES

#: The folder in the output that holds the plan.
FOLDER = "_toonmark"
#: Columns that are taken where none is named and a table has several.
_COLUMNS = ("path", "image", "photo", "file", "file_name", "url", "bytes", "jpg", "png")

#: Where it is not told how large parts are: few photos are cut into this many parts, so that all
#: workers have some and little is drawn again;
_PARTS = 64
#: but into none of fewer photos than this.
_FEWEST = 16

Kind = Literal["listing", "table", "shards"]


class Unit(BaseModel):
    """The photos that one worker draws at a time.

    Attributes:
        number: of all units, from 0.
        kind: a row group of a list of paths, a row group of a table of bytes, or a whole shard.
        file: the table's or shard's address.
        group: which row group.
        column: which column of a table.
    """

    number: int
    kind: Kind
    file: str
    group: int = 0
    column: str = ""


class Plan(BaseModel):
    """A whole batch's input.

    Attributes:
        input: as it was given.
        settings: what is drawn.
        files: tables or shards, each with the number of its units.
    """

    input: str
    settings: Settings
    kind: Kind
    column: str = ""
    files: list[tuple[str, int]]

    def units(self) -> Iterator[Unit]:
        """All units, in order."""
        number = 0
        for file, groups in self.files:
            for group in range(groups):
                yield Unit(
                    number=number, kind=self.kind, file=file, group=group, column=self.column
                )
                number += 1


def open_plan(
    given: str, output: str, settings: Settings, column: str | None, fitted: bool = False
) -> Plan:
    """The plan that lies in ``output``, or a new one.

    Args:
        given: a folder, a pattern, WebDataset's shards (.tar), or a table (.parquet, .csv).
        settings: what is to be drawn; a plan has its own, in which ``part`` may be another.
        column: of a table; None to look for one.
        fitted: whether parts are as large as suits the number of photos, or as they were when the
            batch was begun, rather than as ``settings`` say.

    Raises:
        BatchError: there are no photos, or the output belongs to another batch.
    """
    place = addresses.joined(output, f"{FOLDER}/plan.json")
    if addresses.exists(place):
        plan = Plan.model_validate_json(addresses.read_bytes(place))
        if fitted:
            settings = settings.model_copy(update={"part": plan.settings.part})
        different = first_difference(
            {"input": plan.input, **plan.settings.model_dump()},
            {"input": given, **settings.model_dump()},
        )
        if different:
            raise BatchError(
                f"{output} holds a batch with another {different}.",
                "Give the same again to go on with it, or name another folder.",
            )
        return plan
    plan = _new_plan(given, output, settings, column, fitted)
    addresses.write_whole(place, json.dumps(plan.model_dump(), indent=1).encode())
    return plan


def _new_plan(
    given: str, output: str, settings: Settings, column: str | None, fitted: bool
) -> Plan:
    names = _alike(addresses.meant(given), alone=given)
    first = next(names, None)
    if first is None:
        raise _nothing(given)
    names, suffix = chain([first], names), _suffix(first)
    if suffix == ".tar":
        files = [(name, 1) for name in names]
        return Plan(input=given, settings=settings, kind="shards", files=files)
    paths: Iterator[str] = names
    if suffix == ".parquet":
        column, holds_bytes = _column_of(first, column)
        if holds_bytes:
            files = [(table, _groups(table)) for table in names]
            return Plan(input=given, settings=settings, kind="table", column=column, files=files)
        paths = chain.from_iterable(_paths_in(table, column) for table in names)
    elif suffix == ".csv":
        paths = chain.from_iterable(_paths_in_csv(table, column) for table in names)
    if fitted:
        some = list(islice(paths, _PARTS * PART))
        part = max(_FEWEST, min(PART, len(some) // _PARTS))
        paths, settings = chain(some, paths), settings.model_copy(update={"part": part})
    listing = addresses.joined(output, f"{FOLDER}/listing.parquet")
    units = _write_listing(listing, paths, settings.part)
    if not units:
        raise _nothing(given)
    return Plan(
        input=given, settings=settings, kind="listing", column="path", files=[(listing, units)]
    )


def _nothing(given: str) -> BatchError:
    return BatchError(f"There are no photos in {given}.", "Check the address.")


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _alike(names: Iterator[str], alone: str) -> Iterator[str]:
    """The files of one kind: pictures, shards or tables, whichever is met first.

    A table of comma-separated values counts where its name is given: a folder of photos may have
    one that says something else about them. So does a photo, whatever its name ends in.
    """
    tables = (".tar", ".parquet", *([".csv"] if _suffix(alone) == ".csv" else []))
    kind = ""
    for name in names:
        suffix = _suffix(name)
        mine = suffix if suffix in tables else "picture"
        if mine == "picture" and suffix not in SUFFIXES and name != alone:
            continue
        kind = kind or mine
        if mine == kind:
            yield name


def _write_listing(address: str, paths: Iterable[str], part: int) -> int:
    """Writes a table of addresses, ``part`` in a row group; returns how many row groups."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    # As bytes: a file's name need not be UTF-8.
    schema, buffer, groups = pa.schema([("path", pa.binary())]), io.BytesIO(), 0
    encoded = (os.fsencode(path) for path in paths)
    with pq.ParquetWriter(buffer, schema) as writer:
        while some := list(islice(encoded, part)):
            writer.write_table(pa.table({"path": some}, schema), row_group_size=part)
            groups += 1
    if groups:
        addresses.write_whole(address, buffer.getvalue())
    return groups


def open_table(address: str) -> Any:
    """A Parquet file, of which only what is asked for is read.

    Raises:
        BatchError: it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    files, path = addresses.opened(address)
    try:
        return pq.ParquetFile(files.open(path, "rb"))
    except (OSError, pa.ArrowInvalid) as error:
        raise BatchError(f"{address} cannot be read ({error}).", "Check the table.") from error


def _groups(address: str) -> int:
    return int(open_table(address).metadata.num_row_groups)


def _column_of(address: str, column: str | None) -> tuple[str, bool]:
    """The column of the photos, and whether it holds their bytes rather than their paths."""
    import pyarrow as pa

    schema = open_table(address).schema_arrow
    names = _one_column(address, schema.names, column)
    kind = schema.field(names).type
    texts = (pa.types.is_string(kind), pa.types.is_large_string(kind))
    return names, not any(texts)


def _one_column(table: str, there: list[str], column: str | None) -> str:
    if column is None:
        column = there[0] if len(there) == 1 else next((n for n in _COLUMNS if n in there), None)
    if column is None or column not in there:
        raise BatchError(
            f"{table} has no column {column or 'that is known to hold photos'}.",
            f"Name one of these with --column: {', '.join(there)}.",
        )
    return column


def _paths_in(table: str, column: str) -> Iterator[str]:
    for batch in open_table(table).iter_batches(columns=[column]):
        yield from (addresses.beside(path, table) for path in batch.column(0).to_pylist() if path)


def _paths_in_csv(table: str, column: str | None) -> Iterator[str]:
    files, path = addresses.opened(table)
    with files.open(path, "r", encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        name = _one_column(table, list(rows.fieldnames or []), column)
        yield from (addresses.beside(row[name], table) for row in rows if row[name])
