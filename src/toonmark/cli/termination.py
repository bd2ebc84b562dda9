"""Handles SIGTERM and SIGHUP: a command cleans up, and ends by the signal."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Asked(SystemExit):
    """Goes through all that cleans up, as Ctrl-C does."""


@contextmanager
def cleaned_up() -> Iterator[None]:
    """SIGTERM and SIGHUP leave no half-written files behind; the process still ends by them.

    Commands that handle these signals themselves do so within this. What is ignored (``nohup``)
    stays so, and outside the main thread nothing is changed.
    """
    names = ("SIGTERM", "SIGHUP") if threading.current_thread() is threading.main_thread() else ()
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    ours = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    asked = 0

    def ask(number: int, _: Any) -> None:
        nonlocal asked
        if not asked:  # a second one must not interrupt the cleaning up
            asked = number
            raise _Asked(128 + number)

    for number in ours:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
        if asked:
            os.kill(os.getpid(), asked)
