"""The progress of an experiment: a board at a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from toonmark.experiments import state
from toonmark.experiments.plan import Job

#: Seconds between two lines where there is no terminal.
EVERY = 60.0


def duration(seconds: float) -> str:
    """``9 h 05 min``, ``4 min`` or ``20 s``."""
    hours, minutes = divmod(round(seconds / 60), 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def _iterations(job: Job) -> int:
    return 0 if job.training is None else job.training.iterations


class Board:
    """Iterations done over all rows, and the time left at the speed since the start, on
    standard error.

    Args:
        jobs: all runs of the experiment.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = list(jobs)
        self._console = Console(stderr=True)
        self._total = sum(_iterations(job) for job in jobs)
        self._began, self._told = time.monotonic(), -EVERY
        self._start = self.done()
        self._tasks: dict[str, TaskID] = {}
        self._bars: Progress | None = None
        if self._console.is_terminal:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[n]}"),
            )
            self._bars = Progress(*columns, console=self._console)

    def __enter__(self) -> Board:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def done(self) -> int:
        """Iterations over all runs, those since their last checkpoints included."""
        return sum(self._done(job) for job in self._jobs)

    def _done(self, job: Job) -> int:
        # The metrics go on after a checkpoint; a short run may have a checkpoint and no metrics.
        logged = state.logged_iteration(job.folder)
        saved = state.checkpoint_iteration(job.folder)
        return min(max(logged, saved), _iterations(job))

    def left(self, done: int) -> float | None:
        """Seconds to the end at the present speed, or None while that is unknown."""
        seconds, progress = time.monotonic() - self._began, done - self._start
        if progress <= 0:
            return 0.0 if done >= self._total else None
        return seconds / progress * (self._total - done)

    def show(self, running: Sequence[Job]) -> None:
        """Tells how far it is, at most once a minute where there is no terminal."""
        if self._bars is None and time.monotonic() - self._told < EVERY:
            return
        self._told = time.monotonic()
        done = self.done()
        left = self.left(done)
        remaining = "time left unknown" if left is None else f"{duration(left)} left"
        told = f"{done}/{self._total} iterations, {remaining}"
        if self._bars is None:
            names = ", ".join(f"{job.name} {self._done(job)}" for job in running)
            self._console.print(f"{told}; {names or 'nothing runs'}", highlight=False)
            return
        self._bar("all rows", done, self._total, told)
        for job in running:
            count, of = self._done(job), _iterations(job)
            self._bar(job.name, count, of, f"{count}/{of}")
        for name in set(self._tasks) - {"all rows", *(job.name for job in running)}:
            self._bars.remove_task(self._tasks.pop(name))

    def _bar(self, name: str, done: int, total: int, told: str) -> None:
        assert self._bars is not None
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total, n=told)
        self._bars.update(self._tasks[name], completed=done, n=told)

    def say(self, text: str) -> None:
        """One line that stays."""
        self._console.print(text, highlight=False, soft_wrap=True)
