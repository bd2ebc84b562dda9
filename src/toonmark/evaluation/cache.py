"""A cache of measurements on disk: no picture is measured twice.

One SQLite file; a row is one vector, found by the hash of a picture's pixels and of what was
measured. Safe for several processes; it may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from toonmark.errors import OutputNotWritableError
from toonmark.landmarks import Array

Measure = Callable[[Array, Sequence[int]], Array]


def content_hash(picture: Array, extra: bytes = b"") -> bytes:
    """SHA-256 over a picture's pixels, shape and whatever else decides the result."""
    digest = hashlib.sha256(repr((picture.shape, picture.dtype.str)).encode())
    digest.update(np.ascontiguousarray(picture).data)
    digest.update(extra)
    return digest.digest()


class Cache:
    """Vectors of float32 by (what was measured, content hash).

    Args:
        folder: where the file lies; None keeps everything in memory, for as long as this object.

    Raises:
        OutputNotWritableError: the folder cannot be written to.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        try:
            if folder is not None:
                Path(folder).mkdir(parents=True, exist_ok=True)
            place = ":memory:" if folder is None else str(Path(folder) / "evaluation.sqlite")
            self._database = sqlite3.connect(place, timeout=60, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS vectors"
                " (measure TEXT, content BLOB, vector BLOB, PRIMARY KEY (measure, content))"
                " WITHOUT ROWID"
            )
        except (OSError, sqlite3.Error) as error:
            raise OutputNotWritableError(
                f"The cache in {folder} cannot be used ({error}).",
                "Name another folder with --cache, or delete the damaged file.",
            ) from error

    def measured(
        self,
        measure: str,
        pictures: Array,
        compute: Measure,
        extras: Sequence[bytes] | None = None,
    ) -> Array:
        """The vectors of ``pictures``, computing only those that are not known yet.

        Args:
            measure: what is measured, with everything that decides the result in its name.
            pictures: (B, H, W, 3) uint8.
            compute: gets the unknown pictures and their indices; returns (b, D).
            extras: what else, picture by picture, the result depends on.

        Returns:
            (B, D) float32.
        """
        keys = [
            content_hash(picture, b"" if extras is None else extras[index])
            for index, picture in enumerate(pictures)
        ]
        known: dict[bytes, Array] = {}
        for key in keys:
            row = self._database.execute(
                "SELECT vector FROM vectors WHERE measure = ? AND content = ?", (measure, key)
            ).fetchone()
            if row is not None:
                known[key] = np.frombuffer(row[0], np.float32)
        missing = [index for index, key in enumerate(keys) if key not in known]
        if missing:
            fresh = np.asarray(compute(pictures[missing], missing), np.float32)
            for index, vector in zip(missing, fresh, strict=True):
                known[keys[index]] = vector
            rows = [(measure, keys[index], known[keys[index]].tobytes()) for index in missing]
            try:
                with self._database:
                    self._database.executemany(
                        "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows
                    )
            except sqlite3.Error as error:
                raise OutputNotWritableError(
                    f"What was measured cannot be kept ({error}).",
                    "Make room on the disk, or name another folder with --cache; what is kept "
                    "already is not measured again.",
                ) from error
        return np.stack([known[key] for key in keys])

    def close(self) -> None:
        """Lets the file go."""
        self._database.close()
