"""What several processes share of a step: its pictures, its losses, its gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from toonmark.errors import ConfigurationError

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def places(fabric: Fabric, batch: int) -> range:
    """Which of a batch's pictures are this process's: equally many on each.

    Raises:
        ConfigurationError: the batch cannot be shared equally.
    """
    if batch % fabric.world_size:
        raise ConfigurationError(
            f"A batch of {batch} cannot be shared equally by {fabric.world_size} processes.",
            f"Set a multiple, such as --set batch={fabric.world_size}.",
        )
    return range(fabric.global_rank, batch, fabric.world_size)


def averaged_values(fabric: Fabric, values: Mapping[str, float]) -> dict[str, float]:
    """Loss terms as means over all processes. A NaN of one is a NaN on all, so that all stop."""
    if fabric.world_size == 1:
        return dict(values)
    flat = torch.tensor(list(values.values()), dtype=torch.float64, device=fabric.device)
    mean = fabric.all_reduce(flat, reduce_op="mean")
    assert isinstance(mean, Tensor)
    return dict(zip(values, mean.tolist(), strict=True))


def apply_gradients(
    fabric: Fabric,
    optimizer: torch.optim.Optimizer,
    parameters: Sequence[nn.Parameter],
    gradients: Sequence[Tensor | None],
    rate: float,
) -> None:
    """Averages gradients over all processes and lets the optimiser take its step.

    Args:
        rate: the step's learning rate.
    """
    present = [(p, g) for p, g in zip(parameters, gradients, strict=True) if g is not None]
    if fabric.world_size > 1:
        flat = torch.cat([g.reshape(-1) for _, g in present])
        mean = fabric.all_reduce(flat, reduce_op="mean")
        assert isinstance(mean, Tensor)
        pieces = mean.split([g.numel() for _, g in present])
        present = [(p, m.reshape(g.shape)) for (p, g), m in zip(present, pieces, strict=True)]
    for parameter, gradient in present:
        parameter.grad = gradient.to(parameter.dtype)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
