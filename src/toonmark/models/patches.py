"""Local patches: eyes, nose and mouth, cut out so that gradients flow back into the image.

Section 3.3.2: at 128 pixels 32x32 around each eye, 28x24 around the nose, 23x40 between the
mouth's corners, the two eyes side by side in one patch. Sizes scale with the image.
"""

from __future__ import annotations

from functools import cache
from itertools import accumulate, pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from toonmark.landmarks import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, NOSE, RIGHT_EYE

#: (height, width) at 128 pixels.
EYE, NOSE_SIZE, MOUTH = (32, 32), (28, 24), (23, 40)
NAMES = ("eyes", "nose", "mouth")


def patch_sizes(size: int) -> dict[str, tuple[int, int]]:
    """(height, width) of each patch for images of ``size`` pixels."""

    def scaled(shape: tuple[int, int]) -> tuple[int, int]:
        return max(4, round(shape[0] * size / 128)), max(4, round(shape[1] * size / 128))

    eye = scaled(EYE)
    return {"eyes": (eye[0], 2 * eye[1]), "nose": scaled(NOSE_SIZE), "mouth": scaled(MOUTH)}


def cut_patches(images: Tensor, points: Tensor) -> dict[str, Tensor]:
    """Eyes, nose and mouth of each image.

    Args:
        images: (N, C, S, S).
        points: (N, 5, 2) pixels. Gradients reach them too; detach them to move pixels only.

    Returns:
        ``eyes`` (N, C, 32, 64), ``nose`` (N, C, 28, 24), ``mouth`` (N, C, 23, 40) at S = 128.
    """
    edge, (count, channels) = images.shape[-1], images.shape[:2]
    sizes = patch_sizes(edge)
    around, owner, mouth, extent = _grids(edge, images.device)
    # Places need more than bfloat16's eight bits.
    exact = torch.float64 if images.dtype == torch.float64 else torch.float32
    with torch.autocast(images.device.type, enabled=False):
        pictures, points = images.to(exact), points.to(exact)
        spanned, block = _spanned(points[:, MOUTH_LEFT], points[:, MOUTH_RIGHT], mouth, edge)
        places = points.index_select(1, owner) + around.to(exact)
        cut = _at(pictures, torch.cat([places, spanned], dim=1) / (edge - 1))
        small = _at(_averaged(pictures), _in_block(spanned, block, edge) / extent)
        alone, last = cut.split([places.shape[1], spanned.shape[1]], dim=-1)
        cut = torch.cat([alone, torch.where(block[:, None] > 1, small, last)], dim=-1)
    cut = cut.to(images.dtype)
    pieces = cut.split([height * width for height, width in sizes.values()], dim=-1)
    return {
        name: piece.reshape(count, channels, *shape)
        for (name, shape), piece in zip(sizes.items(), pieces, strict=True)
    }


def _most(edge: int) -> int:
    """The largest block that is averaged: for a mouth as wide as the picture's diagonal."""
    return int(2**0.5 * edge / (patch_sizes(edge)["mouth"][1] - 1))


