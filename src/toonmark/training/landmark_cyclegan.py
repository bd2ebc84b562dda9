"""The trainer of landmark-assisted CycleGAN: both directions, both training stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from toonmark import artifacts
from toonmark.artifacts import Kind, Pack
from toonmark.errors import ConfigurationError
from toonmark.training import checkpoint
from toonmark.training.batch import Batch
from toonmark.training.config import TrainConfig
from toonmark.training.denoising import load_denoiser
from toonmark.training.landmark_training import load_regressor
from toonmark.training.networks import TO_CARTOON, Direction, Domain, Networks
from toonmark.training.pack_loading import pack_generator
from toonmark.training.step import (
    Draws,
    Generated,
    Parts,
    discriminator_draws,
    discriminator_loss,
    generator_draws,
    generator_loss,
    regressor_loss,
)
from toonmark.training.unpaired import Gradients, UnpairedTrainer

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class StyleTrainer(UnpairedTrainer[TrainConfig, Networks]):
    """Landmark-assisted CycleGAN; see :class:`toonmark.training.loop.Trainer`.

    Args:
        config: what to train.
        fabric: where.
        threads: 2 runs the directions side by side (on a CPU only).
        fresh: False where a checkpoint will replace all weights: regressors and other runs to
            start from are then not read, and may be gone.

    Raises:
        ConfigurationError: the method needs pre-trained regressors and none are named.
    """

    build = Networks

    def __init__(
        self, config: TrainConfig, fabric: Fabric, threads: int = 2, fresh: bool = True
    ) -> None:
        self.learnt = config.start_from is not None
        torch.manual_seed(config.seed)
        super().__init__(config, fabric, threads, fresh)
        if self._trains_regressors:
            self.optimizers["regressors"] = torch.optim.Adam(
                self.networks.regressors.parameters(), config.learning_rate, fused=True
            )

    @property
    def _trains_regressors(self) -> bool:
        return bool(self.networks.regressors) and not self.config.method.pretrained_regressors

    def begin(self) -> None:
        """Reads regressors, a denoiser, and what the run starts from."""
        config = self.config
        self._load_regressors()
        if config.denoiser is not None and self.networks.denoiser is not None:
            denoiser, _ = load_denoiser(config.denoiser, config.size)
            self.networks.denoiser.load_state_dict(denoiser.state_dict())
        if config.start_from is not None:
            self._start_from(Path(config.start_from))

    def _load_regressors(self) -> None:
        if not self.networks.regressors or self._trains_regressors:
            return
        for domain, path in (
            ("face", self.config.face_regressor),
            ("cartoon", self.config.cartoon_regressor),
        ):
            if path is None:
                raise ConfigurationError(
                    f"This method needs a landmark regressor for the {domain} domain.",
                    "Train one with `toonmark train-landmarks` and name its run as "
                    f"{domain}_regressor.",
                )
            trained = load_regressor(path, self.config.preset, self.config.size)
            self.networks.regressors[domain].load_state_dict(trained.state_dict())

    def _start_from(self, other: Path) -> None:
        """Takes over what another run has learnt; optimisers and pools begin anew."""
        found = artifacts.open(other)
        if isinstance(found, Pack):
            self._start_from_pack(other)
            return
        tensors, _ = checkpoint.load(artifacts.weights_of(found, Kind.TRAIN))
        learnt = ["generators", "discriminators"] + ["regressors"] * self._trains_regressors
        for name in learnt:
            own = checkpoint.under(f"networks/{name}.", tensors)
            checkpoint.load_weights(getattr(self.networks, name), own, "this run's networks")
        checkpoint.load_weights(
            self.averaged, checkpoint.part("averaged", tensors), "this run's generators"
        )

    def _start_from_pack(self, pack: Path) -> None:
        """Takes over a style pack's generator, without the denoiser behind it."""
        alone = pack_generator(pack, self.config.size)
        for generators in (self.networks.generators, self.averaged):
            checkpoint.load_weights(
                generators[TO_CARTOON.name], alone.state_dict(), "this run's generator"
            )

    # The method's terms --------------------------------------------------------------------

    def generator_loss(
        self, direction: Direction, batches: Mapping[Domain, Batch], stage2: bool, draws: Draws
    ) -> tuple[Tensor, Parts, Generated]:
        """See :func:`toonmark.training.step.generator_loss`."""
        batch, local = batches[direction.source], self.config.local_in(stage2)
        return generator_loss(self.networks, direction, batch, self.config, local, draws)

    def discriminator_loss(
        self, direction: Direction, batch: Batch, generated: Generated, stage2: bool, draws: Draws
    ) -> tuple[Tensor, Parts]:
        """See :func:`toonmark.training.step.discriminator_loss`."""
        local = self.config.local_in(stage2)
        return discriminator_loss(
            self.networks, batch, direction, generated, self.config, local, draws
        )

    def generator_draws(self, shape: Sequence[int], random: np.random.Generator) -> Draws:
        """See :func:`toonmark.training.step.generator_draws`."""
        return generator_draws(self.config, shape, random)

    def discriminator_draws(self, shape: Sequence[int], random: np.random.Generator) -> Draws:
        """See :func:`toonmark.training.step.discriminator_draws`."""
        return discriminator_draws(self.config, shape, random)

    def extra_gradients(
        self, direction: Direction, batches: Mapping[Domain, Batch]
    ) -> tuple[Gradients, Parts]:
        """The regressors', where they learn along the way."""
        if not self._trains_regressors:
            return [], {}
        regressors = list(self.networks.regressors.parameters())
        with self.fabric.autocast():
            loss = regressor_loss(
                self.networks, direction.target, batches[direction.target], self.config
            )
        gradient = torch.autograd.grad(100 * loss, regressors, allow_unused=True)
        return [gradient], {f"{direction.name}/regressor": loss}

    def held(self, iteration: int) -> set[int]:
        """The generator to cartoons, at the start from a style pack."""
        if iteration >= self.config.hold:
            return set()
        return {id(p) for p in self.networks.generators[TO_CARTOON.name].parameters()}
