"""Discriminators: is this a real picture, do its landmarks match, are its eyes drawn well?

All return raw scores; the loss (``toonmark.losses``) decides what they mean.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from toonmark.landmarks import COUNT
from toonmark.models.blocks import GROUPS, initialise, instance_norm


class PatchDiscriminator(nn.Module):
    """CycleGAN's PatchGAN; with three strided layers each score sees 70x70 pixels.

    Args:
        layers: strided layers; fewer for the small local patches.
    """

    def __init__(self, layers: int = 3) -> None:
        super().__init__()
        width = channels = 64
        parts: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2, True)]
        for i in range(1, layers + 1):
            after = width * min(2**i, 8)
            parts += [
                nn.Conv2d(channels, after, 4, 2 if i < layers else 1, 1),
                nn.InstanceNorm2d(after),
                nn.LeakyReLU(0.2, True),
            ]
            channels = after
        parts.append(nn.Conv2d(channels, 1, 4, 1, 1))
        self.layers = nn.Sequential(*parts)
        self.apply(initialise)

    def forward(self, image: Tensor) -> Tensor:
        """(N, C, H, W) to a map of scores (N, 1, h, w)."""
        return self.layers(image)


class PaperConditionalDiscriminator(nn.Module):
    """Table 4: image and heatmaps in, 8 channels, one score for the whole picture."""

    def __init__(self, size: int = 128) -> None:
        super().__init__()
        widths = (64, 128, 256, 512)
        self.convs = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, after, 4, 2, 1),
                nn.InstanceNorm2d(after) if i else nn.Identity(),
                nn.LeakyReLU(0.2, True),
            )
            for i, (before, after) in enumerate(zip((3 + COUNT, *widths), widths, strict=False))
        )
        self.fc1 = nn.Linear(512 * (size // 16) ** 2, 1)
        self.apply(initialise)

    def forward(self, image_and_maps: Tensor) -> Tensor:
        """(N, 8, S, S) to scores (N, 1)."""
        x = image_and_maps
        for conv in self.convs:
            x = conv(x)
        return self.fc1(x.flatten(1))


class CompactDiscriminator(nn.Module):
    """Three strided convolutions behind a pixel-unshuffle; each score sees most of a face."""

    def __init__(self, inputs: int = 3) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        channels = inputs * 4
        for i, width in enumerate((32, 64, 128)):
            parts.append(nn.Conv2d(channels, width, 4, 2, 1, bias=i == 0))
            if i:
                parts.append(instance_norm(width))
            parts.append(nn.LeakyReLU(0.2, True))
            channels = width
        parts.append(nn.Conv2d(channels, 1, 3, 1, 1))
        self.layers = nn.Sequential(*parts)
        self.apply(initialise)

    def forward(self, image: Tensor) -> Tensor:
        """(N, C, S, S) to a map of scores (N, 1, S/16, S/16)."""
        return self.layers(F.pixel_unshuffle(image, 2))


class CompactPatchDiscriminator(nn.Module):
    """For local patches: two strided convolutions, then a score a place."""

    def __init__(self) -> None:
        super().__init__()
        width = 32
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 4, 2, 1),
            nn.LeakyReLU(0.2, True),
            nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False),
            nn.GroupNorm(GROUPS, 2 * width),
            nn.LeakyReLU(0.2, True),
            nn.Conv2d(2 * width, 1, 3, 1, 1),
        )
        self.apply(initialise)

    def forward(self, patch: Tensor) -> Tensor:
        """(N, 3, h, w) to a map of scores (N, 1, h/4, w/4)."""
        return self.layers(patch)
