"""Overlaps two steps of a clip: one frame is coded in a thread while the next is drawn."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

#: Pieces of work that may wait or be done; more would only take memory.
MOST = 2


@contextmanager
def behind() -> Iterator[Callable[..., None]]:
    """Gives a function that has work done in a thread of its own, in the order of its calls.

    It returns at once while fewer than :data:`MOST` pieces are not done, and then waits for the
    first. On leaving all is done; after an exception, only what has begun.

    Raises:
        Exception: whatever a piece raises, at a later call or on leaving; none after it counts.
    """
    begun: deque[Future[Any]] = deque()

    def do(work: Callable[..., object], *arguments: Any) -> None:
        while len(begun) >= MOST or (begun and begun[0].done()):
            begun.popleft().result()
        # What is watched for here ends the work there too.
        begun.append(worker.submit(copy_context().run, work, *arguments))

    with ThreadPoolExecutor(1, "behind") as worker:
        try:
            yield do
            while begun:
                begun.popleft().result()
        finally:
            for one in begun:
                one.cancel()
