"""GANimorph's networks (Gokaslan et al. 2018): a generator with skips, a dilated discriminator.

With ``width`` 64 the convolutions are those of the authors' code; none has a bias.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from toonmark.models.blocks import instance_norm


class SkipGenerator(nn.Module):
    """Four strided convolutions and back, with residual groups and skips between.

    Args:
        width: channels of the first layer.
        blocks: of each residual group.
    """

    def __init__(self, width: int = 64, blocks: int = 3) -> None:
        super().__init__()
        w = width
        self.stem = nn.Sequential(_conv(3, w, 4, 2, 1), nn.ReLU(inplace=True), _Down(w, 2 * w))
        self.first = _group(2 * w, 2 * w, blocks)
        self.down1 = _Down(2 * w, 4 * w)
        self.second = _group(4 * w, 4 * w, blocks)
        self.down2 = _Down(4 * w, 8 * w)
        self.third = _group(8 * w, 8 * w, blocks)
        self.up1 = _Up(8 * w, 4 * w)
        self.back2 = _group(8 * w, 4 * w, blocks)
        self.up2 = _Up(4 * w, 2 * w)
        self.back1 = _group(4 * w, 2 * w, blocks)
        self.last = nn.Sequential(
            _Up(2 * w, w), nn.ConvTranspose2d(w, 3, 4, 2, 1, bias=False), nn.Tanh()
        )
        self.apply(_start)

    def forward(self, image: Tensor, maps: Tensor | None = None) -> Tensor:
        """(N, 3, S, S) in [-1, 1] to (N, 3, S, S); the maps are not looked at."""
        first = self.first(self.stem(image))
        second = self.second(self.down1(first))
        x = self.up1(self.third(self.down2(second)))
        x = self.up2(self.back2(torch.cat([x, second], 1)))
        return self.last(self.back1(torch.cat([x, first], 1)))


class DilatedDiscriminator(nn.Module):
    """Judges every place in view of the whole picture: dilated convolutions, as in segmentation.

    Args:
        width: half the channels of the first layer.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        deep = 8 * width
        self.layers = nn.ModuleList(
            [
                nn.Sequential(
                    _conv(3, 2 * width, 4, 2, 1),
                    nn.ReLU(inplace=True),
                    _Down(2 * width, 4 * width),
                ),
                _Down(4 * width, deep),
                _Normed(deep, deep),
                *[_Normed(deep, deep, dilation) for dilation in (2, 4, 8)],
            ]
        )
        self.merge = _Normed(2 * deep, deep)
        self.score = nn.Sequential(nn.ZeroPad2d((1, 2, 1, 2)), _conv(deep, 1, 4, 1, 0))
        self.apply(_start)

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(N, 3, S, S) to a map of scores (N, 1, S/8, S/8), and the features of seven layers."""
        features: list[Tensor] = []
        x = image
        for layer in self.layers:
            x = layer(x)
            features.append(x)
        features.append(self.merge(torch.cat([features[2], x], 1)))
        return self.score(features[-1]), features


def _conv(before: int, after: int, kernel: int, stride: int, padding: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel, stride, padding, bias=False)


def _start(module: nn.Module) -> None:
    """The authors': uniform, of variance 1 / (9 n) for n inputs, as torch's own beginning."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.kaiming_uniform_(module.weight, a=5**0.5)


class _Normed(nn.Sequential):
    def __init__(self, before: int, after: int, dilation: int = 1) -> None:
        conv = nn.Conv2d(before, after, 3, 1, dilation, dilation=dilation, bias=False)
        super().__init__(conv, instance_norm(after), nn.LeakyReLU(0.2, inplace=True))


class _Down(nn.Sequential):
    def __init__(self, before: int, after: int) -> None:
        super().__init__(
            _conv(before, after, 4, 2, 1), instance_norm(after), nn.LeakyReLU(0.2, inplace=True)
        )


class _Up(nn.Sequential):
    def __init__(self, before: int, after: int) -> None:
        super().__init__(
            nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False),
            instance_norm(after),
            nn.ReLU(inplace=True),
        )


class _Block(nn.Module):
    """Two convolutions, the input beside them, and a third over both."""

    def __init__(self, before: int, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(_Normed(before, channels), _Normed(channels, channels))
        self.merge = _Normed(before + channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.merge(torch.cat([self.layers(x), x], 1))


def _group(before: int, channels: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(*[_Block(before if i == 0 else channels, channels) for i in range(blocks)])
