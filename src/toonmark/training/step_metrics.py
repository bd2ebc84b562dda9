"""A step's loss values and gradient norms, kept on the device until they are logged.

To read a number back makes a GPU wait for it. So a step reads none, and what was not finite is told
when the losses are read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from lightning_fabric import Fabric


@dataclass(frozen=True, eq=False)
class Terms(Mapping[str, float]):
    """One step's loss terms by name; each is read back when it is asked for.

    Attributes:
        names: of the terms.
        losses: (n,) on the device.
        weights: names of the weights that had a gradient.
        norms: (m,) on the device: the Euclidean norm of each gradient. It is infinite from numbers
            of about 1e19 on, whose squares Adam could not keep either.
    """

    names: tuple[str, ...]
    losses: Tensor
    weights: tuple[str, ...] = ()
    norms: Tensor | None = None

    @classmethod
    def of(cls, fabric: Fabric, parts: Mapping[str, Tensor]) -> Terms:
        """Terms as means over all processes. A NaN of one is a NaN on all, so that all stop."""
        values = torch.stack([part.detach().float() for part in parts.values()])
        if fabric.world_size > 1:
            mean = fabric.all_reduce(values, reduce_op="mean")
            assert isinstance(mean, Tensor)
            values = mean
        return cls(tuple(parts), values)

    def __getitem__(self, name: str) -> float:
        if name not in self.names:
            raise KeyError(name)
        return float(self.losses[self.names.index(name)])

    def on_device(self, names: Sequence[str]) -> Tensor:
        """Some terms, (n,), where they are: nothing is read back."""
        return torch.stack([self.losses[self.names.index(name)] for name in names])

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Read:
    """One step's terms, read back.

    Attributes:
        values: the loss terms by name.
        wrong: the name of the first weight whose gradient was not finite, or "".
    """

    values: dict[str, float]
    wrong: str


def read(steps: Sequence[Mapping[str, float]]) -> list[Read]:
    """Reads several steps' terms back, all at once."""
    flat: list[Tensor] = []
    for terms in steps:
        if isinstance(terms, Terms):
            flat += [terms.losses] if terms.norms is None else [terms.losses, terms.norms.float()]
    numbers = iter(torch.cat(flat).tolist() if flat else [])
    results = []
    for terms in steps:
        if not isinstance(terms, Terms):
            results.append(Read(dict(terms), ""))
            continue
        values = {name: next(numbers) for name in terms.names}
        norms = {name: next(numbers) for name in terms.weights}
        wrong = next((name for name, norm in norms.items() if not math.isfinite(norm)), "")
        results.append(Read(values, wrong))
    return results
