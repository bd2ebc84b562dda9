"""The image pool: a buffer of earlier generated images for the discriminators."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from toonmark.landmarks import COUNT


class ImagePool:
    """Keeps up to ``size`` generated images with their landmarks (Shrivastava et al. 2017).

    Args:
        size: 0 hands every image straight through.
        edge: height and width of the images.

    Attributes:
        images: (size, 3, edge, edge).
        points: (size, 2, 5, 2) pixels: those an image was made from, and those found in it.
        filled: how many of them have come.
    """

    def __init__(self, size: int, edge: int, device: torch.device | str = "cpu") -> None:
        self.size = size
        self.filled = 0
        # The last place takes what is not kept, so that a step always moves as many.
        self._images = torch.zeros(size + 1, 3, edge, edge, device=device)
        self._points = torch.zeros(size + 1, 2, COUNT, 2, device=device)
        self.images, self.points = self._images[:size], self._points[:size]

    def drawn(self, count: int, random: np.random.Generator) -> Tensor:
        """Draws which of ``count`` new images :meth:`exchange` keeps, and what it gives for them.

        As if one came after the other: until the pool is full all are kept and given back; then
        one in two is kept, in the place of an older one that is given in its stead. Each call is to
        be followed by its exchange.

        Returns:
            (4, count) int64 on the processor. For each new image the place of the older one that
            is given in its stead, or -1 for the new one that is named next; and a place, with the
            new image that it keeps.
        """
        came: dict[int, int] = {}  # a place in the pool, and which new image it now holds
        old, again = [-1] * count, list(range(count))
        for i in range(count if self.size else 0):
            if self.filled < self.size:
                came[self.filled] = i
                self.filled += 1
            elif random.random() < 0.5:
                k = int(random.integers(self.size))
                old[i], again[i] = (-1, came[k]) if k in came else (k, i)
                came[k] = i
        rest = count - len(came)
        places, new = [*came, *[self.size] * rest], [*came.values(), *[0] * rest]
        return torch.tensor([old, again, places, new])

    def exchange(self, images: Tensor, points: Tensor, drawn: Tensor) -> tuple[Tensor, Tensor]:
        """Keeps new images, and gives for each the older one that it is drawn for, or itself.

        Args:
            images: (N, 3, S, S) without gradient.
            points: (N, 2, 5, 2) pixels: those the image was made from, and those found in it.
            drawn: of :meth:`drawn`, (4, N), on the images' device.
        """
        if not self.size:
            return images, points
        return (
            _exchanged(self._images, images.detach(), drawn),
            _exchanged(self._points, points.detach(), drawn),
        )

    def state(self) -> dict[str, Tensor]:
        """The state that a checkpoint keeps."""
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


def _exchanged(pool: Tensor, images: Tensor, drawn: Tensor) -> Tensor:
    """Moves images out of a pool and into it.

    Args:
        pool: (K, ...), changed.
        images: (N, ...).
        drawn: (4, N), of :meth:`ImagePool.drawn`.
    """
    old, again, places, new = drawn.unbind()
    wide = (-1, *[1] * (images.dim() - 1))
    given = torch.where(
        (old < 0).view(wide), images.index_select(0, again), pool.index_select(0, old.clamp(min=0))
    )
    pool.index_copy_(0, places, images.index_select(0, new).to(pool.dtype))
    return given
