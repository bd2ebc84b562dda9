"""The loop that every training shares: resume, step, watch for NaN, log, sample, keep."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from toonmark.artifacts import CHECKPOINT, has_checkpoint
from toonmark.errors import ConfigurationError, DivergedError, RunError
from toonmark.training import checkpoint
from toonmark.training.fabric import device_of, precision_of
from toonmark.training.run import Lock, Metrics
from toonmark.training.step_metrics import read
from toonmark.training.stopping import any_process, asked_to_stop

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from torch import Tensor


class Schedule(Protocol):
    """The settings that the loop reads of a configuration."""

    @property
    def iterations(self) -> int: ...
    @property
    def checkpoint_every(self) -> int: ...
    @property
    def log_every(self) -> int: ...


#: Weights beyond this are those of a training that diverged, though they may still be finite: what
#: is trained here has weights below 100.
LARGEST = 1e6


class Trainer(Protocol):
    """The methods that the loop calls of a training."""

    fabric: Fabric

    def step(self, iteration: int) -> Mapping[str, float]:
        """One iteration; gives the loss terms by name.

        From an iteration on in which a term or a gradient is not finite, it changes nothing; the
        loop tells when it next reads the terms.
        """

    def tensors(self) -> dict[str, Tensor]:
        """Everything that a checkpoint needs. Called on all processes."""

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Undoes :meth:`tensors`."""

    def on_iteration_end(self, iteration: int, folder: Path) -> None:
        """Callback on the first process: writes sample grids, and weights to choose from."""


def train(trainer: Trainer, schedule: Schedule, folder: Path, *, quiet: bool = False) -> bool:
    """Trains to the end, or until it is asked to stop; goes on where a run left off.

    SIGTERM and Ctrl-C finish the iteration, keep a checkpoint and return.

    Returns:
        whether the end was reached.

    Raises:
        DivergedError: a loss term, a gradient or a weight is no longer finite; the last good
            checkpoint stays.
        RunError: another process trains here, the checkpoint cannot be read, or the processes do
            not see the same one: the run must be on a disk that all machines share.
        ConfigurationError: the run began in another precision.
    """
    fabric, file = trainer.fabric, folder / CHECKPOINT
    with ExitStack() as stack:
        if fabric.is_global_zero:
            stack.enter_context(Lock(folder))
        start, precision = 0, precision_of(fabric)
        told, tensors = {"precision": precision, "device": device_of(fabric)}, None
        if fabric.world_size > 1:
            told["processes"] = str(fabric.world_size)
        if has_checkpoint(folder):
            tensors, facts = checkpoint.load(file)
            if "precision" not in facts:  # begun before it was recorded, in whatever it was
                told = {}
            start = int(facts["iteration"])
            _check_precision(folder, facts, precision)
        _check_start(fabric, folder, start)
        if tensors is not None:
            try:
                trainer.restore(tensors)
            except (KeyError, ValueError) as error:
                raise RunError(
                    f"{file} belongs to another kind of run ({error}).", "Start a new run."
                ) from error
        stop = stack.enter_context(asked_to_stop())
        metrics = bar = None
        steps: list[Mapping[str, float]] = []
        if fabric.is_global_zero:
            metrics = stack.enter_context(Metrics(folder, start))
            bar = stack.enter_context(Progress(schedule.iterations, start, quiet))
        for iteration in range(start, schedule.iterations):
            steps.append(trainer.step(iteration))
            done = iteration + 1
            # Every process must stop at the same iteration, or the others would wait for ever.
            stopping = any_process(fabric, stop.is_set())
            last = stopping or done == schedule.iterations
            logs = last or done % schedule.log_every == 0
            keeps = last or done % schedule.checkpoint_every == 0
            values = []
            if logs or keeps:  # only then: to read a number makes a GPU wait
                values, steps = _finite(steps, done, file), []
            # The checkpoint comes last: killed before it, a run does all of this again.
            if metrics is not None and bar is not None:
                for one in values:
                    metrics.add(one)
                if logs:
                    bar.say(metrics.write(done))
                bar.advance()
                trainer.on_iteration_end(done, folder)
            if keeps:
                tensors = trainer.tensors()
                if (wrong := _not_sound(tensors)) is not None:
                    raise DivergedError(
                        f"The weights {wrong} are not finite, or larger than {LARGEST:.0e}, after "
                        f"iteration {iteration}; the last good checkpoint is kept in {file}.",
                        "Lower the learning rate in a new run.",
                    )
                if fabric.is_global_zero:
                    checkpoint.save(file, tensors, {"iteration": str(done), **told})
                fabric.barrier()
            if stopping:
                return done == schedule.iterations
    return True


