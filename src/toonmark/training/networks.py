"""The generators, discriminators and regressors of one run, by domain and direction."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import nn

from toonmark import artifacts
from toonmark.artifacts import Kind, Place
from toonmark.errors import ConfigurationError, RunError
from toonmark.models.blocks import own_start
from toonmark.models.denoiser import Denoised, Denoiser
from toonmark.models.presets import build_discriminators, build_generator, build_regressor
from toonmark.training import checkpoint
from toonmark.training.config import TrainConfig
from toonmark.training.run import config_of

Domain = Literal["face", "cartoon"]


@dataclass(frozen=True)
class Direction:
    """A direction of translation: from one domain to the other."""

    source: Domain
    target: Domain

    @property
    def name(self) -> str:
        """``face_to_cartoon`` or ``cartoon_to_face``."""
        return f"{self.source}_to_{self.target}"

    @property
    def back(self) -> Direction:
        """The way home of the cycle."""
        return Direction(self.target, self.source)


TO_CARTOON = Direction("face", "cartoon")
#: Where a checkpoint has the denoiser of a run that was trained with one.
DENOISER = "networks/denoiser"
DIRECTIONS = (TO_CARTOON, TO_CARTOON.back)


class TranslationNetworks(nn.Module):
    """The networks that translate between two domains, and those that judge them.

    Attributes:
        generators: of all directions; averaged over the training.
        discriminators: of all domains.
    """

    generators: nn.ModuleDict
    discriminators: nn.ModuleDict

    def translator(self, generators: nn.ModuleDict, direction: Direction) -> nn.Module:
        """The network that draws in one direction: images and heatmaps in, images out.

        Args:
            generators: this run's, or an average of them.
        """
        return generators[direction.name]


class Networks(TranslationNetworks):
    """Two generators, two domains' discriminators, two landmark regressors.

    Regressors are frozen unless the method trains them along the way (``no_pretraining``). A
    denoiser, if there is one, is frozen too: what it makes of a drawing is the drawing.

    Each network's start follows from ``config.seed`` and its own name: rows of an ablation begin
    with the same weights wherever they have the same networks.
    """

    regressors: nn.ModuleDict

    def __init__(self, config: TrainConfig) -> None:
        super().__init__()
        method = config.method
        self.generators, self.discriminators = nn.ModuleDict(), nn.ModuleDict()
        for d in DIRECTIONS:
            with own_start(config.seed, f"generators/{d.name}"):
                self.generators[d.name] = build_generator(
                    config.preset, method.condition_generator, config.width
                )
            self.discriminators[d.target] = build_discriminators(
                config.preset,
                config.size,
                conditional=method.conditional_discriminator,
                local=method.local_discriminators,
                start=partial(_discriminator_start, config.seed, d.target),
            )
        self.regressors = nn.ModuleDict()
        if needs_regressors(config):
            for d in DIRECTIONS:
                with own_start(config.seed, f"regressors/{d.target}"):
                    self.regressors[d.target] = build_regressor(config.preset)
            if method.pretrained_regressors:
                self.regressors.requires_grad_(False).eval()
        self.denoiser: nn.Module | None = None
        if config.denoiser is not None:
            self.denoiser = Denoiser().requires_grad_(False).eval()

    def generator(self, direction: Direction) -> nn.Module:
        """The generator of one direction, with the denoiser behind it where there is one."""
        return self.translator(self.generators, direction)

    def translator(self, generators: nn.ModuleDict, direction: Direction) -> nn.Module:
        """See :class:`TranslationNetworks`; with the denoiser behind it where there is one."""
        generator = generators[direction.name]
        if self.denoiser is None or direction.target != "cartoon":
            return generator
        return Denoised(generator, self.denoiser)

    def judges(self, domain: Domain, local: bool) -> dict[str, nn.Module]:
        """A domain's discriminators that take part; the local ones only when asked for."""
        networks = self.discriminators[domain]
        assert isinstance(networks, nn.ModuleDict)
        return {k: v for k, v in networks.items() if local or k in ("real", "matched")}

    def train(self, mode: bool = True) -> Networks:
        """Like any module's, but frozen regressors stay as they were trained."""
        super().train(mode)
        for regressor in self.regressors.values():
            if not any(p.requires_grad for p in regressor.parameters()):
                regressor.eval()
        return self


