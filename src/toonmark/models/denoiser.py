"""A denoiser of cartoons: an almost-cartoon in, a cartoon out."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class Denoiser(nn.Module):
    """A U-Net of 0.5 M weights that knows one thing: what the cartoons of a style look like.

    Trained on degraded cartoons to give back the clean ones, it is a prior of their domain
    (Vincent et al. 2008 on denoising autoencoders; Venkatakrishnan et al. 2013 on denoisers as
    priors), and put behind a generator it draws over what is left of a photo's texture. Nothing
    in it is normalised, so that colours pass through as they are. Skips are added, and the work is
    done at a half, a quarter and an eighth of the size.
    """

    def __init__(self) -> None:
        super().__init__()
        half, quarter, eighth = 24, 48, 96
        self.stem = nn.Conv2d(3 * 4, half, 3, 1, 1)
        self.fine = _Block(half)
        self.down1 = nn.Conv2d(half, quarter, 4, 2, 1)
        self.middle = _Block(quarter)
        self.down2 = nn.Conv2d(quarter, eighth, 4, 2, 1)
        self.coarse = nn.Sequential(_Block(eighth), _Block(eighth))
        self.up2 = nn.Conv2d(eighth, quarter, 1)
        self.middle_again = _Block(quarter)
        self.up1 = nn.Conv2d(quarter, half, 1)
        self.fine_again = _Block(half)
        self.last = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(half, 32, 3, 1, 1),
            nn.ReLU(),
            nn.PixelShuffle(2),
            nn.Conv2d(8, 3, 3, 1, 1),
        )

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, S, S) about [-1, 1] to (N, 3, S, S) about [-1, 1]; S a multiple of 8."""
        fine = self.fine(self.stem(F.pixel_unshuffle(image, 2)))
        middle = self.middle(self.down1(fine))
        coarse = self.coarse(self.down2(middle))
        middle = self.middle_again(middle + _doubled(self.up2(coarse)))
        return self.last(self.fine_again(fine + _doubled(self.up1(middle))))


class Denoised(nn.Module):
    """A generator with a denoiser behind it; called like the generator.

    Nothing is cut off at -1 and 1, where a gradient would end.
    """

    def __init__(self, generator: nn.Module, denoiser: nn.Module) -> None:
        super().__init__()
        self.generator, self.denoiser = generator, denoiser

    def forward(self, image: Tensor, maps: Tensor | None = None) -> Tensor:
        """(N, 3, S, S) in [-1, 1] and (N, 5, S, S) in [0, 1] to (N, 3, S, S) about [-1, 1]."""
        return self.denoiser(self.generator(image, maps))


def without_denoiser(network: nn.Module) -> nn.Module:
    """The generator alone, whether or not a denoiser is behind it."""
    if not isinstance(network, Denoised):
        return network
    generator: nn.Module = network.generator
    return generator


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class _Block(nn.Module):
    """A pre-activated residual block that begins as the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, 1, 1)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.relu(self.first(F.relu(x))))
