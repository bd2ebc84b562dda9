"""Converts pictures and landmarks between arrays and tensors, and sends them to a device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from toonmark.landmarks import Array


def to_tensor(images: Sequence[Array]) -> Tensor:
    """(S, S, 3) pictures as (N, 3, S, S) float32."""
    stacked = np.stack(images).transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(stacked, np.float32))


def to_pictures(images: Tensor) -> list[Array]:
    """Undoes :func:`to_tensor`."""
    return list(images.cpu().numpy().transpose(0, 2, 3, 1))


def to_points(landmarks: Sequence[Array]) -> Tensor:
    """(5, 2) points of N pictures as (N, 5, 2) float32."""
    return torch.from_numpy(np.stack(landmarks)).float()


def laid_like(parameter: Tensor, tensor: Tensor) -> Tensor:
    """A gradient or an average of a parameter, or a copy of it in that one's type and strides.

    Fused optimisers walk all of them in the order of memory. On a GPU they refuse others; compiled
    networks give their gradients in channels-last strides, and checkpoints know no strides.
    """
    if tensor.dtype == parameter.dtype and tensor.stride() == parameter.stride():
        return tensor
    return torch.empty_like(parameter).copy_(tensor)


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor on a device; nobody waits until a GPU has what is the processor's."""
    if device.type != "cuda" or tensor.device.type != "cpu":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
