"""GANimorph [7]: Gokaslan et al. 2018, trained as the paper's comparison "Improving".

ECCV 2018 (GANimorph). CycleGAN with a discriminator that sees the whole picture at every place,
multi-scale structural similarity in the cycle, feature matching, and terms that are normalised on
a schedule. The terms are named as in section 3 of the paper.

What differs from the original: pictures in [-1, 1]; the common schedule of the learning rate; the
discriminator learns in every iteration, from the pool of 50, as in all methods here; batches as the
configuration says, where theirs have 16 pictures. Weights and normalisation are the paper's. Its
code (github.com/brownvc/ganimorph, model.py) has others: log losses, 0.469, 0.201, 0.231 and 0.099
(a rate of 0.33), division by the mean of the losses (decay 0.9999) every 90 iterations, learning of
the discriminator in every second one; and MS-SSIM with a window of 8 and K of 0.03 and 0.05, where
ours has those of Wang et al. 2003, a window of 11 and 0.01 and 0.03.
``compact`` has half the channels and 2 blocks a group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from toonmark.artifacts import Kind
from toonmark.configuration import Frozen
from toonmark.losses import (
    adversarial_discriminator,
    adversarial_generator,
    cycle_consistency,
    ms_ssim,
)
from toonmark.models.blocks import own_start
from toonmark.models.ganimorph import DilatedDiscriminator, SkipGenerator
from toonmark.training.batch import Batch
from toonmark.training.config import UnpairedConfig
from toonmark.training.networks import (
    DIRECTIONS,
    Direction,
    Domain,
    TranslationNetworks,
)
from toonmark.training.step import Draws, Generated, Parts, total
from toonmark.training.step_metrics import Terms
from toonmark.training.unpaired import UnpairedTrainer

#: The terms of the objective, in the order in which their averages are kept.
TERMS = ("adversarial", "features", "structure", "absolute")


class GanimorphWeights(Frozen):
    """The loss terms' weights; they sum to 1, since each term is normalised."""

    adversarial: float = Field(0.49, gt=0, description="lambda_GAN")
    features: float = Field(0.21, gt=0, description="lambda_FM")
    structure: float = Field(0.21, gt=0, description="lambda_CYC lambda_SS, 0.3 x 0.7")
    absolute: float = Field(0.09, gt=0, description="lambda_CYC lambda_L1, 0.3 x 0.3")


class GanimorphConfig(UnpairedConfig):
    """One run of ``toonmark train --method ganimorph``."""

    run_kind: ClassVar[Kind] = Kind.GANIMORPH

    weights: GanimorphWeights = GanimorphWeights()
    normalise_every: int = Field(200, ge=1, description="s, iterations between normalisations")
    forget: float = Field(0.99, ge=0, lt=1, description="beta, decay of the averaged terms")


class GanimorphNetworks(TranslationNetworks):
    """Two generators, two discriminators, and what the terms are divided by.

    Attributes:
        squares: (4,) averages of the terms' squares, in the order of :data:`TERMS`.
        scales: (4,) what divides them until the next normalisation.
    """

    squares: Tensor
    scales: Tensor

    def __init__(self, config: GanimorphConfig) -> None:
        super().__init__()
        paper = config.preset == "paper"
        width, blocks = (config.width, 3) if paper else (config.width // 2, 2)
        self.generators, self.discriminators = nn.ModuleDict(), nn.ModuleDict()
        for d in DIRECTIONS:
            with own_start(config.seed, f"ganimorph/{d.name}"):
                self.generators[d.name] = SkipGenerator(width, blocks)
            with own_start(config.seed, f"ganimorph/discriminators/{d.target}"):
                self.discriminators[d.target] = DilatedDiscriminator(width)
        self.register_buffer("squares", torch.zeros(len(TERMS)))
        self.register_buffer("scales", torch.ones(len(TERMS)))


def feature_matching(real: Sequence[Tensor], drawn: Sequence[Tensor]) -> Tensor:
    """Mean squared difference of a discriminator's features, averaged over each batch first."""
    pairs = zip(real, drawn, strict=True)
    return torch.stack(
        [((a.detach().float().mean(0) - b.float().mean(0)) ** 2).mean() for a, b in pairs]
    ).mean()


class GanimorphTrainer(UnpairedTrainer[GanimorphConfig, GanimorphNetworks]):
    """See :class:`toonmark.training.unpaired.UnpairedTrainer`."""

    build = GanimorphNetworks

    def generator_loss(
        self, direction: Direction, batches: Mapping[Domain, Batch], stage2: bool, draws: Draws
    ) -> tuple[Tensor, Parts, Generated]:
        """The objective of one direction; its scales are common to both."""
        batch, networks = batches[direction.source], self.networks
        judge = networks.discriminators[direction.target]
        drawn = networks.generators[direction.name](batch.shown)
        restored = networks.generators[direction.back.name](drawn)
        scores, features = judge(drawn)
        with torch.no_grad():
            _, wanted = judge(batches[direction.target].image)
        terms = {
            "adversarial": adversarial_generator(scores),
            "features": feature_matching(wanted, features),
            "structure": 1 - ms_ssim(restored, batch.image),
            "absolute": cycle_consistency(restored, batch.image),
        }
        parts = {
            name: getattr(self.config.weights, name) * terms[name] / scale
            for name, scale in zip(TERMS, networks.scales, strict=True)
        }
        points = torch.stack([batch.landmarks] * 2, dim=1)
        return total(parts), parts, Generated(drawn.detach(), points)

    def discriminator_loss(
        self, direction: Direction, batch: Batch, generated: Generated, stage2: bool, draws: Draws
    ) -> tuple[Tensor, Parts]:
        """Least squares, the discriminators' side."""
        judge = self.networks.discriminators[direction.target]
        real, drawn = judge(batch.image)[0], judge(generated.image)[0]
        parts = {"adversarial": adversarial_discriminator(real, drawn)}
        return total(parts), parts

    @torch.no_grad()
    def stepped(self, iteration: int, terms: Terms) -> None:
        """Scheduled loss normalisation: averages of squares, and now and then new scales."""
        networks, weights = self.networks, self.config.weights
        weighted = torch.stack(
            [terms.on_device([f"{d.name}/generator/{t}" for t in TERMS]) for d in DIRECTIONS]
        ).sum(0)
        given = torch.tensor([getattr(weights, t) for t in TERMS], device=networks.scales.device)
        square = (weighted * networks.scales / given) ** 2
        forget = self.config.forget if iteration else 0.0
        shut = self.gate.shut > 0
        squares = forget * networks.squares + (1 - forget) * square
        networks.squares.copy_(torch.where(shut, networks.squares, squares))
        if iteration % self.config.normalise_every == 0:
            scales = networks.squares.sqrt() + 1e-10
            networks.scales.copy_(torch.where(shut, networks.scales, scales))
