"""SIGTERM and Ctrl-C: a training keeps a checkpoint, and all of its processes stop together."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightning_fabric import Fabric


@contextmanager
def asked_to_stop() -> Iterator[threading.Event]:
    """An event that SIGTERM or Ctrl-C sets; a second Ctrl-C interrupts at once."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return

    def ask(number: int, _frame: object) -> None:
        if event.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        event.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def any_process(fabric: Fabric, mine: bool) -> bool:
    """Whether one of a training's processes says so; asked of all of them at once."""
    if fabric.world_size == 1:
        return mine
    import torch

    total = fabric.all_reduce(torch.tensor(float(mine)), reduce_op="sum")
    assert isinstance(total, torch.Tensor)
    return bool(total.item() > 0)
