"""What runs have learnt, for those who use it: a pack, a student."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torch import nn

from toonmark.errors import ConfigurationError, RunError
from toonmark.models.presets import build_generator
from toonmark.training import checkpoint
from toonmark.training.config import TrainConfig
from toonmark.training.denoising import load_denoiser
from toonmark.training.networks import load_generators
from toonmark.training.run import CHECKPOINT, is_distillation, open_run

#: What ``toonmark distill`` writes at the end of a run.
STUDENT = "generator.safetensors"


def trained_style(
    path: Path, denoiser: Path | None = None
) -> tuple[nn.Module, int, dict[str, Any]]:
    """What a run has learnt: the generator to cartoons, its size in pixels, and how it was trained.

    Args:
        path: a run of ``toonmark train`` or ``toonmark distill``, or weights that the first kept.
        denoiser: a run of ``toonmark train-denoiser`` to put behind the generator.

    Raises:
        RunError: unreadable, or not finished.
        ConfigurationError: a run that draws clean already takes no denoiser.
    """
    if is_distillation(path):
        if denoiser is not None:
            raise ConfigurationError(
                f"{path} was distilled, and draws without a denoiser.", "Leave it out."
            )
        return load_student(path)
    config = open_run(path if path.is_dir() else path.parent.parent, TrainConfig, None)
    done = int(checkpoint.load(path / CHECKPOINT if path.is_dir() else path)[1]["iteration"])
    facts = training_facts(config, done)
    behind = None
    if denoiser is not None:
        behind, facts["denoiser"] = load_denoiser(denoiser)
    return load_generators(path, behind)["face_to_cartoon"], config.size, facts


def training_facts(config: TrainConfig, done: int) -> dict[str, Any]:
    """What a style pack says of how it was trained, with the runs that it started from.

    Args:
        config: the last run's.
        done: iterations of the last run.
    """
    facts: dict[str, Any] = {
        "preset": config.preset,
        "width": config.width,
        "faces": _names(config.faces),
        "cartoons": _names(config.cartoons),
        "method": config.method.model_dump(),
        "runs": [],
    }
    if config.denoiser is not None:  # its weights lie in the run; the file may be gone
        facts["denoiser"] = {"run": Path(config.denoiser).name}
    total, current = 0, config
    while True:
        stage1 = min(done, current.stage1)
        facts["runs"].insert(
            0,
            {
                "stage1": stage1,
                "stage2": done - stage1,
                "weights": current.weights.model_dump(),
                "cycle_noise": current.cycle_noise,
                "learning_rate": [current.rate_at(0), current.rate_at(done)],
                "seed": current.seed,
            },
        )
        total += done
        if current.start_from is None:
            break
        before = Path(current.start_from)
        current = open_run(before, TrainConfig, None)
        done = int(checkpoint.load(before / CHECKPOINT)[1]["iteration"])
    facts["iterations"] = total
    return facts


def _names(folders: list[str]) -> list[str]:
    """What data sets are called; a table in a set's folder stands for a part of that set."""
    paths = [Path(folder) for folder in folders]
    return sorted({(path.parent if path.suffix == ".csv" else path).name for path in paths})


def load_student(run: Path) -> tuple[nn.Module, int, dict[str, Any]]:
    """A distilled generator, its size in pixels, and how it and its teacher were trained.

    Raises:
        RunError: unreadable, not finished, or weights of another network.
    """
    if not (run / STUDENT).exists():
        raise RunError(f"{run} is not finished.", f"Go on with it: toonmark distill {run}")
    tensors, facts = checkpoint.load(run / STUDENT)
    try:
        build, training = json.loads(facts["build"]), json.loads(facts["training"])
        size = int(build.pop("size"))
        student = build_generator(**build)
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{run / STUDENT} does not say what it is ({error}).",
            "Name a run that `toonmark distill` has finished.",
        ) from error
    checkpoint.load_weights(student, tensors, "a distilled generator")
    return student.requires_grad_(False).eval(), size, training
