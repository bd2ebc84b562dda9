"""Pictures as arrays to tensors, and back."""

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


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor of the processor on a device; nobody waits until a GPU has it."""
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
