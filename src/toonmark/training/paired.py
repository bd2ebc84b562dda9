"""Supervised training of one network that draws: a denoiser, or a generator that is taught.

Where several pictures are possible, the mean difference alone is smallest for a blurred mixture of
them. A discriminator (``adversarial``) asks for one of them instead (Isola et al. 2017).
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from toonmark.data.random_streams import Stream
from toonmark.losses import adversarial_discriminator, adversarial_generator, denoising
from toonmark.models.presets import build_discriminators
from toonmark.training.config import PairedConfig
from toonmark.training.data_parallel import places
from toonmark.training.samples import write_grid
from toonmark.training.supervised import SupervisedTrainer
from toonmark.training.tensors import sent

if TYPE_CHECKING:
    from lightning_fabric import Fabric

C = TypeVar("C", bound=PairedConfig)
#: As CycleGAN's and pix2pix's discriminators are trained.
_DISCRIMINATOR_RATE, _BETAS = 2e-4, (0.5, 0.999)


class Pairs(NamedTuple):
    """One batch: what goes in, and what is to come out for the first of it.

    Attributes:
        inputs: (N + M, ...) tensors, the network's arguments.
        wanted: (N, 3, S, S) in [-1, 1]; the last M have nothing to compare with, and only the
            discriminator judges them. M is a multiple of N, or 0.
    """

    inputs: tuple[Tensor, ...]
    wanted: Tensor


class PairedTrainer(SupervisedTrainer[C]):
    """Trains a network that draws; a discriminator learns beside it if ``adversarial`` is set."""

    def __init__(
        self, name: str, network: nn.Module, config: C, fabric: Fabric, learnt: bool
    ) -> None:
        self.discriminator: nn.Module | None = None
        if config.adversarial:
            self.betas = _BETAS
        super().__init__(name, network, config, fabric, learnt)
        if config.adversarial:
            judges = build_discriminators("compact", config.size, conditional=False, local=False)
            self.discriminator = judges["real"]
            self.add("discriminator", self.discriminator, _DISCRIMINATOR_RATE)

    @abstractmethod
    def pairs(self, numbers: list[int]) -> Pairs:
        """The pictures of these numbers, and of nothing else: a pure function."""

    def losses(self, iteration: int) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """See :class:`SupervisedTrainer`."""
        first = iteration * self.config.batch
        numbers = [first + place for place in places(self.fabric, self.config.batch)]
        inputs, wanted = self.pairs(numbers)
        with self.fabric.autocast():
            drawn = self.network(*inputs)
            loss, parts = self.loss(drawn, wanted, numbers)
        losses = {self.name: loss}
        if self.discriminator is not None:
            with self.fabric.autocast():
                judged = self.discriminator_loss(drawn.detach(), wanted, numbers)
            losses["discriminator"] = parts["discriminator"] = judged
        return losses, parts

    def loss(
        self, drawn: Tensor, wanted: Tensor, numbers: list[int]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss that the network minimises.

        Args:
            drawn: (N + M, 3, S, S), what it made of a batch; see :class:`Pairs`.
            wanted: (N, 3, S, S).
            numbers: of the pictures, for the noise that the discriminator sees.

        Returns:
            the weighted sum, and its terms before they are weighted.
        """
        parts = denoising(drawn[: len(wanted)], wanted)
        loss = parts["colours"] + self.config.edges * parts["edges"]
        if self.discriminator is not None:
            scores = self.discriminator(self._noisy(drawn, numbers, Stream.JUDGED_FOR_THE_NETWORK))
            parts["adversarial"] = adversarial_generator(scores)
            loss = loss + self.config.adversarial * parts["adversarial"]
        return loss, parts

    def discriminator_loss(self, drawn: Tensor, wanted: Tensor, numbers: list[int]) -> Tensor:
        """The loss that the discriminator minimises; arguments as for :meth:`loss`."""
        assert self.discriminator is not None
        real = self.discriminator(self._noisy(wanted, numbers, Stream.JUDGED_REAL))
        fake = self.discriminator(self._noisy(drawn, numbers, Stream.JUDGED_DRAWN))
        return adversarial_discriminator(real, fake)

    def _noisy(self, images: Tensor, numbers: list[int], stream: Stream) -> Tensor:
        noise = [
            np.random.default_rng([self.config.seed, stream, i // len(numbers), number])
            for i, number in enumerate(numbers * (len(images) // len(numbers)))
        ]
        drawn = [random.standard_normal(images.shape[1:], np.float32) for random in noise]
        return images + self.config.judged_noise * sent(
            torch.from_numpy(np.stack(drawn)), images.device
        ).to(images)

    def on_iteration_end(self, iteration: int, folder: Path) -> None:
        """Now and then a grid of held-out pictures."""
        if iteration % self.config.sample_every == 0 or iteration == self.config.iterations:
            write_grid(self.grid(8), folder / "samples" / f"{iteration:07d}.png")

    @abstractmethod
    def grid(self, count: int) -> list[Tensor]:
        """Rows for :meth:`on_iteration_end`: (N, 3, S, S) each."""
