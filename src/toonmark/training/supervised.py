"""The base of all trainers of one network from pictures whose answers are known."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import torch
from torch import Tensor, nn

from toonmark.artifacts import WEIGHTS
from toonmark.training import checkpoint
from toonmark.training.config import LayersConfig, PairedConfig, RegressorConfig, decayed
from toonmark.training.data_parallel import Update
from toonmark.training.fabric import placed
from toonmark.training.gradient_step import Gate
from toonmark.training.networks import average_into
from toonmark.training.step_metrics import Terms

if TYPE_CHECKING:
    from lightning_fabric import Fabric

C = TypeVar("C", bound=RegressorConfig | PairedConfig | LayersConfig)


class SupervisedTrainer(ABC, Generic[C]):
    """Supervised learning with averaged weights; see :class:`toonmark.training.loop.Trainer`.

    Args:
        name: the network's, in checkpoints.
        network: what is trained; what is frozen in it stays.
        config: what to train.
        fabric: where.
        learnt: whether its weights were learnt before, and are not random.

    Attributes:
        betas: Adam's.
        networks: those that learn, by name; a discriminator may learn beside the network.
        learning: their parameters that are not frozen.
    """

    betas = (0.9, 0.999)

    def __init__(
        self, name: str, network: nn.Module, config: C, fabric: Fabric, learnt: bool = False
    ) -> None:
        self.name, self.network, self.config, self.fabric = name, network, config, fabric
        self.learnt = learnt
        self.networks: dict[str, nn.Module] = {}
        self.learning: dict[str, dict[str, nn.Parameter]] = {}
        self.optimizers: dict[str, torch.optim.Optimizer] = {}
        self.add(name, network, config.learning_rate)
        self.averaged = copy.deepcopy(network).requires_grad_(False).eval()
        self.gate = Gate(fabric.device)

    def add(self, name: str, network: nn.Module, rate: float) -> None:
        """Places a network and has it learn, at a rate that falls to zero over the run."""
        placed(self.fabric, network)
        learning = {n: p for n, p in network.named_parameters() if p.requires_grad}
        self.networks[name], self.learning[name] = network, learning
        self.optimizers[name] = torch.optim.Adam(learning.values(), rate, self.betas, fused=True)

    @abstractmethod
    def losses(self, iteration: int) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The losses of one batch.

        Returns:
            what each of :attr:`networks` minimises, by name; and the terms to be logged.
        """

    def step(self, iteration: int) -> Mapping[str, float]:
        """One step on one batch; see :class:`toonmark.training.loop.Trainer`."""
        losses, terms = self.losses(iteration)
        updates = []
        for name, loss in losses.items():
            learning, optimizer = self.learning[name], self.optimizers[name]
            gradients = torch.autograd.grad(loss, list(learning.values()))
            rate = decayed(optimizer.defaults["lr"], iteration, self.config.iterations)
            updates.append(Update(name, optimizer, learning, gradients, rate))
        values = self.gate.learn(self.fabric, Terms.of(self.fabric, terms), updates)
        age = None if self.learnt else iteration
        average_into(self.averaged, self.network, self.config.average, age, self.gate.shut)
        return values

    def tensors(self) -> dict[str, Tensor]:
        """Weights, averaged weights and the optimisers' states."""
        return checkpoint.training_tensors(*self._state())

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Undoes :meth:`tensors`."""
        checkpoint.restore_training(*self._state(), tensors)

    def _state(self) -> tuple[dict[str, nn.Module], dict[str, torch.optim.Optimizer]]:
        optimizers = {f"optimizer/{name}": one for name, one in self.optimizers.items()}
        return {**self.networks, "averaged": self.averaged}, optimizers

    def on_iteration_end(self, iteration: int, folder: Path) -> None:
        """Nothing is written between checkpoints."""

    def save(self, folder: Path, error: Mapping[str, float]) -> Path:
        """Writes the averaged weights into a run, for the commands that build on it."""
        file = folder / WEIGHTS[self.config.run_kind]
        checkpoint.save(file, self.averaged.state_dict(), self.header(folder, error))
        return file

    @abstractmethod
    def header(self, folder: Path, error: Mapping[str, float]) -> dict[str, str]:
        """The strings that the file of weights carries.

        Args:
            folder: the run's.
            error: on held-out pictures, by name.
        """