def _discriminator_start(seed: int, domain: Domain, name: str) -> AbstractContextManager[None]:
    return own_start(seed, f"discriminators/{domain}/{name}")


def needs_regressors(config: TrainConfig) -> bool:
    """Whether any part of the method asks where a generated image's landmarks are."""
    method = config.method
    return (
        method.landmark_consistency
        or method.local_discriminators
        or (method.conditional_discriminator and method.fake_landmarks == "predicted")
    )


def load_generators(path: Place, denoiser: nn.Module | None = None) -> nn.ModuleDict:
    """The averaged generators of a run, by direction, as they draw in it.

    Args:
        path: the run, or a file that it kept in ``averaged``.
        denoiser: put behind the way to cartoons, if the run was not trained with one.

    Raises:
        RunError: there is no such run, it cannot be read, or it was distilled.
        ConfigurationError: the run has a denoiser of its own, and another is given.
    """
    found = artifacts.open(path)
    run = artifacts.run_of(found)
    if run.kind is Kind.DISTILLATION:
        raise RunError(
            f"{run.path} was distilled: it has one generator, and no way back.",
            "Name the run that it was taught by.",
        )
    config = config_of(run, TrainConfig)
    tensors, _ = checkpoint.load(run.weights if found == run else found.path)
    networks = Networks(config)
    own = checkpoint.part("averaged", tensors) or tensors
    what = f"the generators of {run.path} ({config.preset}, width {config.width})"
    checkpoint.load_weights(networks.generators, own, what)
    if networks.denoiser is not None:
        if denoiser is not None:
            raise ConfigurationError(
                f"{run.path} was trained with a denoiser of its own.", "Leave the other one out."
            )
        kept = tensors if found == run else checkpoint.load(run.weights)[0]
        weights = checkpoint.under(f"{DENOISER}.", kept)
        checkpoint.load_weights(networks.denoiser, weights, f"the denoiser of {run.path}")
    elif denoiser is not None:
        networks.denoiser = denoiser
    networks.requires_grad_(False).eval()
    return nn.ModuleDict({d.name: networks.generator(d) for d in DIRECTIONS})


@torch.no_grad()
def average_into(
    average: nn.Module,
    current: nn.Module,
    decay: float,
    age: int | None = None,
    shut: torch.Tensor | None = None,
) -> None:
    """Moves the averaged weights a little towards the current ones.

    Args:
        decay: what stays of the average.
        age: iterations since a random start: a young average forgets faster, or it would keep
            that start for long. None if it began with weights that were learnt.
        shut: on the device, 1 where nothing is to change, else 0.
    """
    if age is not None:
        decay = min(decay, (1 + age) / (10 + age))
    targets = [*average.parameters(), *average.buffers()]
    sources = [*current.parameters(), *current.buffers()]
    floating = [(t, s) for t, s in zip(targets, sources, strict=True) if t.is_floating_point()]
    moved = [t for t, _ in floating]
    if shut is None:
        torch._foreach_lerp_(moved, [s for _, s in floating], 1 - decay)
        return
    share = (1 - shut) * (1 - decay)
    if not shut.is_cuda:  # one pass through the weights; on CUDA it would be a kernel for each
        torch._foreach_lerp_(moved, [s for _, s in floating], [share] * len(moved))
        return
    steps = torch._foreach_sub([s for _, s in floating], moved)
    torch._foreach_mul_(steps, share)
    torch._foreach_add_(moved, steps)
