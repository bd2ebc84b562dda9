"""The optimiser step: gradients averaged over processes, skipped once any is not finite.

Whether anything may change is decided on the device (:class:`Gate`): to read a number back would
make a GPU wait for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from toonmark.training.data_parallel import Update, averaged_gradients
from toonmark.training.step_metrics import Terms

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class Gate:
    """Lets steps change weights as long as everything was finite, and never again after that.

    The decision stays on the device: fused optimisers skip their step where it says so, as they do
    for PyTorch's loss scaling.
    """

    def __init__(self, device: torch.device) -> None:
        #: 1 from the step on in which something was not finite, else 0.
        self.shut = torch.zeros((), device=device)

    def learn(self, fabric: Fabric, terms: Terms, updates: Sequence[Update]) -> Terms:
        """Averages gradients over all processes and lets every optimiser take its step, or none.

        Returns:
            the terms, with the gradients' norms.
        """
        averaged = [averaged_gradients(fabric, update) for update in updates]
        flat = [
            (f"{update.name}.{name}", gradient)
            for update, present in zip(updates, averaged, strict=True)
            for name, _, gradient in present
        ]
        norms = torch.stack(torch._foreach_norm([one for _, one in flat], 2))
        sound = torch.isfinite(torch.cat([terms.losses, norms.float()])).all()
        self.shut = torch.where(sound, self.shut, torch.ones_like(self.shut))
        for update, present in zip(updates, averaged, strict=True):
            for _, parameter, gradient in present:
                parameter.grad = gradient
            for group in update.optimizer.param_groups:
                group["lr"] = update.rate
            update.optimizer.found_inf = self.shut  # type: ignore[attr-defined]
            update.optimizer.step()
            update.optimizer.zero_grad(set_to_none=True)
        return replace(terms, weights=tuple(name for name, _ in flat), norms=norms)


def summed(first: Sequence[Tensor | None], second: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Both directions' gradients added, where both have one; as few operators as there can be."""
    sums = [b if a is None else a for a, b in zip(first, second, strict=True)]
    both = [
        (i, a, b)
        for i, (a, b) in enumerate(zip(first, second, strict=True))
        if a is not None and b is not None
    ]
    added = torch._foreach_add([a for _, a, _ in both], [b for _, _, b in both]) if both else []
    for (i, _, _), one in zip(both, added, strict=True):
        sums[i] = one
    return sums
