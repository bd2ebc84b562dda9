"""Sets that are filled picture by picture, and go on where they were stopped."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
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
    before = _found_configuration(folder)
    if before is not None:
        different = sorted(key for key in {*before, *config} if before.get(key) != config.get(key))
        if different and not force:
            changes = ", ".join(
                f"{key}: {_short(before.get(key, 'unknown'))} -> "
                f"{_short(config.get(key, 'nothing'))}"
                for key in different
            )
            raise ConfigurationError(
                f"{folder} was made with another configuration ({changes}).",
                "Choose another folder, or pass --force to draw it anew.",
            )
        if different:
            shutil.rmtree(folder / IMAGES, ignore_errors=True)
    (folder / LANDMARKS).unlink(missing_ok=True)


def _short(value: Any) -> str:
    """A value for people: the beginning of a checksum says enough."""
    text = str(value)
    return text if len(text) <= _LONG else f"{text[:12]}…"


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
