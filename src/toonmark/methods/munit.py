"""MUNIT [11]: Huang, Liu, Belongie and Kautz, "Multimodal Unsupervised Image-to-Image Translation".

ECCV 2018. A picture is encoded as a content and a style; a face is drawn with its own content and
a style of the cartoons, drawn at random or taken from one of them. The equations are theirs by
number; weights, rates and layers those of the authors' code (github.com/NVlabs/MUNIT,
configs/edges2shoes_folder.yaml and networks.py).

What differs from the original: the common schedule of the learning rate (polynomial, where theirs
is halved every 100,000 iterations), averaged weights as for all methods here, and no perceptual
loss, which they use at 256 pixels and above only. ``compact`` has half the channels, 3 residual
blocks and 3x3 kernels behind the upsamplings, and discriminators of 2 scales with 3 layers.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from toonmark.artifacts import Kind
from toonmark.configuration import Frozen
from toonmark.losses import adversarial_discriminator, adversarial_generator, cycle_consistency
from toonmark.methods.style_pictures import StylePictures
from toonmark.models.blocks import own_start
from toonmark.models.munit import STYLE, AutoEncoder, MultiScaleDiscriminator, StyledTranslator
from toonmark.training.batch import Batch
from toonmark.training.config import UnpairedConfig
from toonmark.training.networks import (
    DIRECTIONS,
    Direction,
    Domain,
    TranslationNetworks,
)
from toonmark.training.step import Draws, Generated, Parts, total
from toonmark.training.tensors import to_pictures, to_tensor
from toonmark.training.unpaired import UnpairedTrainer


class MunitWeights(Frozen):
    """Eq. 5, and the authors' code for the last one."""

    adversarial: float = Field(1.0, ge=0)
    image: float = Field(10.0, ge=0, description="lambda_x")
    content: float = Field(1.0, ge=0, description="lambda_c")
    style: float = Field(1.0, ge=0, description="lambda_s")
    cycle: float = Field(0.0, ge=0, description="style-augmented cycle consistency")


class MunitConfig(UnpairedConfig):
    """One run of ``toonmark train --method munit``."""

    run_kind: ClassVar[Kind] = Kind.MUNIT

    weights: MunitWeights = MunitWeights()
    learning_rate: float = Field(1e-4, gt=0)
    decay: float = Field(1e-4, ge=0, description="of the weights")
    pool: int = Field(0, ge=0, description="generated images kept for the discriminators")
    styles: Literal["random", "example"] = Field(
        "random",
        description="of what is drawn in the end: each face's own random one, or that of the "
        "cartoon whose colours are nearest",
    )

    @model_validator(mode="after")
    def _large_enough(self) -> MunitConfig:
        if self.preset == "paper" and self.size < 64:
            raise ValueError("the paper's discriminators need pictures of 64 pixels or more")
        return self


