"""PatchMatch (Barnes et al. 2009) over feature maps, all places at once.

The original goes through a picture place by place, and each place takes over what its neighbours
have just found. Here all places look at their neighbours at the same time, at distances of 8, 4, 2
and 1 as in the code of Liao et al. 2017, one a round: as good after a few rounds, and quick without
a compiler.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

#: Pairs of places whose inner products are kept in a table: 1 GiB, those of 128 x 128 maps.
TABLE = 2**28
Products = Callable[[Tensor, Tensor], Tensor]


def identity(height: int, width: int) -> Tensor:
    """The field that points everywhere at its own place: (height, width, 2), rows then columns."""
    places = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack(places, -1)


def doubled(field: Tensor) -> Tensor:
    """A field for pictures twice as large: (h, w, 2) to (2h, 2w, 2)."""
    large = 2 * field.repeat_interleave(2, 0).repeat_interleave(2, 1)
    height, width, _ = large.shape
    return large + identity(height, width) % 2


def gathered(features: Tensor, field: Tensor) -> Tensor:
    """Features from where a field points: (C, H, W) and (h, w, 2) to (C, h, w)."""
    return features[:, field[..., 0], field[..., 1]]


def inner_products(first: Tensor, second: Tensor) -> Products:
    """The inner products of the first features and the second, at any pairs of places.

    All of them are computed at once, by one matrix product, and then looked up: a search asks for
    each many times. Those of maps that are too large for it are computed when they are asked for.

    Args:
        first: (C, h, w).
        second: (C, H, W).

    Returns:
        a function of places in the first and in the second, counted row by row (int64, both of
        one shape), to the products there (that shape).
    """
    own, other = (x.flatten(1).T.contiguous() for x in (first, second))
    if len(own) * len(other) > TABLE:
        return lambda here, there: (own[here] * other[there]).sum(-1)
    table, row = (own @ other.T).flatten(), len(other)
    return lambda here, there: table[here * row + there]


def similarity(products: Products, within: tuple[int, int], field: Tensor, patch: int) -> Tensor:
    """Inner products of patches around each place and around where the field points.

    Beyond an edge the edge's own values count.

    Args:
        products: of the features, by :func:`inner_products`.
        within: height and width of the second features.
        field: (h, w, 2) into them.

    Returns:
        (h, w), the larger the more alike where features have length 1.
    """
    h, w, _ = field.shape
    here, half = identity(h, w), patch // 2
    result = torch.zeros(h, w)
    for y in range(-half, half + 1):
        for x in range(-half, half + 1):
            result += products(beside(here, y, x, (h, w)), beside(field, y, x, within))
    return result


def beside(field: Tensor, y: int, x: int, within: tuple[int, int]) -> Tensor:
    """The places (y, x) from those that a field points to, kept inside, counted row by row."""
    height, width = within
    rows = (field[..., 0] + y).clamp(0, height - 1)
    return rows * width + (field[..., 1] + x).clamp(0, width - 1)


def patch_match(
    first: Tensor,
    second: Tensor,
    start: Tensor,
    *,
    patch: int,
    radius: int,
    rounds: int,
    random: torch.Generator,
) -> Tensor:
    """For each place of the first features one of the second whose patch is like its own.

    Args:
        first: (C, h, w).
        second: (C, H, W).
        start: (h, w, 2), where the search begins.
        patch: edge of a patch, odd.
        radius: of the random search, at first; it is halved down to 1.
        rounds: of propagation and random search.

    Returns:
        (h, w, 2) integers, rows then columns.
    """
    products = inner_products(first, second)
    within = (second.shape[1], second.shape[2])
    bounds = torch.tensor(within) - 1
    field = torch.minimum(start.clamp(min=0), bounds)
    best = similarity(products, within, field, patch)

    def offer(candidate: Tensor) -> None:
        nonlocal field, best
        candidate = torch.minimum(candidate.clamp(min=0), bounds)
        found = similarity(products, within, candidate, patch)
        better = found > best
        field = torch.where(better[..., None], candidate, field)
        best = torch.where(better, found, best)

    for number in range(rounds):
        distance = (8, 4, 2, 1)[number % 4]
        for axis in (0, 1):
            for step in (distance, -distance):
                moved = field.roll(step, axis)
                moved[..., axis] += step
                offer(moved)
        reach = radius
        while reach >= 1:
            offer(field + torch.randint(-reach, reach + 1, field.shape, generator=random))
            reach //= 2
    return field


def voted(picture: Tensor, field: Tensor, patch: int) -> Tensor:
    """A picture of patches: each place is the mean of what the patches over it say.

    Args:
        picture: (C, H, W).
        field: (h, w, 2) into it.

    Returns:
        (C, h, w).
    """
    (h, w, _), (height, width) = field.shape, picture.shape[1:]
    here, half = identity(h, w), patch // 2
    result = picture.new_zeros(len(picture), h, w)
    for y in range(-half, half + 1):
        for x in range(-half, half + 1):
            # The patch of the place at (y, x) from here says what it sees at its own (-y, -x).
            of = field.flatten(0, 1)[beside(here, y, x, (h, w))]
            result += picture.flatten(1)[:, beside(of, -y, -x, (height, width))]
    return result / patch**2
