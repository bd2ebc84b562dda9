"""Builds a set on disk from a source: in parallel, in order, resumable."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias, TypeVar

from toonmark import pictures
from toonmark._version import __version__
from toonmark.data.dataset import (
    DESCRIPTION,
    IMAGES,
    LANDMARKS,
    Dataset,
    write_description,
    write_landmarks,
)
from toonmark.data.provenance import made_by
from toonmark.data.sources import Kept, Rejected, Source
from toonmark.data.sources.journal import Journal
from toonmark.data.sources.selection import Duplicates, Reason
from toonmark.errors import DataError
from toonmark.files import write_bytes

T = TypeVar("T")
U = TypeVar("U")

Stamp: TypeAlias = tuple[int, int]


def build(
    source: Source,
    out: str | Path,
    *,
    terms: str = "not stated",
    workers: int = 1,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Makes a set, or finishes one; photos that are in it already are not read again.

    Args:
        source: what to make it from.
        out: the set's folder: new, empty, or left by an earlier run of the same configuration.
        terms: under what terms the photos may be used; written into ``dataset.json``.
        workers: threads.
        force: replace a set of another configuration.
        progress: called with (photos seen, pictures kept) after each photo.

    Raises:
        DataError: ``out`` holds something else, or no photo was kept.
        OutputError: the set cannot be written.
    """
    out = Path(out)
    journal = Journal(out)
    journal.open(source.configuration(), force)
    try:
        _fill(source, out, journal, workers, progress)
    finally:
        journal.close()
    return finish(source, out, terms)


def _fill(
    source: Source,
    out: Path,
    journal: Journal,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    done: dict[str, Stamp | None] = {}
    duplicates = Duplicates(source.duplicates)
    pictures_of: set[str] = set()
    for line in journal.photos():
        done[line["photo"]] = _as_stamp(line.get("stamp"))
        if "name" in line:
            pictures_of.add(line["photo"])
            duplicates.add(int(line["look"], 16), line["photo"])
    seen = len(done)

    def new() -> Iterator[tuple[str, Path | None, Stamp | None]]:
        for photo, path in source.photos():
            stamp = _stamp(path)
            # A photo that was edited in its place is another photo.
            if photo not in done or done[photo] != stamp:
                yield photo, path, stamp

    with ThreadPoolExecutor(workers) as pool:
        work = in_order(pool, lambda item: source.make(item[0], item[1]), new(), 4 * workers)
        for (photo, _, stamp), made in work:
            line = {"photo": photo, "stamp": stamp}
            duplicates.discard(photo)
            same = duplicates.find(made.perceptual_hash) if isinstance(made, Kept) else None
            if same is not None:
                made = Rejected(Reason.DUPLICATE, f"It looks like {same}.")
            if isinstance(made, Kept):
                line |= _keep(out / IMAGES, photo, made)
                duplicates.add(made.perceptual_hash, photo)
                pictures_of.add(photo)
            else:
                line |= {"reason": str(made.reason), "detail": made.detail}
            journal.add(line)
            if photo in done:
                seen -= 1
                if not isinstance(made, Kept):
                    (out / IMAGES / name_for(photo)).unlink(missing_ok=True)
                    pictures_of.discard(photo)
            seen += 1
            if progress is not None:
                progress(seen, len(pictures_of))


def _stamp(path: Path | None) -> Stamp | None:
    """Size and time of change: what tells an edited photo, without reading it."""
    try:
        status = path.stat() if path is not None else None
    except OSError:
        return None
    return None if status is None else (status.st_size, status.st_mtime_ns)


def _as_stamp(value: list[int] | None) -> Stamp | None:
    return None if value is None else (value[0], value[1])


def in_order(
    pool: ThreadPoolExecutor, work: Callable[[T], U], items: Iterator[T], ahead: int
) -> Iterator[tuple[T, U]]:
    """Works on items in parallel and gives (item, result) in order, few of them held at a time."""
    waiting: deque[tuple[T, Future[U]]] = deque()
    try:
        for item in items:
            waiting.append((item, pool.submit(work, item)))
            if len(waiting) >= ahead:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        for _, future in waiting:
            future.cancel()


def name_for(photo: str) -> str:
    """The picture's name in the set: the photo's own, made safe, and a hash of its whole path.

    Two photos of one name in different folders, or of one stem, stay apart.
    """
    stem = re.sub(r'[\x00-\x1f<>:"|?*\\/]', "_", PurePosixPath(photo).stem).strip(" .")[:60]
    return f"{stem or 'photo'}-{hashlib.sha256(photo.encode()).hexdigest()[:8]}.png"


def _keep(images: Path, photo: str, made: Kept) -> dict[str, Any]:
    name = name_for(photo)
    data = pictures.encode(made.image, ".png")
    write_bytes(images / name, data)
    line = {
        "name": name,
        "points": [round(float(value), 2) for value in made.points.ravel()],
        "look": f"{made.perceptual_hash:032x}",
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    return line if made.confidence is None else line | {"confidence": round(made.confidence, 3)}


def finish(source: Source, out: Path, terms: str) -> Dataset:
    """Writes the table and the description from the journal."""
    rows: list[tuple[str, Any]] = []
    made: dict[str, dict[str, Any]] = {}
    rejected: dict[str, list[dict[str, str]]] = {}
    for line in Journal(out).photos():
        if "name" in line:
            rows.append((line["name"], line["points"]))
            made[line["name"]] = {
                key: line[key] for key in ("photo", "sha256", "confidence") if key in line
            }
        else:
            entry = {"photo": line["photo"]}
            if line["detail"]:
                entry["detail"] = line["detail"]
            rejected.setdefault(line["reason"], []).append(entry)
    left_out = {reason: len(rejected[reason]) for reason in sorted(rejected)}
    configuration = source.configuration()
    write_description(
        out,
        {
            "format": 1,
            "source": source.title,
            "terms": terms,
            "size": source.size,
            "template": configuration.get("template"),
            "counts": {
                "seen": len(rows) + sum(left_out.values()),
                "kept": len(rows),
                "left out": left_out,
            },
            "landmarks": made_by({"configuration": configuration}),
            "configuration": configuration,
            "toonmark": __version__,
            "pictures": {name: made[name] for name in sorted(made)},
            "left out": rejected,
        },
    )
    if not rows:
        why = ", ".join(f"{reason}: {count}" for reason, count in left_out.items())
        raise DataError(
            f"No photo of the {source.title} was kept ({why or 'there are none'}).",
            f"See which and why in {out / DESCRIPTION}.",
        )
    write_landmarks(out / LANDMARKS, rows)
    return Dataset.open(out)
