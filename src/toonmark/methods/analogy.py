"""Analogy [20]: Liao et al., "Visual Attribute Transfer through Deep Image Analogy".

SIGGRAPH 2017. A is the face and B' the cartoon; wanted is A', the face drawn like the cartoon,
and with it B. From the deepest features to the finest: places of A and B are matched both ways
(PatchMatch), features of one are moved onto the other, and what they look like a level below is
found by optimisation. Layers, patches, radii, rounds and alpha are those of the authors' code
(github.com/msracver/Deep-Image-Analogy, DeepAnalogy.cu, blend weight 2), tau too; kappa is the
paper's, section 4.

What differs from the original: VGG16 unless the user has VGG19's weights; PatchMatch looks at all
places at once, at one distance a round; deconvolution begins with the moved features of the level
below and not with noise. Features are moved one by one and a level at a time, as in the paper,
where the authors' code averages patches and goes two levels down; response weighs by a sigmoid, as
in the paper, where their code has a step at tau. Pictures keep their size, where the authors'
program makes those below 200 pixels larger.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from toonmark.methods.optimised import OptimisedConfig, OptimisedDrawer, minimised
from toonmark.methods.patchmatch import doubled, gathered, patch_match, voted
from toonmark.methods.vgg import Vgg

#: L = 5 to 1.
LEVELS = ("conv5_1", "conv4_1", "conv3_1", "conv2_1", "conv1_1")
#: Edge of a patch, and radius of the random search; None: the whole picture.
PATCHES = (3, 3, 3, 5, 5)
#: The same for the picture in the end.
VOTES = 3
RADII = (None, 6, 6, 4, 4)
#: How much of A's own content levels 4 to 1 keep, and where: at responses above tau.
ALPHA = (0.8, 0.7, 0.6, 0.1)
KAPPA, TAU = 300.0, 0.05


class AnalogyConfig(OptimisedConfig):
    """The settings of Analogy."""

    method: Literal["analogy"] = "analogy"
    rounds: int = Field(10, ge=1, description="of PatchMatch, a level and way")
    evaluations: int = Field(15, ge=1, description="of a deconvolution's loss")


class AnalogyDrawer(OptimisedDrawer):
    """See :class:`toonmark.methods.optimised.OptimisedDrawer`."""

    def __init__(self, name: str, config: AnalogyConfig, vgg: Vgg | None = None) -> None:
        super().__init__(name, config, vgg)
        self.config = config

    def one(self, face: Tensor, style: Tensor) -> Tensor:
        """See :func:`analogy`."""
        return analogy(face, style, self.vgg, self.config)


def analogy(a: Tensor, b_prime: Tensor, vgg: Vgg, config: AnalogyConfig) -> Tensor:
    """A', of A's content and with the looks of B'.

    Args:
        a, b_prime: (1, 3, S, S) in [-1, 1].

    Returns:
        (1, 3, S, S), made of the patches of ``b_prime``.
    """
    random = torch.Generator().manual_seed(config.seed)
    with torch.no_grad():
        of_a, of_bp = vgg(a, LEVELS), vgg(b_prime, LEVELS)
    of_ap, of_b = of_a[LEVELS[0]], of_bp[LEVELS[0]]  # both begin as what they are made from
    height, width = of_ap.shape[-2:]
    forth = torch.randint(0, min(height, width), (height, width, 2), generator=random)
    back = torch.randint(0, min(height, width), (height, width, 2), generator=random)
    for k, level in enumerate(LEVELS):
        first = torch.cat([unit(of_a[level]), unit(of_ap)], 1)[0]
        second = torch.cat([unit(of_b), unit(of_bp[level])], 1)[0]
        search = {
            "patch": PATCHES[k],
            "radius": RADII[k] or max(height, width),
            "rounds": config.rounds,
        }
        forth = patch_match(first, second, forth, **search, random=random)
        if level == LEVELS[-1]:
            break
        back = patch_match(second, first, back, **search, random=random)
        below = LEVELS[k + 1]
        of_ap, of_b = (
            blended(
                own[below],
                deconvolved(
                    gathered(other[level][0], field)[None],
                    gathered(other[below][0], doubled(field))[None],
                    vgg,
                    below,
                    level,
                    config.evaluations,
                ),
                ALPHA[k],
            )
            for own, other, field in ((of_a, of_bp, forth), (of_bp, of_a, back))
        )
        forth, back = doubled(forth), doubled(back)
    return voted(b_prime[0], forth, VOTES)[None]


def unit(features: Tensor) -> Tensor:
    """Features of length 1 at each place: (N, C, H, W)."""
    return features / features.norm(dim=1, keepdim=True).clamp(min=1e-8)


def blended(own: Tensor, moved: Tensor, alpha: float) -> Tensor:
    """The picture's own features where they say something, and the moved ones elsewhere.

    Args:
        own, moved: (1, C, H, W).
        alpha: weight of the own ones where their response is strong.
    """
    response = (own**2).sum(1, keepdim=True)
    low, high = response.min(), response.max()
    response = (response - low) / (high - low).clamp(min=1e-8)
    weight = alpha * torch.sigmoid(KAPPA * (response - TAU))
    return own * weight + moved * (1 - weight)


def deconvolved(
    wanted: Tensor, start: Tensor, vgg: Vgg, below: str, level: str, evaluations: int
) -> Tensor:
    """Features of the level below whose own features are the wanted ones, by L-BFGS.

    Args:
        wanted: (1, C, H, W) of ``level``.
        start: (1, c, 2H, 2W) of ``below``.
    """
    scale = (wanted**2).mean().clamp(min=1e-12)

    def loss(values: Tensor) -> Tensor:
        found = vgg.between(values, below, (level,))[level]
        return 1000 * (((found - wanted) ** 2).mean() / scale)

    return minimised(start, loss, evaluations, history=10).clamp(min=0)
