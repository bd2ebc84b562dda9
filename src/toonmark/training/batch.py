"""The tensors of one batch from one domain: images on white, network inputs and landmarks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from toonmark.data.sampling import Sample
from toonmark.training.tensors import sent, to_points, to_tensor


@dataclass(frozen=True)
class Batch:
    """Pictures of one domain.

    Attributes:
        image: (N, 3, S, S) in [-1, 1], on white.
        shown: what the generator is given: the same, or with a background behind it.
        landmarks: (N, 5, 2) pixels.
    """

    image: Tensor
    shown: Tensor
    landmarks: Tensor

    @classmethod
    def of(cls, samples: Sequence[Sample], device: torch.device) -> Batch:
        """Samples as one batch of tensors."""
        return cls(
            to_tensor([sample.image for sample in samples]),
            to_tensor([sample.shown for sample in samples]),
            to_points([sample.landmarks for sample in samples]),
        ).to(device)

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        return self._each(lambda tensor: sent(tensor, device))

    def pin_memory(self) -> Batch:
        """The same where a GPU can fetch it without waiting; PyTorch's data loader asks for it."""
        return self._each(Tensor.pin_memory)

    def _each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        return Batch(change(self.image), change(self.shown), change(self.landmarks))