def _finite(steps: list[Mapping[str, float]], done: int, file: Path) -> list[dict[str, float]]:
    """The loss terms of the last steps, up to the ``done``-th.

    Raises:
        DivergedError: a term or a gradient was not finite; it names the first.
    """
    values = []
    for iteration, one in enumerate(read(steps), done - len(steps)):
        for name, value in one.values.items():
            if not math.isfinite(value):
                raise DivergedError(
                    f"The loss term {name} became {value} in iteration {iteration}; "
                    f"the last good checkpoint is kept in {file}.",
                    "Lower the learning rate or this term's weight in a new run.",
                )
        if one.wrong:
            raise _no_gradient(one.wrong, iteration, file)
        values.append(one.values)
    return values


def _no_gradient(weight: str, iteration: int, file: Path) -> DivergedError:
    return DivergedError(
        f"The gradient of {weight} was not finite in iteration {iteration}; "
        f"the last good checkpoint is kept in {file}.",
        "Lower the learning rate, or train in single precision, in a new run.",
    )


def _check_start(fabric: Fabric, folder: Path, start: int) -> None:
    """Each process has read where the run is; those that share no disk would be apart."""
    if fabric.world_size == 1:
        return
    import torch

    gathered = fabric.all_gather(torch.tensor(start, device=fabric.device))
    assert isinstance(gathered, torch.Tensor)
    starts = sorted(set(gathered.flatten().tolist()))
    if len(starts) > 1:
        raise RunError(
            f"The processes would go on with {folder} from different iterations "
            f"({' and '.join(map(str, starts))}): they do not see the same folder.",
            "Put the run on a disk that all machines share.",
        )


def _check_precision(folder: Path, facts: Mapping[str, str], precision: str) -> None:
    """Refuses to go on in another precision than the checkpoint's, where that says one."""
    before = facts.get("precision", precision)
    if before != precision:
        raise ConfigurationError(
            f"{folder} has begun with precision {before}, and {precision} is asked for.",
            f"Add --precision {before}, or start a new run elsewhere.",
        )


def _not_sound(tensors: Mapping[str, Tensor]) -> str | None:
    """The name of the first tensor of a checkpoint that no sound training has; None if all are.

    The optimisers' and the pools' tensors need only be finite.
    """
    for name, tensor in tensors.items():
        if not tensor.is_floating_point() or tensor.numel() == 0:
            continue
        largest = float(tensor.detach().abs().max())  # NaN if there is one
        bound = math.inf if name.startswith(("optimizer/", "pool/")) else LARGEST
        if not (math.isfinite(largest) and largest <= bound):
            return name
    return None


class Progress:
    """Iterations a second and time left: a bar at a terminal, a line now and then elsewhere."""

    def __init__(self, total: int, start: int, quiet: bool = False) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._total, self._done, self._quiet = total, start, quiet
        self._since, self._since_done = time.monotonic(), start
        self._console = Console(stderr=True)
        self._text = ""
        self._bar: Bar | None = None
        if self._console.is_terminal and not quiet:
            self._bar = Bar(
                BarColumn(),
                TextColumn("{task.completed}/{task.total}"),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
                console=self._console,
            )
            self._task = self._bar.add_task("", total=total, completed=start)

    def __enter__(self) -> Progress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self) -> None:
        """One iteration is done."""
        self._done += 1
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done)

    def say(self, means: Mapping[str, float]) -> None:
        """Shows the latest means beside the speed."""
        now = time.monotonic()
        speed = (self._done + 1 - self._since_done) / max(now - self._since, 1e-6)
        self._since, self._since_done = now, self._done + 1
        terms = "  ".join(f"{name} {value:.3f}" for name, value in means.items())
        if self._bar is not None:
            self._bar.update(self._task, description=f"{speed:.2f} it/s  {terms}")
        elif not self._quiet:
            left = (self._total - self._done - 1) / max(speed, 1e-6)
            self._console.print(
                f"{self._done + 1}/{self._total}  {speed:.2f} it/s  "
                f"{left / 3600:.1f} h left  {terms}",
                soft_wrap=True,
                highlight=False,
            )
