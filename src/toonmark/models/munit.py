"""MUNIT's networks (Huang et al. 2018, appendix B): auto-encoders of content and style.

With ``width`` 64 they are those of the authors' code: 15.03 M weights an auto-encoder and 8.27 M
a discriminator.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from toonmark.models.blocks import Residual, initialise

#: Length of a style code.
STYLE = 8


class AutoEncoder(nn.Module):
    """One domain's: a picture is a content, which domains share, and a style.

    Args:
        width: channels of the first layer.
        blocks: residual blocks of the content encoder, and of the decoder.
        hidden: of the dense layers that turn a style into AdaIN's parameters.
        kernel: of the convolutions behind each upsampling.
    """

    def __init__(self, width: int = 64, blocks: int = 4, hidden: int = 256, kernel: int = 5):
        super().__init__()
        deep = 4 * width
        self.style = nn.Sequential(
            _Conv(3, width, 7, 1, 3),
            _Conv(width, 2 * width, 4, 2, 1),
            _Conv(2 * width, deep, 4, 2, 1),
            _Conv(deep, deep, 4, 2, 1),
            _Conv(deep, deep, 4, 2, 1),
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(deep, STYLE, 1),
            nn.Flatten(),
        )
        self.content = nn.Sequential(
            _Conv(3, width, 7, 1, 3, norm=True),
            _Conv(width, 2 * width, 4, 2, 1, norm=True),
            _Conv(2 * width, deep, 4, 2, 1, norm=True),
            *[_residual(deep) for _ in range(blocks)],
        )
        self.mlp = nn.Sequential(
            nn.Linear(STYLE, hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, blocks * 4 * deep),
        )
        self.styled = nn.ModuleList(_Styled(deep) for _ in range(blocks))
        layers: list[nn.Module] = []
        for before in (deep, deep // 2):
            layers += [
                nn.Upsample(scale_factor=2),
                _Padded(before, before // 2, kernel, 1, kernel // 2),
                nn.GroupNorm(1, before // 2),  # layer normalisation, which keeps AdaIN's channels
                nn.ReLU(inplace=True),
            ]
        self.up = nn.Sequential(*layers, _Padded(width, 3, 7, 1, 3), nn.Tanh())
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def decode(self, content: Tensor, style: Tensor) -> Tensor:
        """(N, C, S/4, S/4) and (N, 8) to pictures (N, 3, S, S) in [-1, 1]."""
        x = content
        each = self.mlp(style).chunk(len(self.styled), dim=1)
        for block, parameters in zip(self.styled, each, strict=True):
            x = block(x, parameters)
        return self.up(x)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, S, S) in [-1, 1] to its content (N, C, S/4, S/4) and its style (N, 8)."""
        return self.content(image), self.style(image)


class MultiScaleDiscriminator(nn.Module):
    """Three patch discriminators, each on pictures half the size of those before it.

    Args:
        width: channels of the first layer.
        scales: how many.
        layers: strided convolutions of each.
    """

    def __init__(self, width: int = 64, scales: int = 3, layers: int = 4) -> None:
        super().__init__()
        self.scales = nn.ModuleList()
        for _ in range(scales):
            parts: list[nn.Module] = []
            before = 3
            for i in range(layers):
                parts += [_Padded(before, width << i, 4, 2, 1), nn.LeakyReLU(0.2, True)]
                before = width << i
            self.scales.append(nn.Sequential(*parts, nn.Conv2d(before, 1, 1)))
        self.apply(initialise)

    def forward(self, image: Tensor) -> list[Tensor]:
        """(N, 3, S, S) to a map of scores a scale."""
        found = []
        for network in self.scales:
            found.append(network(image))
            image = F.avg_pool2d(image, 3, 2, 1, count_include_pad=False)
        return found


class StyledTranslator(nn.Module):
    """From one domain to the other, as a generator: image and maps to image; in the mean style.

    Args:
        source, target: the domains' auto-encoders.
    """

    def __init__(self, source: AutoEncoder, target: AutoEncoder) -> None:
        super().__init__()
        self.source, self.target = source, target

    def forward(self, image: Tensor, maps: Tensor | None = None) -> Tensor:
        """(N, 3, S, S) in [-1, 1] to (N, 3, S, S); the maps are not looked at."""
        return self.target.decode(self.source.content(image), self.styles(image))

    def styles(self, image: Tensor) -> Tensor:
        """The styles that pictures are drawn in: (N, 3, S, S) to (N, 8)."""
        return image.new_zeros(len(image), STYLE)


class _Padded(nn.Conv2d):
    """A convolution with reflected edges."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, padding: int) -> None:
        super().__init__(before, after, kernel, stride, padding, padding_mode="reflect")


class _Conv(nn.Sequential):
    def __init__(
        self, before: int, after: int, kernel: int, stride: int, padding: int, norm: bool = False
    ) -> None:
        layers: list[nn.Module] = [_Padded(before, after, kernel, stride, padding)]
        layers += [nn.InstanceNorm2d(after)] * norm
        super().__init__(*layers, nn.ReLU(inplace=True))


def _residual(channels: int) -> Residual:
    return Residual(
        _Conv(channels, channels, 3, 1, 1, norm=True),
        _Padded(channels, channels, 3, 1, 1),
        nn.InstanceNorm2d(channels),
    )


class _Styled(nn.Module):
    """A residual block whose instance normalisations take scale and shift from a style (AdaIN)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _Padded(channels, channels, 3, 1, 1)
        self.second = _Padded(channels, channels, 3, 1, 1)

    def forward(self, x: Tensor, parameters: Tensor) -> Tensor:
        shift1, scale1, shift2, scale2 = parameters[..., None, None].chunk(4, dim=1)
        y = F.relu(scale1 * F.instance_norm(self.first(x)) + shift1)
        return x + scale2 * F.instance_norm(self.second(y)) + shift2
