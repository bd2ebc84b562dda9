"""The state of an experiment's runs: read from their folders, and remembered nowhere else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toonmark.artifacts import METRICS, checkpoint_of, imported_weights, was_begun_here
from toonmark.errors import ConfigurationError, RunError
from toonmark.experiments import imported_runs
from toonmark.experiments.plan import Job
from toonmark.files import write_text
from toonmark.training.config import TrainConfig, UnpairedConfig
from toonmark.training.run import Lock, open_run

#: Beside a run whose training ended early. (``error.json`` is how far a finished one is off.)
FAILURE = "failure.json"


@dataclass(frozen=True)
class Failure:
    """Why a run ended early."""

    message: str
    iteration: int


def checkpoint_iteration(folder: Path) -> int:
    """Iterations that are safe on disk; 0 before the first checkpoint. Reads only the header.

    Raises:
        RunError: the checkpoint is damaged.
    """
    from toonmark.training import checkpoint

    file = checkpoint_of(folder)
    if file is None:
        return 0
    try:
        return checkpoint.iterations(file)
    except RunError as error:
        raise RunError(
            f"The checkpoint {file} cannot be read ({error}).",
            f"Delete {folder} to train this row again, or put a good copy in its place.",
        ) from error


def logged_iteration(folder: Path) -> int:
    """The iteration last written to the metrics: newer than the checkpoint while it runs."""
    try:
        with open(folder / METRICS, "rb") as file:
            file.seek(max(0, file.seek(0, 2) - 4096))
            lines = file.read().split(b"\n")[:-1]  # the last may be half written
        return max((int(f) for f in (x.split(b",")[0] for x in lines) if f.isdigit()), default=0)
    except OSError:
        return 0


def is_finished(job: Job) -> bool:
    """Whether all iterations are done; a method that is not trained always is."""
    if job.training is None:
        return True
    return checkpoint_iteration(job.folder) >= job.training.iterations


def is_running(job: Job) -> bool:
    """Whether some process trains there at this moment."""
    if not was_begun_here(job.folder):  # to look must not leave a lock, which would say it was
        return False
    try:
        with Lock(job.folder):
            return False
    except RunError:
        return True


def failure_of(job: Job) -> Failure | None:
    """The record of :func:`record_failure`, if the run ended early."""
    try:
        values = json.loads((job.folder / FAILURE).read_text(encoding="utf-8"))
        return Failure(str(values["message"]), int(values["iteration"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def record_failure(job: Job, message: str) -> None:
    """Keeps why a run ended early, beside its checkpoint."""
    iteration = logged_iteration(job.folder)
    text = json.dumps({"message": message, "iteration": iteration}, indent=1)
    write_text(job.folder / FAILURE, text + "\n")


def forget_failure(job: Job) -> None:
    """Before a new attempt: it goes on from the last good checkpoint."""
    (job.folder / FAILURE).unlink(missing_ok=True)


def prepare(jobs: Sequence[Job]) -> None:
    """Opens all runs before any is trained, so that mistakes show now and not in six hours.

    Raises:
        ConfigurationError: a run was started with another configuration; the difference is shown.
            Or one that was brought here was trained otherwise, or on other data.
        DataError: a set cannot be used.
        RunError: a regressor or a run cannot be read.
        MissingWeightsError, MissingExtraError: features that a method needs are not there, or what
            reads them is not.
    """
    from toonmark.data.dataset import Dataset
    from toonmark.methods.vgg import open_vgg
    from toonmark.training.landmark_training import load_regressor

    trained = [job.training for job in jobs if job.training is not None]
    for folder in sorted({f for config in trained for f in (*config.faces, *config.cartoons)}):
        Dataset.open(folder)
    drawn = {job.row: job.config for job in jobs if not isinstance(job.config, UnpairedConfig)}
    for file in {config.vgg for config in drawn.values()}:
        open_vgg(file)
    for row, config in drawn.items():
        try:
            config.styles()
        except ConfigurationError as error:
            raise ConfigurationError(f"Row {row}: {error.happened}", error.remedy) from error
    regressors = {
        (path, config.preset, config.size)
        for config in trained
        if isinstance(config, TrainConfig)
        for path in (config.face_regressor, config.cartoon_regressor)
        if path is not None
    }
    for path, preset, size in sorted(regressors):
        load_regressor(path, preset, size)
    imported_runs.check(jobs)
    for job in jobs:
        if job.training is None:
            continue
        if imported_weights(job.folder) is not None:
            continue
        try:
            open_run(job.folder, type(job.training), job.training)
        except ConfigurationError as error:
            raise ConfigurationError(
                error.happened, "Give this plan another OUT, or correct it to be as it was."
            ) from error
        checkpoint_iteration(job.folder)
