"""Resolves a path to a training run, a weights file or a style pack."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from toonmark.errors import RunError

CONFIG = "config.json"
CHECKPOINT = "checkpoint.safetensors"
METRICS = "metrics.csv"
#: Held by the process that trains in a run; the file stays.
LOCK = ".lock"
#: What a run knows of the runs that it started from, and of the denoiser behind its generator.
ORIGINS, BEHIND = "origins.json", "denoiser.json"
#: Where a run keeps averaged generators to choose from.
AVERAGED = "averaged"


class Kind(StrEnum):
    """The kind of a run: the command that trains it. ``config.json`` says it under ``kind``."""

    TRAIN = "train"
    LANDMARKS = "train-landmarks"
    DENOISER = "train-denoiser"
    DISTILLATION = "distill"
    LAYERS = "train-layers"
    MUNIT = "munit"
    GANIMORPH = "ganimorph"

    @property
    def command(self) -> str:
        """The command line that begins such a run."""
        if self in COMPARED:
            return f"toonmark train --method {self}"
        return f"toonmark {self}"

    def again(self, run: str | Path) -> str:
        """The command that goes on with a run of this kind."""
        if self is Kind.LANDMARKS:
            return f"toonmark {self} --run {run}"
        return f"toonmark {Kind.TRAIN if self in COMPARED else self} {run}"


#: Methods that the paper compares with; trained as ours is.
COMPARED = (Kind.MUNIT, Kind.GANIMORPH)


#: What a run of each kind has written when it is of use to others.
WEIGHTS = {
    Kind.TRAIN: CHECKPOINT,
    Kind.LANDMARKS: "regressor.safetensors",
    Kind.DENOISER: "denoiser.safetensors",
    Kind.DISTILLATION: "generator.safetensors",
    Kind.LAYERS: "layers.safetensors",
    **dict.fromkeys(COMPARED, CHECKPOINT),
}
#: A setting that only this kind has: runs of before ``kind`` was written are told by it.
_TELLING = {
    "stage1": Kind.TRAIN,
    "data": Kind.LANDMARKS,
    "drawn_share": Kind.DENOISER,
    "teacher": Kind.DISTILLATION,
    "layers": Kind.LAYERS,
}


@dataclass(frozen=True)
class Run:
    """A directory that a training command fills.

    Attributes:
        path: the directory.
        settings: its configuration, as it was written.
    """

    path: Path
    kind: Kind
    settings: Mapping[str, Any]

    @property
    def weights(self) -> Path:
        """The file that others use of it; not there before it is finished, or has a checkpoint.

        Of a run that was brought from another machine: its averaged generators.
        """
        own = WEIGHTS[self.kind]
        found = checkpoint_of(self.path) if own == CHECKPOINT else None
        return found or self.path / own


@dataclass(frozen=True)
class Weights:
    """A file of weights.

    Attributes:
        run: the run that it lies in, if it lies in one.
    """

    path: Path
    run: Run | None


@dataclass(frozen=True)
class Pack:
    """A style pack's file, by its name; see :mod:`toonmark.styles.pack`."""

    path: Path


Artifact: TypeAlias = Run | Weights | Pack
#: A path, or what was found there.
Place: TypeAlias = str | Path | Artifact


def open(path: Place) -> Artifact:
    """The run, weights or style pack at a path.

    Args:
        path: a run's directory, a file of weights in it (its checkpoint, or what it kept in
            ``averaged``) or by itself, or a file ``.onnx``. What was opened before is given back
            as it is, so that all on its way may take either.

    Raises:
        RunError: there is nothing, a directory that is no run, or a run that cannot be read.
    """
    if isinstance(path, Artifact):
        return path
    path = Path(path)
    if path.is_dir():
        return Run(path, *_read(path))
    if path.suffix == ".onnx":
        return Pack(path)
    if not path.exists():
        raise RunError(f"{path} is not a run yet: there is nothing there.", "Check its name.")
    for folder in (path.parent, path.parent.parent):
        if is_run(folder):
            return Weights(path, Run(folder, *_read(folder)))
    return Weights(path, None)


def run_of(path: Place) -> Run:
    """The run that a path names, or that its file lies in.

    Raises:
        RunError: neither; or as :func:`open`.
    """
    found = open(path)
    run = found.run if isinstance(found, Weights) else found
    if not isinstance(run, Run):
        raise RunError(
            f"{found.path} is not in a run.", "Name a run's directory, or a file within one."
        )
    return run


def run_at(path: Place) -> Run:
    """The run whose directory a path names.

    Raises:
        RunError: a file, in a run or not; or as :func:`open`.
    """
    found = open(path)
    if not isinstance(found, Run):
        raise RunError(f"{found.path} is not a run's directory.", "Name the run itself.")
    return found


