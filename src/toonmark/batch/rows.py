"""Parquet schemas and rows of a batch's results and failures, and tar shards of its drawings."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

from toonmark.batch.settings import Counts
from toonmark.cartoon import Cartoon
from toonmark.styles.metadata import StyleMetadata

#: Under this key a part's counts stand in its file.
KEY = b"toonmark"


def face_schema() -> Any:
    """Columns of a face's row.

    ``box`` is x, y, width and height, ``points`` are x and y of the five landmarks, both in pixels
    of the upright photo; ``yaw`` and ``roll`` are degrees. ``face`` counts from the left from 1, or
    is null where only the largest was looked for. The drawing is in ``drawing``, or in the tar file
    ``shard`` as ``key``.
    """
    import pyarrow as pa

    number = pa.float64()
    return pa.schema(
        [
            ("source", pa.string()),
            ("face", pa.int32()),
            ("box", pa.list_(number, 4)),
            ("points", pa.list_(number, 10)),
            *((name, number) for name in ("score", "yaw", "roll")),
            *((name, pa.string()) for name in ("warning", "flaw", "photo_warning")),
            *((name, pa.string()) for name in ("style", "style_version", "licence", "terms")),
            ("format", pa.string()),
            ("size", pa.int32()),
            ("drawing", pa.binary()),
            ("shard", pa.string()),
            ("key", pa.string()),
        ]
    )


def failure_schema() -> Any:
    """Columns of a failure's row: the photo, the error's name, what happened, what to do."""
    import pyarrow as pa

    return pa.schema([(n, pa.string()) for n in ("source", "kind", "happened", "remedy")])


def face_row(cartoon: Cartoon, source: str, left_out: str, style: StyleMetadata) -> dict[str, Any]:
    """A face's row, without its drawing."""
    return {
        "source": source,
        "face": cartoon.number,
        "box": list(cartoon.box),
        "points": cartoon.points.ravel().tolist(),
        "score": cartoon.score,
        "yaw": float(cartoon.yaw),
        "roll": float(cartoon.roll),
        "warning": cartoon.warning,
        "flaw": cartoon.flaw,
        "photo_warning": left_out,
        "style": style.name,
        "style_version": style.version,
        "licence": style.licence,
        "terms": style.terms,
    }


def failure_row(source: str, kind: str, happened: str, remedy: str = "") -> dict[str, Any]:
    """A photo that could not be drawn, and why."""
    return {"source": source, "kind": kind, "happened": happened, "remedy": remedy}


def parquet(rows: list[dict[str, Any]], schema: Any, note: dict[str, Any]) -> bytes:
    """A table's bytes, with a note in it.

    Drawings are compressed already; what repeats, such as a style's terms, takes no room.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist(rows, schema.with_metadata({KEY: json.dumps(note)}))
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def noted(table: Any) -> tuple[Counts, bool]:
    """The notes in a part's file: its counts, and whether it is the last of its unit."""
    note = json.loads(table.schema_arrow.metadata[KEY])
    return Counts.model_validate(note["counts"]), bool(note["last"])


def tar(drawings: dict[str, bytes]) -> bytes:
    """A shard: drawings by their names, with nothing in it that depends on when it was made."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as shard:
        for name, data in drawings.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            shard.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
