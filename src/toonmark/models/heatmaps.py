"""Landmarks as heatmaps, in torch; and points read from heatmaps.

:func:`heatmaps` agrees with ``toonmark.landmarks.heatmaps`` to 1e-4, and is differentiable in the
points.
"""

from __future__ import annotations

import torch
from torch import Tensor

from toonmark.landmarks import FAINTEST, default_sigma


def heatmaps(points: Tensor, size: int, sigma: float | None = None) -> Tensor:
    """One Gaussian a landmark, its peak 1.

    Args:
        points: (..., 5, 2) pixels.
        size: height and width of the maps.
        sigma: standard deviation in pixels; 4 px at 128, scaled, unless told otherwise.

    Returns:
        (..., 5, size, size) in [0, 1].
    """
    sigma = default_sigma(size) if sigma is None else sigma
    grid = torch.arange(size, dtype=points.dtype, device=points.device)
    scale = -0.5 / sigma**2
    both = torch.exp((scale * (grid - points.unsqueeze(-1)) ** 2).clamp(min=FAINTEST))
    x, y = both.unbind(-2)
    return y.unsqueeze(-1) * x.unsqueeze(-2)


def points_from_heatmaps(maps: Tensor) -> Tensor:
    """Where each map peaks, between pixels: the centroid of its positive part's fourth power.

    The power keeps the faint floor of a regressor's maps from pulling the centroid inwards.

    Args:
        maps: (N, 5, H, W).

    Returns:
        (N, 5, 2) pixels; the image's centre where a map has no positive value.
    """
    height, width = maps.shape[-2:]
    maps = maps if maps.dtype == torch.float64 else maps.float()
    weight = maps.clamp(min=0) ** 4
    # A vanishing even floor: an empty map answers with the centre and not with NaN.
    weight = weight + 1e-12
    total = weight.sum((-2, -1))
    x = torch.arange(width, dtype=maps.dtype, device=maps.device)
    y = torch.arange(height, dtype=maps.dtype, device=maps.device)
    return torch.stack(
        [(weight.sum(-2) * x).sum(-1) / total, (weight.sum(-1) * y).sum(-1) / total], dim=-1
    )