class MunitNetworks(TranslationNetworks):
    """An auto-encoder and a discriminator a domain; the generators are the auto-encoders."""

    def __init__(self, config: MunitConfig) -> None:
        super().__init__()
        paper, width = config.preset == "paper", config.width
        build = (
            partial(AutoEncoder, width) if paper else partial(AutoEncoder, width // 2, 3, 128, 3)
        )
        judge = (
            partial(MultiScaleDiscriminator, width)
            if paper
            else partial(MultiScaleDiscriminator, width // 2, 2, 3)
        )
        self.generators, self.discriminators = nn.ModuleDict(), nn.ModuleDict()
        for domain in (d.source for d in DIRECTIONS):
            with own_start(config.seed, f"munit/{domain}"):
                self.generators[domain] = build()
            with own_start(config.seed, f"munit/discriminators/{domain}"):
                self.discriminators[domain] = judge()

    def translator(self, generators: nn.ModuleDict, direction: Direction) -> nn.Module:
        """Draws in the mean style, for samples of a training."""
        return StyledTranslator(*encoders(generators, direction))


def encoders(generators: nn.ModuleDict, direction: Direction) -> tuple[AutoEncoder, AutoEncoder]:
    """The auto-encoders of a direction's source and of its target."""
    source, target = generators[direction.source], generators[direction.target]
    assert isinstance(source, AutoEncoder)
    assert isinstance(target, AutoEncoder)
    return source, target


class MunitTrainer(UnpairedTrainer[MunitConfig, MunitNetworks]):
    """See :class:`toonmark.training.unpaired.UnpairedTrainer`."""

    build = MunitNetworks

    def adam(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """Adam with weight decay."""
        rate, betas, decay = self.config.learning_rate, self.config.betas, self.config.decay
        return torch.optim.Adam(parameters, rate, betas, weight_decay=decay, fused=True)

    def generator_loss(
        self, direction: Direction, batches: Mapping[Domain, Batch], stage2: bool, draws: Draws
    ) -> tuple[Tensor, Parts, Generated]:
        """Eq. 5 of one direction; the other direction has the other half of the terms."""
        batch, weights = batches[direction.source], self.config.weights
        source, target = encoders(self.networks.generators, direction)
        content, own = source(batch.shown)
        restored = source.decode(content, own)
        style = draws["style"].to(own.dtype)
        drawn = target.decode(content, style)
        content_again, style_again = target(drawn)
        scores = self.networks.discriminators[direction.target](drawn)
        parts = {
            "adversarial": weights.adversarial * _sum(map(adversarial_generator, scores)),  # eq. 4
            "image": weights.image * cycle_consistency(restored, batch.image),  # eq. 1
            "content": weights.content * (content_again.float() - content).abs().mean(),  # eq. 2
            "style": weights.style * (style_again.float() - style).abs().mean(),  # eq. 3
        }
        if weights.cycle:
            around = source.decode(content_again, own)
            parts["cycle"] = weights.cycle * cycle_consistency(around, batch.image)
        points = torch.stack([batch.landmarks] * 2, dim=1)
        return total(parts), parts, Generated(drawn.detach(), points)

    def discriminator_loss(
        self, direction: Direction, batch: Batch, generated: Generated, stage2: bool, draws: Draws
    ) -> tuple[Tensor, Parts]:
        """Eq. 4, the discriminators' side, over all scales."""
        judge = self.networks.discriminators[direction.target]
        pairs = zip(judge(batch.image), judge(generated.image), strict=True)
        # Theirs has no factor 1/2.
        loss = 2 * _sum(adversarial_discriminator(real, fake) for real, fake in pairs)
        parts = {"adversarial": self.config.weights.adversarial * loss}
        return total(parts), parts

    def generator_draws(self, shape: Sequence[int], random: np.random.Generator) -> Draws:
        """``style``: one for each picture that is drawn."""
        return {"style": torch.from_numpy(random.standard_normal((shape[0], STYLE), np.float32))}


def _sum(terms: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(terms)).sum()


class RandomStyles(StyledTranslator):
    """Draws each picture in a style of its own.

    The style is drawn from the normal distribution by the picture's own values: the same picture
    is drawn alike again.
    """

    def styles(self, image: Tensor) -> Tensor:
        """See :class:`StyledTranslator`."""
        seeds = [zlib.crc32(one.contiguous().numpy().data) for one in image.detach().cpu()]
        styles = [np.random.default_rng(seed).standard_normal(STYLE, np.float32) for seed in seeds]
        return torch.from_numpy(np.stack(styles)).to(image.device)


class ExampleStyles(StyledTranslator):
    """Draws each face in the style of a cartoon.

    Args:
        source, target: the domains' auto-encoders.
        examples: which cartoon for which face.
    """

    def __init__(self, source: AutoEncoder, target: AutoEncoder, examples: StylePictures) -> None:
        super().__init__(source, target)
        self.examples = examples

    def styles(self, image: Tensor) -> Tensor:
        """See :class:`StyledTranslator`."""
        shown = to_tensor([self.examples.of(face)[0] for face in to_pictures(image)])
        codes: Tensor = self.target.style(shown.to(image.device))
        return codes
