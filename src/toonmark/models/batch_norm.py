"""Synchronised batch normalisation: statistics over the batches of all processes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed, nn


class BatchNorm(nn.BatchNorm2d):
    """torch's layer, with its weights' names; where processes share a batch, as if one had it all.

    Each has as many pictures as the others. ``nn.SyncBatchNorm`` does this on GPUs alone.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        if not (self.training and _processes() > 1):
            return super().forward(x)
        values = x.to(torch.promote_types(x.dtype, torch.float32))
        mean = _over_processes(values.mean((0, 2, 3)))
        centred = values - mean[:, None, None]
        variance = _over_processes(centred.square().mean((0, 2, 3)))
        self._remember(mean.detach(), variance.detach(), _processes() * x.numel() // x.shape[1])
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(x.dtype)

    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Moves the running statistics; their variance is the unbiased one, as torch's."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), self.momentum)
        unbiased = variance * (count / max(count - 1, 1))
        self.running_var.lerp_(unbiased.to(self.running_var.dtype), self.momentum)


def _processes() -> int:
    if not (distributed.is_available() and distributed.is_initialized()):
        return 1
    return distributed.get_world_size()


def _over_processes(value: Tensor) -> Tensor:
    """The mean over all processes; its gradient goes to all of them."""
    total: Tensor = _Sum.apply(value)
    return total / _processes()


class _Sum(torch.autograd.Function):
    """A sum over all processes. Each process's loss depends on every summand: gradients are summed
    too, and their mean over the processes is that of the mean loss."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        total = value.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        total = gradient.clone()
        distributed.all_reduce(total)
        return total
