"""Renders layer scores and layer colours to an RGB drawing at twice the scores' resolution."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

#: A layer is alone where all others together have less than this share of what it has. Half of a
#: level of 255 at most, where two colours are as far apart as black and white.
ALONE = 1 / 512
#: Bilinear shares of the four scores around a place between them that the four pixels there have.
_BETWEEN = torch.tensor([[9.0, 3, 3, 1], [3, 9, 1, 3], [3, 1, 9, 3], [1, 3, 3, 9]]) / 16


def compose(scores: Tensor, colours: Tensor) -> Tensor:
    """Paints at twice the scores' size: a softmax of the scores, enlarged, mixes the colours.

    Between four pixels where one and the same layer is alone, it is alone: the exponential is
    convex, so no other's is larger between them than the mean of theirs. Only where that is not so,
    along edges, are scores enlarged; the rest, five sixths of a portrait, has its own colour.

    Args:
        scores: (N, layers, H, W) as ``bounded`` leaves them.
        colours: (N, layers, 3).

    Returns:
        (N, 3, 2H, 2W): within :data:`ALONE` of the colours' whole range of what it would be if all
        scores were enlarged.
    """
    count, layers, height, width = scores.shape
    number = torch.arange(layers, dtype=scores.dtype, device=scores.device)[:, None]
    one = torch.ones_like(colours[..., :1])
    both = torch.cat([colours, one, one * number], 2)
    sums = both.transpose(1, 2) @ torch.exp(scores).flatten(2)
    sums = sums.view(count, 5, height, width)
    total = sums[:, 3:4]
    mean = sums / total
    image, i, j = _between_layers(total, mean[:, 4:]).nonzero().unbind(1)
    drawn = F.interpolate(mean[:, :3], scale_factor=2.0, mode="nearest").flatten()
    values = _mixed(scores, both[..., :4], (image, i, j))
    places = _four(image * (6 * height), 2 * i - 1, 2 * j - 1, 2 * height, 2 * width)
    plane = 4 * height * width
    three = torch.arange(0, 3 * plane, plane, device=scores.device)[:, None]
    drawn = drawn.scatter(0, (places.flatten() + three).flatten(), values.flatten())
    return drawn.view(count, 3, 2 * height, 2 * width)


def _between_layers(total: Tensor, number: Tensor) -> Tensor:
    """Where, between four pixels (or at an edge, two), not one layer is alone at all of them.

    Args:
        total: (N, 1, H, W), sums of exponentials of scores of which the largest is 0.
        number: (N, 1, H, W), the layers' numbers, mixed as their colours are.

    Returns:
        (N, H + 1, W + 1) bool.
    """
    widest = F.max_pool2d(torch.cat([total, number, -number], 1), 2, 1, 1)
    several = (widest[:, 0] - 1) / ALONE
    # Where a layer is alone its number is within a few hundredths.
    return torch.maximum(several, 2 * (widest[:, 1] + widest[:, 2])) > 1


def _mixed(scores: Tensor, colours: Tensor, places: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """The four pixels between four of the scores, for each of K such places.

    Args:
        scores: (N, layers, H, W).
        colours: (N, layers, 4): the fourth are ones.
        places: images, rows and columns, (K,) each: below and to the right of the place.

    Returns:
        (3, 4 K).
    """
    count, layers, height, width = scores.shape
    image, i, j = places
    table = scores.permute(0, 2, 3, 1).reshape(-1, layers)
    around = _four(image * height, i - 1, j - 1, height, width)
    corners = table.index_select(0, around.flatten()).view(4, -1)
    shares = torch.exp(_BETWEEN.to(scores) @ corners).view(-1, layers)
    sums = colours.transpose(1, 2).reshape(4 * count, layers) @ shares.T
    own = torch.arange(count, device=image.device)[:, None] == image
    sums = sums.view(count, 4, 4, -1) * own[:, None, None].to(sums.dtype)
    every = torch.ones(count, dtype=sums.dtype, device=sums.device)
    sums = (every @ sums.flatten(1)).view(4, 4, -1)
    return (sums[:3] / sums[3:]).view(3, -1)


def _four(start: Tensor, top: Tensor, left: Tensor, height: int, width: int) -> Tensor:
    """Where two by two pixels lie in memory, those beyond an edge at the edge: (4, K).

    Args:
        start: (K,) the first rows of their images.
        top, left: (K,) the uppermost and leftmost pixel.
    """
    rows = [(top + k).clamp(min=0).clamp(max=height - 1) + start for k in (0, 1)]
    columns = [(left + k).clamp(min=0).clamp(max=width - 1) for k in (0, 1)]
    return torch.stack([row * width + column for row in rows for column in columns])
