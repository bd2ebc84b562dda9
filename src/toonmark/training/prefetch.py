"""Prefetching: worker processes make the next batches, so that a GPU need not wait for them.

What is drawn for an iteration follows from the seed and its number alone, so any number of workers
makes the same pictures, in the same order.
"""

from __future__ import annotations

import atexit
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from torch.utils.data import DataLoader, Dataset

from toonmark.errors import ToonmarkError

T = TypeVar("T")


class Prefetcher(Generic[T]):
    """The results of a pure function of the iteration, made ahead of time.

    Args:
        make: from an iteration's number to tensors on the processor, in mappings, sequences, or
            objects with ``pin_memory()``. Each worker gets a copy: it must be picklable.
        iterations: how many there are.
        pinned: whether tensors are to lie where a GPU fetches them from.

    Attributes:
        workers: processes; 0 makes each iteration's when it is asked for.
    """

    def __init__(
        self, make: Callable[[int], T], iterations: int, pinned: bool = False, workers: int = 0
    ) -> None:
        self.workers, self._pinned = workers, pinned
        self._made: Dataset[T | ToonmarkError] = _Made(make)
        self._make, self._iterations = make, iterations
        self._next = -1
        self._waiting: Iterator[T | ToonmarkError] = iter(())

    def __call__(self, iteration: int) -> T:
        """The result of this iteration; made before, if they are asked for in their order."""
        if not self.workers:
            return self._make(iteration)
        if iteration != self._next:
            self.close()
            atexit.register(self.close)  # before Python waits for processes that ignore its signal
            self._waiting = self._from(iteration)
        self._next = iteration + 1
        value = next(self._waiting)
        if isinstance(value, ToonmarkError):
            raise value
        return value

    def close(self) -> None:
        """Ends the workers; the next call begins with new ones."""
        self._waiting, self._next = iter(()), -1

    def _from(self, iteration: int) -> Iterator[T | ToonmarkError]:
        loader = DataLoader(
            self._made,
            batch_size=None,
            sampler=range(iteration, self._iterations),
            num_workers=self.workers,
            # A forked process has the first one's locks without the threads that held them.
            multiprocessing_context="spawn",
            pin_memory=self._pinned,
            worker_init_fn=_begin,
            prefetch_factor=2,
        )
        with _signals_blocked():
            return iter(loader)


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Processes that begin within are deaf to signals from the start, before :func:`_begin` too."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:  # one that came meanwhile is heard now
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Made(Dataset[Any]):
    def __init__(self, make: Callable[[int], Any]) -> None:
        self._make = make

    def __getitem__(self, iteration: int) -> Any:
        try:
            return self._make(iteration)
        except ToonmarkError as error:  # as a value: a raised one comes back as another type
            return error


def _begin(_: int) -> None:
    """One thread for each worker; signals to the whole group are the first process's to answer."""
    import cv2

    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
