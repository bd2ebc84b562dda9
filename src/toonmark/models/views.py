"""Enlarged views of pictures, in torch: nothing is read back from the device."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def enlarged_views(images: Tensor, views: Tensor) -> Tensor:
    """What ``toonmark.faces.align.crop`` cuts out of pictures, of views that do not shrink.

    Args:
        images: (N, C, S, S).
        views: (N, 2, 3), pixels of the view to pixels of the picture.

    Returns:
        (N, C, S, S); beyond a picture's edge its outermost pixels go on.
    """
    linear, shift = views.float().split([2, 1], dim=-1)
    # Places need more than bfloat16's eight bits, which would round them to half a pixel.
    with torch.autocast(images.device.type, enabled=False):
        # From [-1, 1] to [-1, 1], between the middles of the outermost pixels.
        shift = linear.sum(-1, keepdim=True) + shift * 2 / (images.shape[-1] - 1) - 1
        theta = torch.cat([linear, shift], dim=-1)
        grid = F.affine_grid(theta, list(images.shape), align_corners=True)
        cut = F.grid_sample(
            images.float(), grid, mode="bilinear", padding_mode="border", align_corners=True
        )
    return cut.to(images.dtype)