def weights_of(path: Place, kind: Kind) -> Path:
    """The file of weights that a path stands for.

    Args:
        path: a run of this kind, or a file of its weights, wherever that lies.

    Raises:
        RunError: another kind of run, one that has written none yet, or a style pack; or as
            :func:`open`.
    """
    found = open(path)
    if isinstance(found, Weights):
        return found.path
    if isinstance(found, Pack):
        raise RunError(f"{found.path} is a style pack.", f"Name a run of `{kind.command}`.")
    if found.kind is not kind:
        raise RunError(
            f"{found.path} is a run of `{found.kind.command}`.", f"Name a run of `{kind.command}`."
        )
    if not found.weights.exists():
        raise RunError(f"{found.path} is not finished.", f"Go on with it: {kind.again(found.path)}")
    return found.weights


def is_run(folder: Path) -> bool:
    """Whether a training was started in a folder."""
    return (folder / CONFIG).exists()


def was_begun_here(folder: Path) -> bool:
    """Whether a training has run in a folder; not where its weights were only brought."""
    return (folder / LOCK).exists()


def noted_in(folder: Path | None, name: str) -> Path | None:
    """The file of this name (:data:`ORIGINS`, ...) in a run, or None where there is none."""
    file = None if folder is None else folder / name
    return file if file is not None and file.exists() else None


def has_checkpoint(folder: Path) -> bool:
    """Whether a training can go on in a folder; it cannot with what was brought of another."""
    return (folder / CHECKPOINT).exists()


def kept_at(folder: Path, iteration: int) -> Path:
    """Where a run keeps its averaged generators of one iteration."""
    return folder / AVERAGED / f"{iteration:07d}.safetensors"


def kept(folder: Path, iteration: int) -> Path:
    """The averaged generators that a run keeps of one iteration.

    Raises:
        RunError: it keeps none; those that it keeps are named.
    """
    file = kept_at(folder, iteration)
    if not file.exists():
        found = ", ".join(str(int(file.stem)) for file in kept_in(folder))
        raise RunError(
            f"{folder} kept no weights of iteration {iteration}.",
            f"Choose one of: {found or 'none yet'}.",
        )
    return file


def kept_in(folder: Path) -> list[Path]:
    """The averaged generators that a run keeps, earliest first."""
    return sorted((folder / AVERAGED).glob("*.safetensors"))


def imported_weights(folder: Path) -> Path | None:
    """The averaged generators of a run's last iteration, where there is no checkpoint.

    Such a run was trained elsewhere, and only what draws was brought here: it is finished, and
    cannot go on.

    Raises:
        RunError: its configuration cannot be read.
    """
    if has_checkpoint(folder):
        return None
    settings = _written(folder)
    stages = settings.get("stage1"), settings.get("stage2")
    if not all(isinstance(stage, int) for stage in stages):
        return None
    file = kept_at(folder, sum(stages))  # type: ignore[arg-type]
    return file if file.exists() else None


def checkpoint_of(folder: Path) -> Path | None:
    """The weights that a training has left: its checkpoint, or its last ones, brought here.

    Raises:
        RunError: its configuration cannot be read.
    """
    return folder / CHECKPOINT if has_checkpoint(folder) else imported_weights(folder)


def settings_of(folder: Path) -> dict[str, Any]:
    """A run's configuration as it was written, without its ``kind``; {} where there is no run.

    Raises:
        RunError: it cannot be read.
    """
    settings = _written(folder)
    settings.pop("kind", None)
    return settings


def _written(folder: Path) -> dict[str, Any]:
    file = folder / CONFIG
    if not is_run(folder):
        return {}
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise ValueError("no settings by name")
    except (OSError, ValueError) as error:
        raise RunError(
            f"{file} cannot be read ({error}).", "Restore it, or start a new run elsewhere."
        ) from error
    return values


def _read(folder: Path) -> tuple[Kind, Mapping[str, Any]]:
    settings = _written(folder)
    said = settings.pop("kind", None)
    if said in list(Kind):
        return Kind(said), settings
    if said is not None:
        raise RunError(
            f"{folder} is a run of `toonmark {said}`, which this Toonmark does not know.",
            "Use the Toonmark that it was trained with.",
        )
    for setting, kind in _TELLING.items():
        if setting in settings:
            return kind, settings
    for kind, file in WEIGHTS.items():  # only its weights were brought here
        if not settings and file != CHECKPOINT and (folder / file).exists():
            return kind, settings
    raise RunError(f"{folder} is not a run yet.", "Check its name.")
