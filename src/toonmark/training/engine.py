"""The training of the whole method: both directions, both stages.

On a CPU each direction runs in a Python thread of its own with one torch thread: no convolution of
these small networks keeps two cores busy, but two directions do. The gradients are the same.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch
from torch import Tensor

from toonmark import artifacts
from toonmark.artifacts import Kind, Pack
from toonmark.data.backgrounds import Backgrounds
from toonmark.data.sampling import Sampler
from toonmark.data.streams import Stream
from toonmark.errors import ConfigurationError
from toonmark.training import checkpoint
from toonmark.training.config import TrainConfig
from toonmark.training.denoising import load_denoiser
from toonmark.training.landmarks import load_regressor
from toonmark.training.networks import DIRECTIONS, TO_CARTOON, Direction, Networks, average_into
from toonmark.training.packs import pack_generator
from toonmark.training.pool import ImagePool
from toonmark.training.processes import Update, places
from toonmark.training.samples import write_samples
from toonmark.training.step import (
    Batch,
    Parts,
    discriminator_loss,
    generator_loss,
    regressor_loss,
)
from toonmark.training.terms import Gate, Terms

if TYPE_CHECKING:
    from lightning_fabric import Fabric

T = TypeVar("T")


class StyleTrainer:
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

    def __init__(
        self, config: TrainConfig, fabric: Fabric, threads: int = 2, fresh: bool = True
    ) -> None:
        self.config, self.fabric = config, fabric
        self.side_by_side = threads > 1 and fabric.device.type == "cpu"
        self._workers = ThreadPoolExecutor(2, initializer=torch.set_num_threads, initargs=(1,))
        self.samplers = {
            "face": Sampler(
                config.faces,
                config.size,
                config.augmentation,
                backgrounds=Backgrounds(config.backgrounds),
                background_share=config.background_share,
                seed=config.seed,
                split=config.split,
            ),
            "cartoon": Sampler(
                config.cartoons,
                config.size,
                config.augmentation,
                seed=config.seed + 1,
                split=config.split,
            ),
        }
        torch.manual_seed(config.seed)
        self.networks = Networks(config).train()
        fabric.to_device(self.networks)
        self.averaged = copy.deepcopy(self.networks.generators).requires_grad_(False).eval()
        if fresh:
            self._load_regressors()
            if config.denoiser is not None and self.networks.denoiser is not None:
                denoiser, _ = load_denoiser(config.denoiser, config.size)
                self.networks.denoiser.load_state_dict(denoiser.state_dict())
            if config.start_from is not None:
                self._start_from(Path(config.start_from))
        rate, betas = config.learning_rate, config.betas
        # One fused kernel over all parameters is markedly faster than one call each.
        self.optimizers = {
            "generators": torch.optim.Adam(
                self.networks.generators.parameters(), rate, betas, fused=True
            ),
            "discriminators": torch.optim.Adam(
                self.networks.discriminators.parameters(), rate, betas, fused=True
            ),
        }
        if self._trains_regressors:
            self.optimizers["regressors"] = torch.optim.Adam(
                self.networks.regressors.parameters(), rate, fused=True
            )
        self.gate = Gate(fabric.device)
        self.pools = {
            d.name: ImagePool(config.pool, config.size, fabric.device) for d in DIRECTIONS
        }

    @property
    def _trains_regressors(self) -> bool:
        return bool(self.networks.regressors) and not self.config.method.pretrained_regressors

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
        if isinstance(artifacts.open(other), Pack):
            self._start_from_pack(other)
            return
        tensors, _ = checkpoint.load(artifacts.weights_of(other, Kind.TRAIN))
        learnt = ["generators", "discriminators"] + ["regressors"] * self._trains_regressors
        for name in learnt:
            part = checkpoint.part("networks", tensors)
            start = name + "."
            own = {k[len(start) :]: v for k, v in part.items() if k.startswith(start)}
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

    # One iteration -----------------------------------------------------------------------

    def step(self, iteration: int) -> Mapping[str, float]:
        """One iteration over both directions."""
        config, networks = self.config, self.networks
        local = config.local_at(iteration)
        domains = self._side_by_side(lambda d: self._batch(d.source, iteration))
        batches = dict(zip((d.source for d in DIRECTIONS), domains, strict=True))
        generators = list(networks.generators.parameters())
        discriminators = list(networks.discriminators.parameters())
        regressors = list(networks.regressors.parameters()) if self._trains_regressors else []

        def one(direction: Direction) -> tuple[list[tuple[Tensor | None, ...]], Parts]:
            random = np.random.default_rng(
                [
                    config.seed,
                    Stream.METHOD,
                    iteration,
                    DIRECTIONS.index(direction),
                    self.fabric.global_rank,
                ]
            )
            with self.fabric.autocast():
                loss, parts, generated = generator_loss(
                    networks, direction, batches[direction.source], config, local, random
                )
            gradients: list[tuple[Tensor | None, ...]] = [torch.autograd.grad(loss, generators)]
            image, points = self.pools[direction.name].exchange(
                generated.image, generated.points, random
            )
            with self.fabric.autocast():
                loss, judged = discriminator_loss(
                    networks,
                    batches[direction.target],
                    direction,
                    type(generated)(image, points),
                    config,
                    local,
                    random,
                )
            gradients.append(torch.autograd.grad(loss, discriminators, allow_unused=True))
            values = _named(direction, "generator", parts) | _named(
                direction, "discriminator", judged
            )
            if regressors:
                with self.fabric.autocast():
                    loss = regressor_loss(
                        networks, direction.target, batches[direction.target], config
                    )
                gradients.append(torch.autograd.grad(100 * loss, regressors, allow_unused=True))
                values[f"{direction.name}/regressor"] = loss
            return gradients, values

        results = self._side_by_side(one)
        terms = Terms.of(
            self.fabric, {name: value for _, parts in results for name, value in parts.items()}
        )
        both = [
            _sums(*kinds) for kinds in zip(*(gradients for gradients, _ in results), strict=True)
        ]
        if iteration < config.hold:
            held = {id(p) for p in networks.generators[TO_CARTOON.name].parameters()}
            both[0] = [
                None if id(p) in held else gradient
                for p, gradient in zip(generators, both[0], strict=True)
            ]
        return self._update(iteration, terms, both)

    def _update(self, iteration: int, terms: Terms, gradients: list[list[Tensor | None]]) -> Terms:
        config, rate = self.config, self.config.rate_at(iteration)
        updates = []
        for (name, optimizer), gradient in zip(self.optimizers.items(), gradients, strict=True):
            learning = dict(getattr(self.networks, name).named_parameters())
            updates.append(Update(name, optimizer, learning, gradient, rate))
        terms = self.gate.learn(self.fabric, terms, updates)
        age = iteration if config.start_from is None else None
        average_into(self.averaged, self.networks.generators, config.average, age, self.gate.shut)
        return terms

    def _batch(self, domain: str, iteration: int) -> Batch:
        batch, sampler = self.config.batch, self.samplers[domain]
        samples = [sampler.at(iteration, place, batch) for place in places(self.fabric, batch)]
        if domain == "face" and self.config.even_light:
            samples = [sample.evened() for sample in samples]
        return Batch.of(samples, self.fabric.device)

    def _side_by_side(self, work: Callable[[Direction], T]) -> list[T]:
        if self.side_by_side:
            return list(self._workers.map(work, DIRECTIONS))
        return [work(direction) for direction in DIRECTIONS]

    # Checkpoints and pictures ------------------------------------------------------------

    def tensors(self) -> dict[str, Tensor]:
        """Networks, averages, optimisers and every process's image pools."""
        tensors = {
            **checkpoint.prefixed("networks", self.networks.state_dict()),
            **checkpoint.prefixed("averaged", self.averaged.state_dict()),
        }
        for name, optimizer in self.optimizers.items():
            tensors |= checkpoint.prefixed(
                f"optimizer/{name}", checkpoint.optimizer_tensors(optimizer)
            )
        for name, pool in self.pools.items():
            for key, value in pool.state().items():
                gathered = self.fabric.all_gather(value)
                assert isinstance(gathered, Tensor)
                shape = (self.fabric.world_size, *value.shape)
                tensors[f"pool/{name}/{key}"] = gathered.reshape(shape)
        return tensors

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Undoes :meth:`tensors`; another number of processes shares the pools out anew."""
        checkpoint.load_weights(self.networks, checkpoint.part("networks", tensors), "this run")
        checkpoint.load_weights(self.averaged, checkpoint.part("averaged", tensors), "this run")
        for name, optimizer in self.optimizers.items():
            checkpoint.restore_optimizer(optimizer, checkpoint.part(f"optimizer/{name}", tensors))
        for name, pool in self.pools.items():
            states = checkpoint.part(f"pool/{name}", tensors)
            rank = self.fabric.global_rank % len(states["filled"])
            pool.restore({key: value[rank] for key, value in states.items()})

    def look(self, iteration: int, folder: Path) -> None:
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
            file = folder / "averaged" / f"{iteration:07d}.safetensors"
            checkpoint.save(file, self.averaged.state_dict(), {"iteration": str(iteration)})


def _named(direction: Direction, side: str, parts: Parts) -> Parts:
    return {f"{direction.name}/{side}/{name}": value for name, value in parts.items()}


def _sums(first: Sequence[Tensor | None], second: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Both directions' gradients added, where both have one; as few operators as there can be."""
    sums = [b if a is None else a for a, b in zip(first, second, strict=True)]
    both = [
        (i, a, b)
        for i, (a, b) in enumerate(zip(first, second, strict=True))
        if a is not None and b is not None
    ]
    added = torch._foreach_add([a for _, a, _ in both], [b for _, _, b in both]) if both else []
    for (i, _, _), one in zip(both, added, strict=True):
        sums[i] = one
    return sums
