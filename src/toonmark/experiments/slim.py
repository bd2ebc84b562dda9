"""Copies a run without training state: configuration and averaged weights in half precision."""

from __future__ import annotations

from pathlib import Path

import torch

from toonmark import artifacts
from toonmark.artifacts import BEHIND, CONFIG, ORIGINS, Kind, noted_in
from toonmark.errors import RunError
from toonmark.files import write_text
from toonmark.methods.learned import LEARNED
from toonmark.training import checkpoint
from toonmark.training.config import TrainConfig, UnpairedConfig
from toonmark.training.digests import digests
from toonmark.training.networks import DENOISER
from toonmark.training.run import config_of


def write_slim(run: Path, folder: Path) -> Path:
    """Writes what drawing and measuring need of a finished run, in half precision.

    That is its configuration, its averaged generators with a denoiser of its own, and what it knows
    of the runs before it: without networks that judge, optimisers and pictures kept for them it is
    about a hundredth of the run, and cannot be trained on.

    Args:
        run: of ``toonmark train``, any method.
        folder: the new run's directory.

    Returns:
        the file of weights.

    Raises:
        RunError: no such run, or not trained to its end; or the folder has a run already.
        DataError: a set that it learnt from is gone.
    """
    found = artifacts.run_at(run)
    kinds: dict[Kind, type[UnpairedConfig]] = {
        Kind.TRAIN: TrainConfig,
        **{kind: config for kind, (config, _, _) in LEARNED.items()},
    }
    if found.kind not in kinds:
        raise RunError(
            f"{run} is a run of `{found.kind.command}`.", f"Name a run of `{Kind.TRAIN.command}`."
        )
    if artifacts.is_run(folder):
        raise RunError(f"{folder} has a run already.", "Choose a new folder.")
    config = config_of(found, kinds[found.kind])
    tensors, facts = checkpoint.load(found.weights)
    done = checkpoint.iterations(found.weights)
    if done < config.iterations:
        raise RunError(
            f"{run} has {done} of its {config.iterations} iterations.", "Train it to its end first."
        )
    own = checkpoint.part("averaged", tensors) or tensors
    behind = {name: t for name, t in tensors.items() if name.startswith(f"{DENOISER}.")}
    if behind:  # a run's own denoiser; its file then names both parts
        own = checkpoint.prefixed("averaged", own) | behind
    half = {name: tensor.half() for name, tensor in own.items()}
    if not all(bool(torch.isfinite(tensor).all()) for tensor in half.values()):
        raise RunError(f"The weights of {run} do not fit half precision.", "Copy the whole run.")
    file = artifacts.kept_at(folder, done)
    checkpoint.save(file, half, {**facts, **digests(config), "iteration": str(done)})
    for name in (CONFIG, ORIGINS, BEHIND):
        if (written := noted_in(run, name)) is not None:
            write_text(folder / name, written.read_text(encoding="utf-8"))
    return file
