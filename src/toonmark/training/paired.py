"""Supervised training of one network that draws: a denoiser, or a generator that is taught.

Where several pictures are possible, the mean difference alone is smallest for a blurred mixture of
them. A discriminator (``adversarial``) asks for one of them instead (Isola et al. 2017).
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from toonmark.data.streams import Stream
from toonmark.losses import adversarial_discriminator, adversarial_generator, denoising
from toonmark.models.presets import build_discriminators
from toonmark.training import checkpoint
from toonmark.training.config import PairedConfig, decayed
from toonmark.training.fabric import placed
from toonmark.training.gradient_step import Gate
from toonmark.training.networks import average_into
from toonmark.training.processes import Update, places
from toonmark.training.samples import write_grid
from toonmark.training.tensors import sent
from toonmark.training.terms import Terms

if TYPE_CHECKING:
    from lightning_fabric import Fabric

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


class PairedTrainer(ABC):
    """Supervised learning with averaged weights; see :class:`toonmark.training.loop.Trainer`.

    Args:
        name: the network's, in checkpoints.
        network: what is trained; what is frozen in it stays.
        learnt: whether its weights were learnt before, and are not random.
    """

    def __init__(
        self, name: str, network: nn.Module, config: PairedConfig, fabric: Fabric, learnt: bool
    ) -> None:
        self.name, self.network, self.paired, self.fabric = name, network, config, fabric
        self.learnt = learnt
        placed(fabric, network)
        self.averaged = copy.deepcopy(network).requires_grad_(False).eval()
        rate, betas = config.learning_rate, _BETAS if config.adversarial else (0.9, 0.999)
        self.learning = {n: p for n, p in network.named_parameters() if p.requires_grad}
        self.optimizers = {name: torch.optim.Adam(self.learning.values(), rate, betas, fused=True)}
        self.gate = Gate(fabric.device)
        self.discriminator: nn.Module | None = None
        if config.adversarial:
            judges = build_discriminators("compact", config.size, conditional=False, local=False)
            self.discriminator = judges["real"]
            placed(fabric, self.discriminator)
            self.optimizers["discriminator"] = torch.optim.Adam(
                self.discriminator.parameters(), _DISCRIMINATOR_RATE, _BETAS, fused=True
            )

    @abstractmethod
    def pairs(self, numbers: list[int]) -> Pairs:
        """The pictures of these numbers, and of nothing else: a pure function."""

    def step(self, iteration: int) -> Mapping[str, float]:
        """One step on one batch."""
        config, fabric = self.paired, self.fabric
        first = iteration * config.batch
        numbers = [first + place for place in places(fabric, config.batch)]
        inputs, wanted = self.pairs(numbers)
        with fabric.autocast():
            drawn = self.network(*inputs)
            loss, parts = self.loss(drawn, wanted, numbers)
        parameters = {self.name: self.learning}
        gradients = {self.name: torch.autograd.grad(loss, list(self.learning.values()))}
        if self.discriminator is not None:
            with fabric.autocast():
                judged = self.discriminator_loss(drawn.detach(), wanted, numbers)
            parts["discriminator"] = judged
            learning = dict(self.discriminator.named_parameters())
            parameters["discriminator"] = learning
            gradients["discriminator"] = torch.autograd.grad(judged, list(learning.values()))
        updates = []
        for name, optimizer in self.optimizers.items():
            rate = config.learning_rate if name == self.name else _DISCRIMINATOR_RATE
            rate = decayed(rate, iteration, config.iterations)
            updates.append(Update(name, optimizer, parameters[name], gradients[name], rate))
        terms = self.gate.learn(fabric, Terms.of(fabric, parts), updates)
        age = None if self.learnt else iteration
        average_into(self.averaged, self.network, config.average, age, self.gate.shut)
        return terms

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
        loss = parts["colours"] + self.paired.edges * parts["edges"]
        if self.discriminator is not None:
            scores = self.discriminator(self._noisy(drawn, numbers, Stream.JUDGED_FOR_THE_NETWORK))
            parts["adversarial"] = adversarial_generator(scores)
            loss = loss + self.paired.adversarial * parts["adversarial"]
        return loss, parts

    def discriminator_loss(self, drawn: Tensor, wanted: Tensor, numbers: list[int]) -> Tensor:
        """The loss that the discriminator minimises; arguments as for :meth:`loss`."""
        assert self.discriminator is not None
        real = self.discriminator(self._noisy(wanted, numbers, Stream.JUDGED_REAL))
        fake = self.discriminator(self._noisy(drawn, numbers, Stream.JUDGED_DRAWN))
        return adversarial_discriminator(real, fake)

    def _noisy(self, images: Tensor, numbers: list[int], stream: Stream) -> Tensor:
        noise = [
            np.random.default_rng([self.paired.seed, stream, i // len(numbers), number])
            for i, number in enumerate(numbers * (len(images) // len(numbers)))
        ]
        drawn = [random.standard_normal(images.shape[1:], np.float32) for random in noise]
        return images + self.paired.judged_noise * sent(
            torch.from_numpy(np.stack(drawn)), images.device
        ).to(images)

    def tensors(self) -> dict[str, Tensor]:
        """Weights, averaged weights and the optimisers' states."""
        return checkpoint.training_tensors(*self._state())

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Undoes :meth:`tensors`."""
        checkpoint.restore_training(*self._state(), tensors)

    def _state(self) -> tuple[dict[str, nn.Module], dict[str, torch.optim.Optimizer]]:
        networks = {self.name: self.network, "averaged": self.averaged}
        if self.discriminator is not None:
            networks["discriminator"] = self.discriminator
        return networks, {f"optimizer/{name}": one for name, one in self.optimizers.items()}

    def on_iteration_end(self, iteration: int, folder: Path) -> None:
        """Now and then a grid of held-out pictures."""
        if iteration % self.paired.sample_every == 0 or iteration == self.paired.iterations:
            write_grid(self.grid(8), folder / "samples" / f"{iteration:07d}.png")

    @abstractmethod
    def grid(self, count: int) -> list[Tensor]:
        """Rows for :meth:`on_iteration_end`: (N, 3, S, S) each."""
