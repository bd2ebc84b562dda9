"""Finds the configuration and the trainer of a run of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toonmark import artifacts
from toonmark.artifacts import Kind
from toonmark.configuration import parse
from toonmark.errors import ConfigurationError
from toonmark.methods.learned import LEARNED
from toonmark.training.config import (
    DenoiserConfig,
    DistillationConfig,
    LayersConfig,
    RegressorConfig,
    RunConfig,
    TrainConfig,
)
from toonmark.training.denoising import DenoiserTrainer
from toonmark.training.distillation import DistillationTrainer
from toonmark.training.landmark_cyclegan import StyleTrainer
from toonmark.training.landmark_training import LandmarkTrainer
from toonmark.training.layer_training import LayerTrainer
from toonmark.training.run import config_of, open_run
from toonmark.training.style_loading import remember_origins

if TYPE_CHECKING:
    from lightning_fabric import Fabric

#: Configuration and trainer of the kinds that show a network what it should have drawn or found.
SUPERVISED: dict[Kind, tuple[type[RunConfig], Any]] = {
    Kind.LANDMARKS: (RegressorConfig, LandmarkTrainer),
    Kind.DENOISER: (DenoiserConfig, DenoiserTrainer),
    Kind.DISTILLATION: (DistillationConfig, DistillationTrainer),
    Kind.LAYERS: (LayersConfig, LayerTrainer),
}
#: The configuration of each kind of run.
CONFIGURATIONS: dict[Kind, type[RunConfig]] = {
    Kind.TRAIN: TrainConfig,
    **{kind: config for kind, (config, _) in SUPERVISED.items()},
    **{kind: config for kind, (config, _, _) in LEARNED.items()},
}


def opened(config: RunConfig | Mapping[str, Any] | None, run: Path) -> Any:
    """The configuration of a run, which is started unless it is there.

    Args:
        config: as :func:`toonmark.train` takes it.
        run: its directory.

    Raises:
        ConfigurationError, RunError: see :func:`toonmark.training.run.open_run`.
    """
    if config is None:
        there = artifacts.run_of(run)
        return config_of(there, CONFIGURATIONS[there.kind])
    if isinstance(config, Mapping):
        settings = dict(config)
        kind = settings.pop("kind", Kind.TRAIN)
        if kind not in CONFIGURATIONS:
            raise ConfigurationError(
                f"There is no kind of run {kind!r}.", f"There are: {', '.join(CONFIGURATIONS)}."
            )
        if not settings:
            return open_run(run, CONFIGURATIONS[kind], None)
        config = parse(CONFIGURATIONS[kind], settings)
    return open_run(run, type(config), config)


def trainer_of(config: Any, run: Path, fabric: Fabric, threads: int) -> Any:
    """The trainer of a configuration; see :class:`toonmark.training.loop.Trainer`.

    Args:
        config: by :func:`opened`.
        run: its directory; without a checkpoint its networks begin where the configuration says.
        fabric: the devices.
        threads: for the two directions of methods that learn from unpaired pictures; 0: two.
    """
    if config.run_kind in SUPERVISED:
        _, supervised = SUPERVISED[config.run_kind]
        return supervised(config, fabric)
    fresh = not artifacts.has_checkpoint(run)
    if config.run_kind in LEARNED:
        _, _, compared = LEARNED[config.run_kind]
        return compared(config, fabric, threads or 2, fresh)
    trainer = StyleTrainer(config, fabric, threads or 2, fresh)
    if fabric.is_global_zero:
        remember_origins(config, run)
    return trainer
