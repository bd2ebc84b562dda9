"""The base of all trainers from unpaired pictures; a method adds its networks and loss terms.

On a CPU each direction runs in a Python thread of its own with one torch thread: no convolution of
these small networks keeps two cores busy, but two directions do. The gradients are the same.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from toonmark.artifacts import kept_at
from toonmark.data.random_streams import Stream
from toonmark.training import checkpoint
from toonmark.training.batch import Batch
from toonmark.training.batches import Batches, samplers_of
from toonmark.training.compiled import captured, compile_networks
from toonmark.training.config import UnpairedConfig
from toonmark.training.data_parallel import Update, places
from toonmark.training.digests import digests
from toonmark.training.fabric import device_of, placed, precision_of
from toonmark.training.gradient_step import Gate, summed
from toonmark.training.image_pool import ImagePool
from toonmark.training.networks import (
    DIRECTIONS,
    Direction,
    Domain,
    TranslationNetworks,
    average_into,
)
from toonmark.training.prefetch import Prefetcher
from toonmark.training.samples import write_samples
from toonmark.training.step import Draws, Generated, Parts
from toonmark.training.step_metrics import Terms
from toonmark.training.tensors import sent

if TYPE_CHECKING:
    from lightning_fabric import Fabric

T = TypeVar("T")
C = TypeVar("C", bound=UnpairedConfig)
N = TypeVar("N", bound=TranslationNetworks)
Gradients = list[tuple[Tensor | None, ...]]


class UnpairedTrainer(ABC, Generic[C, N]):
    """Sets, order of pictures, averages, pools, checkpoints; see :mod:`toonmark.training.loop`.

    Args:
        config: what to train.
        fabric: where.
        threads: 2 runs the directions side by side (on a CPU only).
        fresh: False where a checkpoint will replace all weights.

    Attributes:
        build: makes the method's networks, at their start, of its configuration.
        learnt: whether the start was learnt by another run: averages then trust it.
    """

    build: type[N]
    learnt = False

    def __init__(self, config: C, fabric: Fabric, threads: int = 2, fresh: bool = True) -> None:
        self.config, self.fabric = config, fabric
        self.networks = networks = self.build(config)
        self.side_by_side = threads > 1 and fabric.device.type == "cpu"
        self._workers = ThreadPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,))
        self.samplers = samplers_of(config)
        self.made = Batches(
            self.samplers,
            config.batch,
            places(fabric, config.batch),
            evened={"face"} if config.even_light else set(),
            device=fabric.device,
        )
        self.pictures = Prefetcher(
            self.made, config.iterations, pinned=fabric.device.type == "cuda"
        )
        networks.train()
        placed(fabric, networks)
        self.averaged = copy.deepcopy(networks.generators).requires_grad_(False).eval()
        if fresh:
            self.begin()
        self.optimizers = {
            "generators": self.adam(networks.generators.parameters()),
            "discriminators": self.adam(networks.discriminators.parameters()),
        }
        self.gate = Gate(fabric.device)
        self.pools = {
            d.name: ImagePool(config.pool, config.size, fabric.device) for d in DIRECTIONS
        }

    def adam(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """An optimiser of the method's own networks."""
        # One fused kernel over all parameters is markedly faster than one call each.
        return torch.optim.Adam(
            parameters, self.config.learning_rate, self.config.betas, fused=True
        )

    def compile(self, **options: Any) -> None:
        """Has PyTorch compile the networks: fewer, larger kernels, after minutes of preparation.

        Args:
            options: those of :func:`torch.compile`.
        """
        compile_networks(self.networks, **options)

    def capture(self, **options: Any) -> None:
        """Has PyTorch compile each direction of a step as one graph: losses, gradients, the pool.

        Random numbers are drawn before it; optimisers and averages, a few operators over all
        weights, come after it.

        Args:
            options: those of :func:`torch.compile`.

        Raises:
            ConfigurationError: this PyTorch cannot capture a gradient.
        """
        self.directed = captured(self.directed, **options)  # type: ignore[method-assign]

    # What a method adds ------------------------------------------------------------------

    @abstractmethod
    def generator_loss(
        self, direction: Direction, batches: Mapping[Domain, Batch], stage2: bool, draws: Draws
    ) -> tuple[Tensor, Parts, Generated]:
        """The generators' loss in one direction: the sum, its terms, and the drawings.

        Args:
            batches: real pictures by domain.
            stage2: whether this is stage II.
            draws: of :meth:`generator_draws`.
        """

    @abstractmethod
    def discriminator_loss(
        self, direction: Direction, batch: Batch, generated: Generated, stage2: bool, draws: Draws
    ) -> tuple[Tensor, Parts]:
        """The loss of the target domain's discriminators.

        Args:
            batch: real pictures of the target domain.
            generated: drawn ones, without gradient, from the pool.
            stage2: whether this is stage II.
            draws: of :meth:`discriminator_draws`.
        """

    def generator_draws(self, shape: Sequence[int], random: np.random.Generator) -> Draws:
        """The random numbers that :meth:`generator_loss` needs, on the processor.

        Args:
            shape: of a batch's pictures here, (N, 3, S, S).
        """
        return {}

    def discriminator_draws(self, shape: Sequence[int], random: np.random.Generator) -> Draws:
        """The same for :meth:`discriminator_loss`."""
        return {}

    def begin(self) -> None:
        """Called once at a fresh start: to read what other runs have learnt."""

    def extra_gradients(
        self, direction: Direction, batches: Mapping[Domain, Batch]
    ) -> tuple[Gradients, Parts]:
        """Gradients of extra optimisers, in their order, and loss terms to be logged."""
        return [], {}

    def held(self, iteration: int) -> set[int]:
        """``id`` of generators' parameters that stay as they are in this iteration."""
        return set()

    def stepped(self, iteration: int, terms: Terms) -> None:
        """Called after a step on all processes, with its loss terms; to read one is to wait."""

    # One iteration -----------------------------------------------------------------------

    def step(self, iteration: int) -> Mapping[str, float]:
        """One iteration over both directions."""
        networks = self.networks
        batches = self.batches(iteration)
        generators = list(networks.generators.parameters())
        stage2 = self.config.in_stage2(iteration)

        def one(direction: Direction) -> tuple[Gradients, Parts]:
            draws = self.draws(direction, iteration, batches[direction.source].image.shape)
            return self.directed(direction, batches, stage2, draws)

        results = self._side_by_side(one)
        terms = Terms.of(
            self.fabric, {name: value for _, parts in results for name, value in parts.items()}
        )
        both = [
            summed(*kinds) for kinds in zip(*(gradients for gradients, _ in results), strict=True)
        ]
        if held := self.held(iteration):
            both[0] = [
                None if id(p) in held else gradient
                for p, gradient in zip(generators, both[0], strict=True)
            ]
        terms = self._update(iteration, terms, both)
        self.stepped(iteration, terms)
        return terms

    def draws(self, direction: Direction, iteration: int, shape: Sequence[int]) -> Draws:
        """All random numbers of a direction's step, on this process's device.

        Args:
            shape: of a batch's pictures here, (N, 3, S, S).
        """
        seeds = (self.config.seed, Stream.METHOD, iteration)
        random = np.random.default_rng(
            [*seeds, DIRECTIONS.index(direction), self.fabric.global_rank]
        )
        draws = self.generator_draws(shape, random)
        draws["pool"] = self.pools[direction.name].drawn(shape[0], random)
        draws |= self.discriminator_draws(shape, random)
        return {name: sent(tensor, self.fabric.device) for name, tensor in draws.items()}

    def directed(
        self, direction: Direction, batches: Mapping[Domain, Batch], stage2: bool, draws: Draws
    ) -> tuple[Gradients, Parts]:
        """One direction of a step: gradients by optimiser, and the loss terms without theirs.

        It reads nothing back, and no shape depends on what is in a tensor: see :meth:`capture`.

        Args:
            batches: real pictures by domain.
            draws: of :meth:`draws`, whose pictures the pool keeps.
        """
        networks = self.networks
        with self.fabric.autocast():
            loss, parts, generated = self.generator_loss(direction, batches, stage2, draws)
        gradients: Gradients = [torch.autograd.grad(loss, list(networks.generators.parameters()))]
        image, points = self.pools[direction.name].exchange(
            generated.image, generated.points, draws["pool"]
        )
        with self.fabric.autocast():
            loss, judged = self.discriminator_loss(
                direction, batches[direction.target], Generated(image, points), stage2, draws
            )
        discriminators = list(networks.discriminators.parameters())
        gradients.append(torch.autograd.grad(loss, discriminators, allow_unused=True))
        values = _named(direction, "generator", parts) | _named(direction, "discriminator", judged)
        more, logged = self.extra_gradients(direction, batches)
        return gradients + more, {k: value.detach() for k, value in (values | logged).items()}

    def _update(self, iteration: int, terms: Terms, gradients: list[list[Tensor | None]]) -> Terms:
        rate = self.config.rate_at(iteration)
        updates = []
        for (name, optimizer), gradient in zip(self.optimizers.items(), gradients, strict=True):
            learning = dict(getattr(self.networks, name).named_parameters())
            updates.append(Update(name, optimizer, learning, gradient, rate))
        terms = self.gate.learn(self.fabric, terms, updates)
        age, decay = None if self.learnt else iteration, self.config.average
        average_into(self.averaged, self.networks.generators, decay, age, self.gate.shut)
        return terms

    def batches(self, iteration: int) -> dict[Domain, Batch]:
        """Real pictures of both domains on this process's device."""
        if self.pictures.workers:
            made = self.pictures(iteration)
        else:
            own = self._side_by_side(lambda d: self.made.of(d.source, iteration))
            made = dict(zip((d.source for d in DIRECTIONS), own, strict=True))
        return {domain: batch.to(self.fabric.device) for domain, batch in made.items()}

    def _side_by_side(self, work: Callable[[Direction], T]) -> list[T]:
        if self.side_by_side:
            return list(self._workers.map(work, DIRECTIONS))
        return [work(direction) for direction in DIRECTIONS]

    # Checkpoints and pictures ------------------------------------------------------------

    def tensors(self) -> dict[str, Tensor]:
        """Networks, averages, optimisers and every process's image pools."""
        tensors = checkpoint.training_tensors(*self._state())
        for name, pool in self.pools.items():
            for key, value in pool.state().items():
                gathered = self.fabric.all_gather(value)
                assert isinstance(gathered, Tensor)
                shape = (self.fabric.world_size, *value.shape)
                tensors[f"pool/{name}/{key}"] = gathered.reshape(shape)
        return tensors

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Undoes :meth:`tensors`; another number of processes shares the pools out anew."""
        checkpoint.restore_training(*self._state(), tensors)
        for name, pool in self.pools.items():
            states = checkpoint.part(f"pool/{name}", tensors)
            rank = self.fabric.global_rank % len(states["filled"])
            pool.restore({key: value[rank] for key, value in states.items()})

    def _state(self) -> tuple[dict[str, nn.Module], dict[str, torch.optim.Optimizer]]:
        networks: dict[str, nn.Module] = {"networks": self.networks, "averaged": self.averaged}
        return networks, {f"optimizer/{name}": one for name, one in self.optimizers.items()}

    def on_iteration_end(self, iteration: int, folder: Path) -> None:
        """Now and then: a sample grid, and a copy of the averaged generators to choose from."""
        config = self.config
        last = iteration == config.iterations
        if iteration % config.sample_every == 0 or last:
            write_samples(
                config,
                self.networks,
                self.averaged,
                self.samplers["face"].backgrounds,
                self.fabric.device,
                folder / "samples" / f"{iteration:07d}.png",
            )
        if config.keep_every and (iteration % config.keep_every == 0 or last):
            facts = {"iteration": str(iteration), **self.facts}
            checkpoint.save(kept_at(folder, iteration), self.averaged.state_dict(), facts)

    @cached_property
    def facts(self) -> dict[str, str]:
        """The facts that averaged generators carry wherever they are brought to."""
        where = {"precision": precision_of(self.fabric), "device": device_of(self.fabric)}
        return {**where, **digests(self.config)}


def _named(direction: Direction, side: str, parts: Parts) -> Parts:
    return {f"{direction.name}/{side}/{name}": value for name, value in parts.items()}
