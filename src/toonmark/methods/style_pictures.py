"""Chooses the style image, for methods that need one cartoon as their example.

The paper does not say how its reference pictures were chosen. Two ways: one for all faces, by
seed; or for each face the cartoon whose coarse colours are nearest to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from toonmark.data.augmentation_settings import Augmentation
from toonmark.data.sampling import Sampler, scaling
from toonmark.data.split import Rule
from toonmark.errors import ConfigurationError, DataError
from toonmark.faces.align import crop
from toonmark.landmarks import Array
from toonmark.pictures import read
from toonmark.ranges import signed

Choice = Literal["seed", "nearest"]

#: Edge of the tiny pictures whose colours are compared.
CELLS = 8
#: Cartoons that are looked at for the nearest one; drawn by seed where there are more.
LOOKED_AT = 1000


class StylePictures:
    """Gives a cartoon for each face; only of those that training may see.

    Args:
        folders: data sets of cartoons.
        size: edge of the pictures in pixels.
        choice: ``seed``, the same for all faces; ``nearest``, by colour.
        seed: which one; and which are looked at.
        picture: a file that is the style for all faces instead.
        split: by which rule pictures are held out.

    Raises:
        ConfigurationError: neither a set nor a picture is named.
        DataError: a set cannot be used.
        ImageError: the picture cannot be read.
    """

    def __init__(
        self,
        folders: Sequence[str],
        size: int,
        choice: Choice = "seed",
        seed: int = 0,
        picture: str | Path | None = None,
        split: Rule = "name",
    ) -> None:
        self.size = size
        self._names: list[str] = []
        self._tiny = np.zeros((0, CELLS * CELLS * 3))
        self._sampler: Sampler | None = None
        if picture is not None:
            pixels = read(Path(picture)).pixels
            scaled = crop(pixels.astype(np.float32), scaling(pixels.shape, size), size)
            self._one: Array | None = signed(scaled)
            self._names = [Path(picture).name]
            return
        if not folders:
            raise ConfigurationError(
                "This method needs a picture of the style, and got none.",
                "Name a set of cartoons as `cartoons`, or one picture as `picture`.",
            )
        self._sampler = Sampler(folders, size, Augmentation(), seed=seed, split=split)
        random = np.random.default_rng(seed)
        self._indices = random.permutation(len(self._sampler))[:LOOKED_AT]
        self._one = None
        if choice == "seed":
            self._one = self._picture(0)
            self._names = [self._name(0)]
        else:
            self._names = [self._name(k) for k in range(len(self._indices))]
            self._tiny = np.stack([tiny(self._picture(k)) for k in range(len(self._indices))])

    def of(self, face: Array) -> tuple[Array, str]:
        """The style of a face.

        Args:
            face: (S, S, 3) in [-1, 1].

        Returns:
            (S, S, 3) float32 in [-1, 1], and the name of its file.
        """
        if self._one is not None:
            return self._one, self._names[0]
        k = int(((self._tiny - tiny(face)) ** 2).sum(1).argmin())
        return self._picture(k), self._names[k]

    def _picture(self, k: int) -> Array:
        assert self._sampler is not None
        return self._sampler.plain(int(self._indices[k])).image

    def _name(self, k: int) -> str:
        assert self._sampler is not None
        dataset, i = self._sampler.items[int(self._indices[k])]
        return dataset.names[i]


def tiny(picture: Array) -> Array:
    """A picture's coarse colours: (S, S, 3) averaged to ``CELLS`` x ``CELLS``, flat."""
    edge = picture.shape[0] // CELLS
    if edge == 0:
        raise DataError("A picture is smaller than its coarse colours.", "Use 8 pixels or more.")
    cut = picture[: edge * CELLS, : edge * CELLS]
    return cut.reshape(CELLS, edge, CELLS, edge, 3).mean((1, 3)).ravel()
