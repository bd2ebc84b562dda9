"""Creates or resumes a run directory, with its configuration, metrics log and lock."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from filelock import FileLock, Timeout

from toonmark import artifacts
from toonmark.artifacts import CONFIG, LOCK, METRICS, Kind, Run
from toonmark.configuration import Frozen, difference, parse
from toonmark.errors import ConfigurationError, OutputNotWritableError, RunError
from toonmark.files import write_text, writing
from toonmark.training.config import RunConfig

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

C = TypeVar("C", bound=RunConfig)


def config_of(run: Run, kind: type[C]) -> C:
    """The configuration that a run is trained with.

    Raises:
        RunError: the run is of another kind.
        ConfigurationError: it was written by another Toonmark, or by hand, and is wrong.
    """
    if run.kind is not kind.run_kind:
        raise RunError(
            f"{run.path} is a run of `{run.kind.command}`.",
            f"Name a run of `{kind.run_kind.command}`, or another folder.",
        )
    settings = {
        name: value
        for name, value in run.settings.items()
        if name not in kind.fixed or value != kind.fixed[name]
    }
    return parse(kind, {"split": "position", **settings})  # said or not: see data/split.py


def open_run(path: Path, kind: type[C], config: C | None) -> C:
    """Starts a run, or finds the one that is there.

    Until there is a checkpoint (or what was brought of one) nothing would be lost, and another
    configuration replaces the old.

    Args:
        config: what to train; None goes on with what the run was started with.

    Raises:
        ConfigurationError: the run has begun with another configuration; the difference is shown.
        RunError: there is nothing to go on with, or the run is of another kind.
    """
    file = path / CONFIG
    if not artifacts.is_run(path):
        if config is None:
            raise RunError(f"{path} is not a run yet.", "Give a configuration to start one there.")
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputNotWritableError(
                f"{path} cannot be made ({error.strerror}).", "Choose another place for the run."
            ) from error
        _write(file, kind.run_kind, config)
        return config
    if config is not None and artifacts.checkpoint_of(path) is None:
        first = os.environ.get("RANK", "0") == "0"  # of several processes
        if first and artifacts.settings_of(path) != config.model_dump(mode="json"):
            with Lock(path):  # it may have begun just now
                _write(file, kind.run_kind, config)
        return config
    existing = config_of(artifacts.run_of(path), kind)
    if config is not None and "split" not in config.model_fields_set:
        # A run goes on with the pictures that it began with, whatever is usual by now.
        config = config.model_copy(update={"split": existing.model_dump().get("split")})
    if config is not None and (changes := difference(existing, config)):
        raise ConfigurationError(
            f"{path} has begun with another configuration:\n{changes}\n",
            "Start a new run elsewhere, or leave these settings out to go on with this one.",
        )
    return existing


def _write(file: Path, kind: Kind, config: Frozen) -> None:
    settings = {"kind": kind, **config.model_dump(mode="json")}
    write_text(file, json.dumps(settings, indent=1, ensure_ascii=False) + "\n")


def check_size(path: Path, facts: Mapping[str, str], size: int | None) -> None:
    """Refuses weights that were trained for pictures of another size, where they say so.

    They would run, and see everything at the wrong scale.

    Raises:
        ConfigurationError: the sizes differ.
    """
    if size is not None and int(facts.get("size", size)) != size:
        raise ConfigurationError(
            f"{path} was trained at {facts['size']} pixels, and {size} are needed.",
            f"Train one with --set size={size}, or name another.",
        )


class Metrics:
    """Means over a few iterations, to ``metrics.csv`` and TensorBoard.

    Args:
        iteration: where the run goes on; what was written after it is dropped.
    """

    def __init__(self, path: Path, iteration: int) -> None:
        self._file = path / METRICS
        self._folder = path / "tensorboard"
        self._sums: dict[str, float] = {}
        self._count = 0
        self._start = iteration
        self._tensorboard: SummaryWriter | None = None
        if self._file.exists():
            self._drop_after(iteration)

    def add(self, values: Mapping[str, float]) -> None:
        """Takes one iteration's values."""
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._count += 1

    def write(self, iteration: int) -> dict[str, float]:
        """Writes the means since the last time and gives them back.

        Raises:
            OutputNotWritableError, DiskFullError: see :func:`toonmark.files.writing`.
        """
        means = {name: total / max(self._count, 1) for name, total in self._sums.items()}
        self._sums, self._count = {}, 0
        with writing(self._file):
            if self._tensorboard is None:
                from torch.utils.tensorboard import SummaryWriter

                self._tensorboard = SummaryWriter(str(self._folder), purge_step=self._start + 1)
            for name, value in means.items():
                self._tensorboard.add_scalar(name, value, iteration)
            new = not self._file.exists()
            with open(self._file, "a", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                if new:
                    writer.writerow(["iteration", "name", "value"])
                rows = ([iteration, name, f"{value:.6g}"] for name, value in means.items())
                writer.writerows(rows)
        return means

    def _drop_after(self, iteration: int) -> None:
        with open(self._file, newline="", encoding="utf-8") as file:
            lines = file.readlines()
        kept = [
            line
            for i, line in enumerate(lines)
            if i == 0
            or (
                line.endswith("\n")
                and line.split(",")[0].isdigit()
                and int(line.split(",")[0]) <= iteration
            )
        ]
        write_text(self._file, "".join(kept))

    def __enter__(self) -> Metrics:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._tensorboard is not None:
            with writing(self._folder):
                self._tensorboard.close()


class Lock:
    """One process a run: two would overwrite each other's checkpoints."""

    def __init__(self, path: Path) -> None:
        self._folder = path
        self._lock = FileLock(path / LOCK, thread_local=False)

    def __enter__(self) -> Lock:
        try:
            self._lock.acquire(blocking=False)
        except Timeout as error:
            raise RunError(
                f"{self._folder} is being trained by another process.",
                "Wait for it or stop it first; a run belongs to one process at a time.",
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()  # the kernel frees it after a kill
