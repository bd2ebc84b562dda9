"""The image pool: discriminators also see what the generator drew a while ago."""

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
        images, points = images.detach().clone(), points.detach().clone()
        for i in range(len(images)):
            if self.filled < self.size:
                self.images[self.filled], self.points[self.filled] = images[i], points[i]
                self.filled += 1
            elif random.random() < 0.5:
                k = int(random.integers(self.size))
                old = self.images[k].clone(), self.points[k].clone()
                self.images[k], self.points[k] = images[i], points[i]
                images[i], points[i] = old
        return images, points

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
