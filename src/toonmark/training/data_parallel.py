"""Data parallelism: each process's share of a batch, and all-reduced losses and gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from toonmark.errors import ConfigurationError
from toonmark.training.tensors import laid_like

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def places(fabric: Fabric, batch: int) -> range:
    """The places of a batch's pictures that are this process's: equally many on each.

    Raises:
        ConfigurationError: the batch cannot be shared equally.
    """
    if batch % fabric.world_size:
        raise ConfigurationError(
            f"A batch of {batch} cannot be shared equally by {fabric.world_size} processes.",
            f"Set a multiple, such as --set batch={fabric.world_size}.",
        )
    return range(fabric.global_rank, batch, fabric.world_size)


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


def averaged_gradients(fabric: Fabric, update: Update) -> list[tuple[str, nn.Parameter, Tensor]]:
    """The parameters that have a gradient, with its mean over all processes.

    A gradient comes with its parameter's type and strides, whatever computed it.
    """
    pairs = zip(update.parameters.items(), update.gradients, strict=True)
    present = [(*named, gradient) for named, gradient in pairs if gradient is not None]
    if fabric.world_size == 1 or not present:
        return [(name, p, laid_like(p, gradient)) for name, p, gradient in present]
    flat = torch.cat([gradient.reshape(-1) for _, _, gradient in present])
    mean = fabric.all_reduce(flat, reduce_op="mean")
    assert isinstance(mean, Tensor)
    pieces = mean.split([gradient.numel() for _, _, gradient in present])
    return [
        (name, p, laid_like(p, piece.reshape(p.shape)))
        for (name, p, _), piece in zip(present, pieces, strict=True)
    ]
