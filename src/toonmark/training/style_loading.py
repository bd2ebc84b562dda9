"""Loads the trained generator or student of a run, with the metadata of its training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torch import nn

from toonmark import artifacts
from toonmark.artifacts import BEHIND, ORIGINS, Kind, Pack, Place, noted_in
from toonmark.data.dataset import DESCRIPTION, places_of, read_description
from toonmark.data.provenance import landmarks_of
from toonmark.errors import ConfigurationError, DataError, RunError
from toonmark.files import write_text
from toonmark.landmarks import frame_of
from toonmark.models.denoiser import Denoised, Denoiser
from toonmark.models.presets import build_generator
from toonmark.styles.pack import StylePack
from toonmark.training import checkpoint
from toonmark.training.config import TrainConfig
from toonmark.training.denoising import load_denoiser
from toonmark.training.layer_training import load_layers
from toonmark.training.networks import load_generators
from toonmark.training.pack_loading import pack_facts, pack_networks
from toonmark.training.run import config_of


def trained_style(
    path: Place, denoiser: Path | None = None
) -> tuple[nn.Module, int, dict[str, Any]]:
    """A run's style: the generator to cartoons, its size in pixels, and how it was trained.

    Args:
        path: a run of ``toonmark train`` or ``toonmark distill``, weights that the first kept, or
            a style pack.
        denoiser: a run of ``toonmark train-denoiser`` to put behind the generator.

    Raises:
        RunError: unreadable, without a checkpoint; or, where it was distilled or draws in layers,
            not finished.
        StyleError: not a style pack, though its name ends like one's.
        ConfigurationError: what draws clean already takes no denoiser.
    """
    found = artifacts.open(path)
    if isinstance(found, Pack):
        drawing, metadata = pack_networks(found.path)
        if denoiser is not None:
            raise ConfigurationError(
                f"{found.path} is a finished style, and draws without another denoiser.",
                "Leave it out.",
            )
        return drawing, metadata.size, pack_facts(metadata)
    run = artifacts.run_of(found)
    if run.kind is Kind.LAYERS:
        if denoiser is not None:
            raise ConfigurationError(
                f"{found.path} draws in layers, without a denoiser.", "Leave the denoiser out."
            )
        return load_layers(found)
    if run.kind is Kind.DISTILLATION:
        if denoiser is not None:
            raise ConfigurationError(
                f"{found.path} was distilled, and draws without a denoiser.", "Leave it out."
            )
        return load_student(found)
    config = config_of(run, TrainConfig)
    done = checkpoint.iterations(run.weights if found == run else found.path)
    facts = training_facts(config, done, run.path)
    behind = None
    if denoiser is not None:
        behind, facts["denoiser"] = load_denoiser(denoiser, config.size)
    return load_generators(found, behind)["face_to_cartoon"], config.size, facts


def remember_origins(config: TrainConfig, run: Path) -> None:
    """Writes into a run what the runs were that it starts from, which may go on, or be deleted.

    Until there is a checkpoint another configuration may replace the run's, and its notes too.
    """
    fresh = not artifacts.has_checkpoint(run)
    if fresh:
        for note in (ORIGINS, BEHIND):
            (run / note).unlink(missing_ok=True)
    if config.start_from is not None and noted_in(run, ORIGINS) is None:
        write_text(run / ORIGINS, json.dumps(_runs_before(config, None), indent=1) + "\n")
    if config.denoiser is not None and fresh:
        _, facts = load_denoiser(config.denoiser, config.size)
        write_text(run / BEHIND, json.dumps(facts, indent=1) + "\n")


def _denoiser_facts(config: TrainConfig, run: Path | None) -> dict[str, Any]:
    """The facts of the denoiser that lies in a run; of old runs, only its name."""
    assert config.denoiser is not None
    facts: dict[str, Any] = {"run": Path(config.denoiser).name}
    if (file := noted_in(run, BEHIND)) is not None:
        facts |= json.loads(file.read_text(encoding="utf-8"))
    return facts


def _runs_before(config: TrainConfig, run: Path | None) -> list[dict[str, Any]]:
    """The facts of the runs that one started from, the first first.

    Args:
        run: where it was trained, if it was.
    """
    if config.start_from is None:
        return []
    if (file := noted_in(run, ORIGINS)) is not None:
        try:
            kept: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
            return kept
        except (OSError, ValueError) as error:
            raise RunError(
                f"{file} cannot be read ({error}).",
                "Restore it, or delete it where the runs before this one are still there.",
            ) from error
    before = artifacts.open(config.start_from)
    if isinstance(before, Pack):
        runs: list[dict[str, Any]] = pack_facts(StylePack.open(before.path).metadata)["runs"]
        return runs
    start = artifacts.run_of(before)
    other = config_of(start, TrainConfig)
    done = checkpoint.iterations(artifacts.weights_of(before, Kind.TRAIN))
    return [*_runs_before(other, start.path), _one_run(other, done, start.path)]


def _one_run(config: TrainConfig, done: int, run: Path | None) -> dict[str, Any]:
    stage1 = min(done, config.stage1)
    facts: dict[str, str] = {}
    if run is not None and (weights := artifacts.checkpoint_of(run)) is not None:
        facts = checkpoint.facts(weights)
    return {
        "stage1": stage1,
        "stage2": done - stage1,
        "weights": config.weights.model_dump(),
        "cycle_noise": config.cycle_noise,
        "learning_rate": [config.rate_at(0), config.rate_at(done)],
        "seed": config.seed,
        "split": config.split,
        **{key: value for key, value in facts.items() if key in ("precision", "processes")},
        **landmarks_of([*config.faces, *config.cartoons]),
    }


def training_facts(config: TrainConfig, done: int, run: Path | None = None) -> dict[str, Any]:
    """The facts of a style's training for its pack, with the runs that it started from.

    Args:
        config: the last run's.
        done: iterations of the last run.
        run: where it lies, if it has begun.
    """
    runs = [*_runs_before(config, run), _one_run(config, done, run)]
    facts: dict[str, Any] = {
        "preset": config.preset,
        "width": config.width,
        "faces": _names(config.faces),
        "cartoons": _names(config.cartoons),
        "frame": _frame(config.faces),
        "method": config.method.model_dump(),
        "runs": runs,
        "iterations": sum(one["stage1"] + one["stage2"] for one in runs),
    }
    if config.denoiser is not None:  # its weights lie in the run; the file may be gone
        facts["denoiser"] = _denoiser_facts(config, run)
    return facts


def _names(folders: list[str]) -> list[str]:
    """The names of data sets; a table in a set's folder stands for a part of that set."""
    return sorted({places_of(folder)[0].name for folder in folders})


def _frame(folders: list[str]) -> str | None:
    """The frame of the faces that a run was trained on; None where their sets do not say.

    Raises:
        ConfigurationError: sets of several frames.
    """
    found = set()
    for folder in folders:
        try:
            template = read_description(places_of(folder)[0] / DESCRIPTION).get("template")
        except DataError:
            continue  # a damaged description says as little as none
        if (frame := frame_of(template)) is not None:
            found.add(frame)
    if len(found) > 1:
        raise ConfigurationError(
            f"The sets of faces have different frames ({', '.join(sorted(found))}).",
            "Make them anew with one --frame.",
        )
    return found.pop() if found else None


def load_student(run: Place) -> tuple[nn.Module, int, dict[str, Any]]:
    """A distilled generator, its size in pixels, and how it and its teacher were trained.

    Raises:
        RunError: unreadable, not finished, or weights of another network.
    """
    return checkpoint.load_built(run, Kind.DISTILLATION, _student, "a distilled generator")


def _student(denoised: bool = False, **build: Any) -> nn.Module:
    student = build_generator(**build)
    return Denoised(student, Denoiser()) if denoised else student
