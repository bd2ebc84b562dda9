"""Cooperative cancellation: checkpoints at which a caller can stop long work.

The pipeline calls :func:`checkpoint` before each step: a pass of a network, a face. A server puts a
watch around its work that raises once nobody waits for the result any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_watch: ContextVar[Callable[[], None] | None] = ContextVar("watch", default=None)


@contextmanager
def watched(watch: Callable[[], None]) -> Iterator[None]:
    """Has ``watch`` called at every checkpoint of what is done within, in this thread.

    Args:
        watch: may raise any exception, which ends the work; it takes no time to speak of.
    """
    before = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(before)


def checkpoint() -> None:
    """Lets the watch, if there is one, end the work here.

    Raises:
        Exception: whatever the watch raises.
    """
    watch = _watch.get()
    if watch is not None:
        watch()
