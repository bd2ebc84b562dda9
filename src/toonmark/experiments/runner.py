"""Trains the runs of an experiment, a few processes side by side.

Each is a plain ``toonmark train`` of one thread: on two cores two runs of one thread finish sooner
than one after the other with two. A run that fails is recorded, and the others go on.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toonmark.experiments import state
from toonmark.experiments.plan import Job
from toonmark.experiments.progress import Board
from toonmark.training.stopping import asked_to_stop

#: Seconds between two looks at the processes.
POLL = 0.5
_PR_SET_PDEATHSIG = 1
# Loaded here, and not between fork and exec, where little is safe.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass
class _Running:
    job: Job
    process: subprocess.Popen[bytes]
    log: Path
    begin: int


def train_all(jobs: Sequence[Job], side_by_side: int, board: Board) -> bool:
    """Trains what is not finished; failed runs are tried again from their last checkpoint.

    SIGTERM and Ctrl-C let each process keep a checkpoint before this returns; a second Ctrl-C does
    not wait for them.

    Args:
        jobs: prepared by :func:`toonmark.experiments.state.prepare`.
        side_by_side: how many processes at a time.
        board: told of the progress.

    Returns:
        False if it was asked to stop.
    """
    waiting = [job for job in jobs if not state.is_finished(job)]
    running: list[_Running] = []
    with asked_to_stop() as stop:
        try:
            while (waiting or running) and not stop.is_set():
                # A killed experiment's processes may still be writing their last checkpoint.
                free = [job for job in waiting if not state.is_running(job)]
                for job in free[: side_by_side - len(running)]:
                    waiting.remove(job)
                    if not state.is_finished(job):
                        running.append(_start(job))
                board.show([one.job for one in running])
                stop.wait(POLL)
                running = [one for one in running if not _ended(one, board)]
        finally:
            _stop(running)
    board.show([])
    return not stop.is_set()


def _start(job: Job) -> _Running:
    state.forget_failure(job)
    log = job.folder / "train.log"
    command = [sys.executable, "-m", "toonmark", "train", str(job.folder)]
    command += ["--threads", "1", "--accelerator", "cpu", "--precision", job.precision]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
    begin = log.stat().st_size if log.exists() else 0
    with open(log, "ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,  # Ctrl-C reaches this process alone, which then asks them
            preexec_fn=None if _LIBC is None else _die_with_parent,
        )
    return _Running(job, process, log, begin)


def _die_with_parent() -> None:
    """If this process is killed, the kernel asks its children to keep a checkpoint and stop."""
    assert _LIBC is not None
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _ended(one: _Running, board: Board) -> bool:
    code = one.process.poll()
    if code is None:
        return False
    if code != 0:
        reason = _reason(code, one.log, one.begin)
        state.record_failure(one.job, reason)
        board.say(f"{one.job.name} failed: {reason}")
    elif state.is_finished(one.job):
        board.say(f"{one.job.name} is finished.")
    else:
        state.record_failure(one.job, "It was asked to stop from outside.")
        board.say(f"{one.job.name} was asked to stop from outside.")
    return True


def _reason(code: int, log: Path, begin: int = 0) -> str:
    """The error's own words from the log's end; otherwise how the process ended.

    Args:
        begin: bytes of the log that earlier attempts wrote.
    """
    with open(log, "rb") as file:
        file.seek(begin)
        text = file.read().decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines()[-200:]]
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].startswith("Error:"):
            return lines[index].removeprefix("Error:").strip()
    if code < 0:
        return f"It was ended by {signal.Signals(-code).name}."
    return next((line for line in reversed(lines) if line), f"It ended with status {code}.")


def _stop(running: Sequence[_Running]) -> None:
    for one in running:
        one.process.terminate()
    deadline = time.monotonic() + 60
    for one in running:
        try:
            one.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            one.process.kill()
            one.process.wait()
