"""``toonmark.faces.align.crop`` in torch, with gradients: the reference of patches and views."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def crop(images: Tensor, transforms: Tensor, size: int | tuple[int, int]) -> Tensor:
    """Cuts one view out of each image; beyond the edge its outermost pixels go on.

    Shrinking by s >= 2 first averages blocks of floor(s) pixels. Each image has its own s: what
    is cut out of it does not depend on its batch.

    Args:
        images: (N, C, H, W).
        transforms: (N, 2, 3), image pixels to crop pixels.
        size: edge of a square crop, or (height, width).

    Returns:
        (N, C, height, width).
    """
    out_height, out_width = (size, size) if isinstance(size, int) else size
    with torch.autocast(images.device.type, enabled=False):
        linear = inverse(transforms[..., :2])
        shift = -(linear @ transforms[..., 2:])
    determinants = torch.linalg.det(transforms.detach()[..., :2]).abs().clamp(min=1e-12)
    blocks = (determinants**-0.5 + 1e-6).int().clamp(min=1).tolist()
    kinds = sorted(set(blocks))
    if len(kinds) == 1:
        return _cut(images, linear, shift, kinds[0], (out_height, out_width))
    groups = [[i for i, block in enumerate(blocks) if block == kind] for kind in kinds]
    cuts = [
        _cut(images[group], linear[group], shift[group], kind, (out_height, out_width))
        for kind, group in zip(kinds, groups, strict=True)
    ]
    order = [place for group in groups for place in group]
    return torch.cat(cuts)[[order.index(place) for place in range(len(order))]]


def inverse(linear: Tensor) -> Tensor:
    """The inverses of 2x2 matrices, (..., 2, 2), in closed form: nothing is read back to check."""
    a, b, c, d = linear.flatten(-2).unbind(-1)
    adjugate = torch.stack([d, -b, -c, a], dim=-1).unflatten(-1, (2, 2))
    return adjugate / (a * d - b * c)[..., None, None]


def _cut(
    images: Tensor, linear: Tensor, shift: Tensor, block: int, size: tuple[int, int]
) -> Tensor:
    """Views of images that shrink alike.

    Args:
        linear, shift: (N, 2, 2) and (N, 2, 1), crop pixels to image pixels.
        block: edge of the blocks that are averaged first, in image pixels.
    """
    out_height, out_width = size
    if block > 1:
        down, right = -images.shape[-2] % block, -images.shape[-1] % block
        images = F.avg_pool2d(F.pad(images, (0, right, 0, down), mode="replicate"), block)
        linear, shift = linear / block, (shift - (block - 1) / 2) / block
    height, width = images.shape[-2:]
    # Places need more than bfloat16's eight bits, which would round them to half a pixel.
    exact = torch.float64 if images.dtype == torch.float64 else torch.float32
    with torch.autocast(images.device.type, enabled=False):
        ys, xs = torch.meshgrid(
            torch.arange(out_height, dtype=exact, device=images.device),
            torch.arange(out_width, dtype=exact, device=images.device),
            indexing="ij",
        )
        places = torch.stack([xs, ys], dim=-1).reshape(1, -1, 2)
        places = places @ linear.to(exact).transpose(-1, -2)
        places = places + shift.to(exact).transpose(-1, -2)
        extent = torch.tensor(
            [max(width - 1, 1), max(height - 1, 1)], dtype=exact, device=images.device
        )
        grid = (places / extent * 2 - 1).reshape(-1, out_height, out_width, 2)
        cut = F.grid_sample(
            images.to(exact), grid, mode="bilinear", padding_mode="border", align_corners=True
        )
    return cut.to(images.dtype)