@cache
def _grids(edge: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Where a patch's pixels lie from the patch's middle.

    Returns:
        of eyes and nose, (P, 2) in pixels, and the landmark each is around, (P,); of the mouth,
        (M, 2), in the distances between its corners; and the place of the last pixel, (2,), of
        what :func:`_averaged` makes.
    """
    sizes = patch_sizes(edge)
    height, width = sizes["eyes"][0], sizes["eyes"][1] // 2
    eye = _rectangle(height, width, device).reshape(height, width, 2)
    eyes = torch.cat([eye, eye], dim=1).reshape(-1, 2)
    eye_of = torch.full((height, 2 * width), LEFT_EYE, device=device)
    eye_of[:, width:] = RIGHT_EYE
    nose = _rectangle(*sizes["nose"], device)
    nose_of = torch.full((len(nose),), NOSE, device=device)
    mouth = _rectangle(*sizes["mouth"], device) / (sizes["mouth"][1] - 1)
    extent = torch.tensor([-(-edge // 2) - 1.0, _tops(edge)[-1] - 1.0], device=device)
    return torch.cat([eyes, nose]), torch.cat([eye_of.flatten(), nose_of]), mouth, extent


def _tops(edge: int) -> list[int]:
    """The first row of each block's picture in what :func:`_averaged` makes, and its height."""
    heights = [-(-edge // block) for block in range(2, _most(edge) + 1)]
    return list(accumulate(heights, initial=0))


def _rectangle(height: int, width: int, device: torch.device) -> Tensor:
    """x, y of a patch's pixels from its middle, row by row: (height * width, 2)."""
    y = torch.arange(height, device=device) - (height - 1) / 2
    x = torch.arange(width, device=device) - (width - 1) / 2
    return torch.cartesian_prod(y, x).flip(-1)


def _at(images: Tensor, places: Tensor) -> Tensor:
    """Pixels at places, between pixels too: (N, C, H, W) and (N, P, 2) in [0, 1] to (N, C, P)."""
    grid = (places * 2 - 1).unsqueeze(1)
    return F.grid_sample(
        images, grid, mode="bilinear", padding_mode="border", align_corners=True
    ).squeeze(2)


def _averaged(images: Tensor) -> Tensor:
    """Pictures in blocks of 2, 3, ... pixels, one below the other: (N, C, H, S / 2)."""
    edge, averaged = images.shape[-1], {1: images}
    blocks = range(2, _most(edge) + 1)
    for block in blocks:
        # Blocks of four are two by two blocks of two.
        factor = 2 if block == 4 and edge % 4 == 0 else block
        source = averaged[block // factor]
        more = -source.shape[-1] % factor
        if more:
            source = F.pad(source, (0, more, 0, more), mode="replicate")
        averaged[block] = F.avg_pool2d(source, factor)
    wide = averaged[2].shape[-1]
    small = (averaged[block] for block in blocks)
    return torch.cat([F.pad(one, (0, wide - one.shape[-1])) for one in small], dim=-2)


def _in_block(places: Tensor, block: Tensor, edge: int) -> Tensor:
    """Places in the picture of each one's block, where :func:`_averaged` has it.

    Args:
        places: (N, M, 2) pixels of the picture.
        block: (N, 1), a whole number of pixels; what is not averaged gets some place.
    """
    block = block.clamp(min=2)
    above = torch.zeros_like(block)
    for one, (top, bottom) in enumerate(pairwise(_tops(edge)), 2):
        above = above + (block > one) * (bottom - top)
    last = torch.ceil(edge / block) - 1
    small = (places - (block - 1)[..., None] / 2) / block[..., None]
    small = torch.minimum(small.clamp(min=0), last[..., None])
    return torch.stack([small[..., 0], small[..., 1] + above], dim=-1)


def _spanned(left: Tensor, right: Tensor, mouth: Tensor, edge: int) -> tuple[Tensor, Tensor]:
    """The places of a patch whose sides' middles are two points.

    Returns:
        (N, M, 2) pixels of the picture, and the blocks in which it is averaged first, (N, 1).
    """
    width = patch_sizes(edge)["mouth"][1]
    span = right - left
    # A mouth whose corners meet is taken as level, and none is blown up without bound.
    level = torch.zeros_like(span)
    level[:, 0] = 1
    span = torch.where((span.detach() ** 2).sum(-1, keepdim=True) < 1, level, span)
    length = span.norm(dim=-1, keepdim=True)
    span = span * (length.clamp(min=width / 4) / length)
    across, down = mouth.to(span.dtype)[:, :1], mouth.to(span.dtype)[:, 1:]
    turned = torch.stack([-span[:, 1], span[:, 0]], dim=-1)
    centre = (left + right) / 2
    places = centre[:, None] + across * span[:, None] + down * turned[:, None]
    shrinking = span.detach().norm(dim=-1, keepdim=True) / (width - 1)
    return places, (shrinking + 1e-6).floor().clamp(1, _most(edge))
