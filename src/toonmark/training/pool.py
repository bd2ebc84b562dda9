"""The image pool: discriminators also see what the generator drew a while ago."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from toonmark.landmarks import COUNT
from toonmark.training.tensors import sent


class ImagePool:
    """Keeps up to ``size`` generated images with their landmarks (Shrivastava et al. 2017).

    Args:
        size: 0 hands every image straight through.
        edge: height and width of the images.
    """

    def __init__(self, size: int, edge: int, device: torch.device | str = "cpu") -> None:
        self.size = size
        self.filled = 0
        self.images = torch.zeros(size, 3, edge, edge, device=device)
        self.points = torch.zeros(size, 2, COUNT, 2, device=device)

    def exchange(
        self, images: Tensor, points: Tensor, random: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Gives back, one in two, an older image in place of a new one, which is kept instead.

        Args:
            images: (N, 3, S, S) without gradient.
            points: (N, 2, 5, 2) pixels: those the image was made from, and those found in it.
        """
        if not self.size:
            return images, points
        # What goes where is drawn first, as if one image came after the other; then all move.
        came: dict[int, int] = {}  # a place in the pool, and which new image it now holds
        old, again = [-1] * len(images), list(range(len(images)))
        for i in range(len(images)):
            if self.filled < self.size:
                came[self.filled] = i
                self.filled += 1
            elif random.random() < 0.5:
                k = int(random.integers(self.size))
                old[i], again[i] = (-1, came[k]) if k in came else (k, i)
                came[k] = i
        device = self.images.device
        kept = sent(torch.tensor([*old, *again, *came, *came.values()]), device)
        olds, agains, places, new = kept.split([len(old), len(again), len(came), len(came)])
        return (
            _exchanged(self.images, images.detach(), olds, agains, places, new),
            _exchanged(self.points, points.detach(), olds, agains, places, new),
        )

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint keeps."""
        return {
            "images": self.images,
            "points": self.points,
            "filled": torch.tensor(self.filled, device=self.images.device),
        }

    def restore(self, state: dict[str, Tensor]) -> None:
        """Takes a state of the same size back."""
        self.images.copy_(state["images"])
        self.points.copy_(state["points"])
        self.filled = int(state["filled"])


def _exchanged(
    pool: Tensor, images: Tensor, old: Tensor, again: Tensor, places: Tensor, new: Tensor
) -> Tensor:
    """Moves images out of a pool and into it.

    Args:
        pool: (K, ...), changed.
        images: (N, ...).
        old: (N,), for each the place of the one that is given in its stead, or -1 for
        again: (N,), one of the new ones.
        places, new: (M,), where the pool keeps which.
    """
    wide = (-1, *[1] * (images.dim() - 1))
    given = torch.where(
        (old < 0).view(wide), images.index_select(0, again), pool.index_select(0, old.clamp(min=0))
    )
    pool.index_copy_(0, places, images.index_select(0, new).to(pool.dtype))
    return given
