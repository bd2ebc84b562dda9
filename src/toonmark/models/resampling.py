"""Crops and enlarges views of pictures in torch, without GPU synchronisation."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def enlarged_views(images: Tensor, views: Tensor) -> Tensor:
    """Crops, as by ``toonmark.faces.align.crop``, of views that do not shrink.

    Args:
        images: (N, C, S, S).
        views: (N, 2, 3), pixels of the view to pixels of the picture.

    Returns:
        (N, C, S, S); beyond a picture's edge its outermost pixels go on.
    """
    size = images.shape[-1]
    # Places need more than bfloat16's eight bits, which would round them to half a pixel.
    with torch.autocast(images.device.type, enabled=False):
        along = torch.arange(size, dtype=torch.float32, device=images.device)
        x, y = views.float().split([1, 1], dim=1)  # each (N, 1, 3)
        columns = torch.stack([x[..., 0], y[..., 0]], dim=-1) * along[:, None]
        rows = torch.stack([x[..., 1], y[..., 1]], dim=-1) * along[:, None]
        shift = torch.stack([x[..., 2], y[..., 2]], dim=-1)
        places = rows[:, :, None] + (columns + shift)[:, None]  # (N, S, S, 2)
        cut = F.grid_sample(
            images.float(),
            places / (size - 1) * 2 - 1,
            mode="bilinear",
            padding_mode="border",
            align_corners=True,
        )
    return cut.to(images.dtype)
