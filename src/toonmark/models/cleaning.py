"""Removes specks and off-white from a drawing's background, as part of the network."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

#: How dark, of the whole range, a place must be to count as drawn at all, and for certain.
FAINT, CERTAIN = 0.06, 0.16

#: Least edge of the map on which it is decided what hangs together, for pictures that have it.
COARSE = 64


def cleaned(image: Tensor, maps: Tensor) -> Tensor:
    """Makes white what is not joined to the face, and what is nearly white.

    Morphological reconstruction by dilation (Vincent 1993): it starts around the five landmarks,
    so that a pupil in the white of its eye counts as the face's, and spreads through all that is
    drawn. What it does not reach loses its colour; what it reaches stays as it is, but for the
    faintest tones, which fade smoothly. For styles that are drawn on white; on a coloured ground
    all hangs together, and nothing darker than ``CERTAIN`` changes.

    Args:
        image: (N, 3, S, S) in [-1, 1].
        maps: (N, 5, T, T) heatmaps of the landmarks in [0, 1]; S is a multiple of T.

    Returns:
        (N, 3, S, S) in [-1, 1].
    """
    missing = 1 - image
    return 1 - missing * kept(missing, maps)


def kept(missing: Tensor, maps: Tensor) -> Tensor:
    """The share of each pixel that :func:`cleaned` keeps.

    Args:
        missing: (N, 3, S, S) in [0, 2], what there is less of than in white.
        maps: (N, 5, T, T) heatmaps of the landmarks in [0, 1]; S is a multiple of T.

    Returns:
        (N, 1, S, S) in [0, 1].
    """
    size = missing.shape[-1]
    near = maps.amax(1, keepdim=True)
    fits = (b for b in range(max(1, size // COARSE), 0, -1) if size % b == 0)
    block = next(b for b in fits if _whole(near.shape[-1], size // b))
    # Columns, then rows: half the time of both at once.
    drawn = F.max_pool2d(F.max_pool2d(missing, (block, 1)), (1, block)).amax(1, keepdim=True) / 2
    drawn = ((drawn - FAINT) / (CERTAIN - FAINT)).clamp(0, 1)
    coarse = size // block
    if near.shape[-1] < coarse:
        near = F.interpolate(near, scale_factor=float(coarse // near.shape[-1]), mode="nearest")
    near = F.max_pool2d(near, near.shape[-1] // coarse)
    # As many steps as the map is wide: enough for every way that does not wind.
    joined = reached((4 * near).clamp(max=1), drawn, drawn.shape[-1])
    return F.interpolate(joined, scale_factor=float(block), mode="nearest")


def _whole(one: int, other: int) -> bool:
    """Whether one of two is a multiple of the other."""
    return one % other == 0 or other % one == 0


def reached(seed: Tensor, allowed: Tensor, steps: int) -> Tensor:
    """Morphological reconstruction by dilation (Vincent 1993): what is joined to a seed.

    Args:
        seed: (N, C, H, W) in [0, 1].
        allowed: (N, C, H, W) in [0, 1], where it may spread.
        steps: pixels that it spreads, at most.

    Returns:
        (N, C, H, W) in [0, 1], nowhere above ``allowed``.
    """
    joined = torch.minimum(seed, allowed)
    for _ in range(steps):
        joined = torch.minimum(F.max_pool2d(joined, 3, 1, 1), allowed)
    return joined
