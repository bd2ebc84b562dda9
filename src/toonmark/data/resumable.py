"""Shared helpers that fill a data set in parallel and resume it after an interruption."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from toonmark.data.dataset import DESCRIPTION, IMAGES, LANDMARKS
from toonmark.errors import ConfigurationError, DataError

#: No setting is longer; a checksum is.
_LONG = 40

T = TypeVar("T")


def in_processes(
    start: Callable[..., None],
    work: Callable[[range], T],
    chunks: Iterable[range],
    common: tuple[Any, ...],
    workers: int,
) -> Iterator[T]:
    """The results of ``work`` for each chunk, in order, by several processes or here by one.

    Args:
        start: called once in each process, with ``common``.
        work: a function of a module, as ``start``.
        chunks: indices.
        common: what all share.
        workers: processes; with 1 everything happens in this one.
    """
    if workers <= 1:
        start(*common)
        yield from map(work, chunks)
        return
    # Not "fork": the caller may have threads.
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=start, initargs=common
    ) as pool:
        yield from pool.map(work, chunks)


def check_own(folder: Path, record: Path, force: bool) -> None:
    """Refuses to fill a folder that holds other things.

    Args:
        folder: where to write; it may be missing.
        record: the file in it by which a command knows what it has made.
        force: write beside other things.

    Raises:
        DataError: it is not empty, and there is no such file.
    """
    if folder.exists() and any(folder.iterdir()) and not record.exists() and not force:
        raise DataError(
            f"{folder} is not empty, and nothing in it says that this command filled it.",
            "Choose another folder, or write into this one with --force.",
        )


def prepare(folder: Path, config: dict[str, Any], force: bool) -> None:
    """Sees that the folder may be filled, and that nobody takes it for complete meanwhile.

    Args:
        folder: the set's.
        config: what its pictures depend on; ``configuration`` in ``dataset.json``.
        force: throw away pictures of another configuration.

    Raises:
        ConfigurationError: it holds pictures of another configuration.
    """
    if differs(folder, _found_configuration(folder), config, force):
        shutil.rmtree(folder / IMAGES, ignore_errors=True)
    (folder / LANDMARKS).unlink(missing_ok=True)


def differs(
    folder: Path, before: Mapping[str, Any] | None, wanted: Mapping[str, Any], force: bool
) -> bool:
    """Whether a folder was filled by another configuration, and is to be filled anew.

    Args:
        folder: the set's.
        before: what it was filled by; None if it was not.
        wanted: what it is to be filled by.
        force: whether that may be another.

    Raises:
        ConfigurationError: it is another, and may not be.
    """
    if before is None:
        return False
    different = sorted(key for key in {*before, *wanted} if before.get(key) != wanted.get(key))
    if different and not force:
        changes = ", ".join(
            _change(key, before.get(key, "unknown"), wanted.get(key, "nothing"))
            for key in different
        )
        raise ConfigurationError(
            f"{folder} was made with another configuration ({changes}).",
            "Choose another folder, or pass --force to make it anew.",
        )
    return bool(different)


def _change(key: str, before: Any, wanted: Any) -> str:
    """A value for people: not whole sections; and the beginning of a checksum says enough."""
    if isinstance(wanted, Mapping):
        return f"{key} differs"
    texts = (str(value) for value in (before, wanted))
    return f"{key}: " + " -> ".join(t if len(t) <= _LONG else f"{t[:12]}…" for t in texts)


def _found_configuration(folder: Path) -> dict[str, Any] | None:
    """What the pictures in a folder were made with: {} if unknown, None if there are none."""
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        return dict(description["configuration"])
    except FileNotFoundError:
        images = folder / IMAGES
        filled = images.is_dir() and any(images.iterdir())
        return {} if filled or (folder / LANDMARKS).exists() else None
    except (OSError, ValueError, KeyError, TypeError):
        return {}
