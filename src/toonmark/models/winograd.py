"""Winograd's fast 3x3 convolution (Lavin and Gray 2016), for exported browser graphs.

For graphs of the browser, whose convolutions know no such way. The same numbers but for rounding.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

#: Edge of the pieces of answer that are worked out at once, and of what they see: F(4 x 4, 3 x 3).
_MADE, _SEEN = 4, 6
#: Least channels that it pays for.
_LEAST = 32
#: The three transforms, of what is seen, of weights and of answers: B, G and A of the paper's (15).
_INPUT = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
_WEIGHT = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
_OUTPUT = (
    (1, 1, 1, 1, 1, 0),
    (0, 1, -1, 2, -2, 0),
    (0, 1, 1, 4, 4, 0),
    (0, 1, -1, 8, -8, 1),
)


def convolved(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A convolution with a border of one pixel of zeros.

    Args:
        x: (N, C, H, W); H and W are multiples of 4.
        weight: (O, C, 3, 3).
        bias: (O,), or none.

    Returns:
        (N, O, H, W).
    """
    count, channels, height, width = x.shape
    outputs, rows, columns = len(weight), height // _MADE, width // _MADE
    seen, known, made = (_both(one).to(x) for one in (_INPUT, _WEIGHT, _OUTPUT))
    # Pieces overlap: a convolution of each channel alone cuts them out and transforms them.
    pieces = F.conv2d(
        x.reshape(-1, 1, height, width), seen.view(-1, 1, _SEEN, _SEEN), stride=_MADE, padding=1
    )
    pieces = pieces.view(count, channels, _SEEN**2, -1).permute(2, 1, 0, 3).flatten(2)
    weights = (weight.reshape(-1, 9) @ known.T).view(outputs, channels, _SEEN**2).permute(2, 0, 1)
    products = made @ (weights @ pieces).reshape(_SEEN**2, -1)
    parts = products.view(_MADE, _MADE, outputs, count, rows, columns)
    answer = parts.permute(3, 2, 4, 0, 5, 1).reshape(count, outputs, height, width)
    return answer if bias is None else answer + bias.view(1, -1, 1, 1)


def _both(matrix: tuple[tuple[float, ...], ...]) -> Tensor:
    """A transform of rows and of columns at once, of what is flattened."""
    one = torch.tensor(matrix)
    return torch.kron(one, one)


class WinogradConv2d(nn.Conv2d):
    """``nn.Conv2d`` of 3 x 3 with a border of one pixel; its parameters have the same names."""

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if any(edge % _MADE for edge in input.shape[2:]):
            return super()._conv_forward(input, weight, bias)
        return convolved(input, weight, bias)


def use_winograd_(network: nn.Module) -> None:
    """Puts :class:`WinogradConv2d` in place of the convolutions that it pays for."""
    for parent in list(network.modules()):
        for name, conv in parent.named_children():
            if not isinstance(conv, nn.Conv2d) or conv.in_channels < _LEAST:
                continue
            if (conv.kernel_size, conv.stride, conv.padding) != ((3, 3), (1, 1), (1, 1)):
                continue
            quick = WinogradConv2d(
                conv.in_channels, conv.out_channels, 3, padding=1, bias=conv.bias is not None
            )
            quick.load_state_dict(conv.state_dict())
            setattr(parent, name, quick.train(conv.training))
