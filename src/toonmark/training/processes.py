"""What several processes share of a step: its pictures, its losses, its gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


class NonFiniteGradientError(ArithmeticError):
    """A gradient holds NaN or infinity; its network and weight are the only argument."""


@dataclass(frozen=True)
class Update:
    """One optimiser's share of a step.

    Attributes:
        name: of the network or networks, for an error.
        parameters: what the optimiser holds, by their names, with ``gradients`` beside them.
        rate: the step's learning rate.
    """

    name: str
    optimizer: torch.optim.Optimizer
    parameters: Mapping[str, nn.Parameter]
    gradients: Sequence[Tensor | None]
    rate: float


def apply_updates(fabric: Fabric, updates: Sequence[Update]) -> None:
    """Averages gradients over all processes and lets every optimiser take its step, or none.

    It reads back whether all is finite; :class:`toonmark.training.terms.Gate` does not.

    Raises:
        NonFiniteGradientError: a gradient is not finite, on all processes alike; nothing changed.
    """
    averaged = [averaged_gradients(fabric, update) for update in updates]
    for update, present in zip(updates, averaged, strict=True):
        gradients = [gradient for _, _, gradient in present]
        if not torch.isfinite(nn.utils.get_total_norm(gradients, float("inf"))):
            wrong = next(name for name, _, one in present if not torch.isfinite(one).all())
            raise NonFiniteGradientError(f"{update.name}.{wrong}")
    for update, present in zip(updates, averaged, strict=True):
        for _, parameter, gradient in present:
            parameter.grad = gradient.to(parameter.dtype)
        for group in update.optimizer.param_groups:
            group["lr"] = update.rate
        update.optimizer.step()
        update.optimizer.zero_grad(set_to_none=True)


def averaged_gradients(fabric: Fabric, update: Update) -> list[tuple[str, nn.Parameter, Tensor]]:
    """The parameters that have a gradient, with its mean over all processes."""
    pairs = zip(update.parameters.items(), update.gradients, strict=True)
    present = [(*named, gradient) for named, gradient in pairs if gradient is not None]
    if fabric.world_size == 1 or not present:
        return present
    flat = torch.cat([gradient.reshape(-1) for _, _, gradient in present])
    mean = fabric.all_reduce(flat, reduce_op="mean")
    assert isinstance(mean, Tensor)
    pieces = mean.split([gradient.numel() for _, _, gradient in present])
    return [(n, p, m.reshape(g.shape)) for (n, p, g), m in zip(present, pieces, strict=True)]
