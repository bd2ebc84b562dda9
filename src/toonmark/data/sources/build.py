"""From a source to a set on disk: in parallel, in order, and on from where it was stopped."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

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
from toonmark.data.sources import Kept, Rejected, Source
from toonmark.data.sources.journal import Journal
from toonmark.data.sources.selection import Duplicates, Reason
from toonmark.errors import DataError
from toonmark.files import written_whole

T = TypeVar("T")
U = TypeVar("U")


def build(
    source: Source,
    out: str | Path,
    *,
    terms: str = "not stated",
    workers: int = 1,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Makes a set, or finishes one; photos that are in it already are not looked at again.

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
    done: set[str] = set()
    duplicates = Duplicates(source.duplicates)
    kept = 0
    for line in journal.photos():
        done.add(line["photo"])
        if "name" in line:
            kept += 1
            duplicates.add(int(line["look"], 16), line["photo"])
    seen = len(done)
    new = ((name, path) for name, path in source.photos() if name not in done)
    with ThreadPoolExecutor(workers) as pool:
        for (photo, _), made in in_order(pool, lambda item: source.make(item[1]), new, 4 * workers):
            line = {"photo": photo}
            if isinstance(made, Kept) and (same := duplicates.find(made.look)) is not None:
                made = Rejected(Reason.DUPLICATE, f"It looks like {same}.")
            if isinstance(made, Kept):
                line |= _keep(out / IMAGES, photo, made)
                duplicates.add(made.look, photo)
                kept += 1
            else:
                line |= {"reason": str(made.reason), "detail": made.detail}
            journal.add(line)
            seen += 1
            if progress is not None:
                progress(seen, kept)


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
    with written_whole(images / name) as temporary:
        temporary.write_bytes(data)
    return {
        "name": name,
        "points": [round(float(value), 2) for value in made.points.ravel()],
        "look": f"{made.look:032x}",
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def finish(source: Source, out: Path, terms: str) -> Dataset:
    """Writes the table and the description from the journal."""
    rows: list[tuple[str, Any]] = []
    made: dict[str, dict[str, str]] = {}
    rejected: dict[str, list[dict[str, str]]] = {}
    for line in Journal(out).photos():
        if "name" in line:
            rows.append((line["name"], line["points"]))
            made[line["name"]] = {"photo": line["photo"], "sha256": line["sha256"]}
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
