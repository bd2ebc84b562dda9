"""Generators: an image and its five heatmaps in, an image of the other domain out."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from toonmark.landmarks import COUNT
from toonmark.models.blocks import Residual, icnr_, initialise, instance_norm


class PaperGenerator(nn.Module):
    """CycleGAN's ResNet generator (Zhu et al. 2017, appendix), with heatmaps beside the image.

    Args:
        conditional: heatmaps are part of the input (``Lm_cd`` and above); the plain CycleGAN of
            the ablation goes without.
        width: channels of the first layer.
        blocks: residual blocks; 6 for 128 pixels.
    """

    def __init__(self, conditional: bool = True, width: int = 64, blocks: int = 6) -> None:
        super().__init__()
        self.conditional = conditional
        inputs = 3 + COUNT * conditional

        def norm(channels: int) -> list[nn.Module]:
            return [nn.InstanceNorm2d(channels), nn.ReLU(inplace=True)]

        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(inputs, width, 7)]
        layers += norm(width)
        for i in range(2):
            layers.append(nn.Conv2d(width << i, width << (i + 1), 3, 2, 1))
            layers += norm(width << (i + 1))
        layers += [_reflect_block(width * 4) for _ in range(blocks)]
        for i in (1, 0):
            layers.append(nn.ConvTranspose2d(width << (i + 1), width << i, 3, 2, 1, 1))
            layers += norm(width << i)
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        self.apply(initialise)

    def forward(self, image: Tensor, maps: Tensor | None = None) -> Tensor:
        """(N, 3, S, S) in [-1, 1] and (N, 5, S, S) in [0, 1] to (N, 3, S, S) in [-1, 1]."""
        return self.layers(join(image, maps if self.conditional else None))


class CompactGenerator(nn.Module):
    """A generator for a CPU, a browser, a phone: nothing heavy is computed at full size.

    Pixel-unshuffle, a stem at half the size, residual blocks of plain 3x3 convolutions at a
    quarter, pixel-shuffle back, the stem added; the last 3x3 runs at full size on few channels,
    which with ICNR initialisation leaves no chequerboard. Instance normalisation, since after the
    same 1,500 iterations with group normalisation the drawings were full of speckle.
    """

    def __init__(self, conditional: bool = True, width: int = 64, blocks: int = 6) -> None:
        super().__init__()
        self.conditional = conditional
        inputs, stem = 3 + COUNT * conditional, width // 2
        self.stem = nn.Sequential(nn.Conv2d(inputs * 4, stem, 3, 1, 1), nn.ReLU(inplace=True))
        self.down = nn.Sequential(
            nn.Conv2d(stem, width, 4, 2, 1, bias=False),
            instance_norm(width),
            nn.ReLU(inplace=True),
        )
        self.blocks = nn.Sequential(*[_plain_block(width) for _ in range(blocks)])
        self.up = nn.Sequential(nn.Conv2d(width, stem * 4, 3, 1, 1), nn.PixelShuffle(2))
        self.merge = nn.Sequential(
            nn.Conv2d(stem, stem, 3, 1, 1, bias=False),
            instance_norm(stem),
            nn.ReLU(inplace=True),
        )
        self.last = nn.Sequential(
            nn.Conv2d(stem, 32, 3, 1, 1),
            nn.ReLU(inplace=True),
            nn.PixelShuffle(2),
            nn.Conv2d(8, 3, 3, 1, 1),
            nn.Tanh(),
        )
        self.apply(initialise)
        icnr_(self.up[0])
        icnr_(self.last[0])

    def forward(self, image: Tensor, maps: Tensor | None = None) -> Tensor:
        """(N, 3, S, S) in [-1, 1] and (N, 5, S, S) in [0, 1] to (N, 3, S, S) in [-1, 1]."""
        x = F.pixel_unshuffle(join(image, maps if self.conditional else None), 2)
        stem = self.stem(x)
        x = self.up(self.blocks(self.down(stem)))
        return self.last(self.merge(F.relu(x + stem)))


def join(image: Tensor, maps: Tensor | None) -> Tensor:
    """Image and heatmaps as one tensor's channels: (N, 8, S, S); the image if there are none."""
    return image if maps is None else torch.cat([image, maps.to(image.dtype)], dim=1)


def _reflect_block(channels: int) -> Residual:
    return Residual(
        nn.ReflectionPad2d(1),
        nn.Conv2d(channels, channels, 3),
        nn.InstanceNorm2d(channels),
        nn.ReLU(inplace=True),
        nn.ReflectionPad2d(1),
        nn.Conv2d(channels, channels, 3),
        nn.InstanceNorm2d(channels),
    )


def _plain_block(channels: int) -> Residual:
    return Residual(
        nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
        instance_norm(channels),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
        instance_norm(channels),
    )
