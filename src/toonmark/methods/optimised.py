"""The shared configuration and ``Drawer`` of methods that optimise each picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from toonmark.configuration import Frozen
from toonmark.data.split import Rule
from toonmark.landmarks import Array
from toonmark.methods.style_pictures import Choice, StylePictures
from toonmark.methods.vgg import Pooling, Vgg, open_vgg, weights_of_vgg
from toonmark.ranges import eight_bits, signed
from toonmark.training.tensors import to_pictures, to_tensor
from toonmark.training.weighted_sets import Sets


class OptimisedConfig(Frozen):
    """The style pictures and the features of such a method."""

    cartoons: Sets = Field(default=[], description="sets that the style is taken from")
    size: int = Field(128, ge=32, multiple_of=32)
    choice: Choice = Field("seed", description="seed: one style for all; nearest: by colour")
    picture: str | None = Field(None, description="a file that is the style instead")
    vgg: str | None = Field(None, description="torchvision's file of VGG19; VGG16 without")
    seed: int = 0
    split: Rule = Field("name", description="how training's cartoons are told from held-out ones")

    def styles(self) -> StylePictures:
        """The pictures that are the style.

        Raises:
            ConfigurationError, DataError, ImageError: see :class:`.style_pictures.StylePictures`.
        """
        return StylePictures(
            self.cartoons, self.size, self.choice, self.seed, self.picture, self.split
        )


class OptimisedDrawer(ABC):
    """Draws faces in the style of a cartoon; see :class:`toonmark.evaluation.drawers.Drawer`.

    Args:
        name: its row's.
        config: how it draws.
        vgg: the features; by default those that the configuration names.

    Attributes:
        version: changes whenever the same face would be drawn in another way.

    Raises:
        MissingWeightsError, ConfigurationError, DataError: see :func:`.vgg.open_vgg` and
            :class:`.style_pictures.StylePictures`.
    """

    pooling: ClassVar[Pooling] = "max"
    version: ClassVar[int] = 1

    def __init__(self, name: str, config: OptimisedConfig, vgg: Vgg | None = None) -> None:
        self.name, self.size = name, config.size
        self.iterations: int | None = None
        self.rules = frozenset({config.split})
        self.vgg = vgg or open_vgg(config.vgg, self.pooling)
        self._styles = config.styles()
        weights = weights_of_vgg(config.vgg) if vgg is None else ""
        settings = config.model_dump_json(exclude={"cartoons", "picture", "vgg"})  # only places
        self._told = f"{type(self).__name__} {self.version} {settings} {weights}"

    def identity(self, face: Array) -> bytes:
        """All that decides the drawing of a face, for those who keep drawings, but the face itself.

        Args:
            face: (size, size, 3) uint8 RGB.
        """
        style, _ = self._styles.of(signed(face))
        return self._told.encode() + style.tobytes()

    def draw(self, faces: Array, points: Array) -> Array:
        """(B, size, size, 3) uint8 RGB to (B, size, size, 3) uint8; points are not needed."""
        drawn = []
        for face in signed(faces):
            style, _ = self._styles.of(face)
            (one,) = to_pictures(self.one(to_tensor([face]), to_tensor([style])))
            drawn.append(eight_bits(one))
        return np.stack(drawn)

    @abstractmethod
    def one(self, face: Tensor, style: Tensor) -> Tensor:
        """The drawing of one face: all are (1, 3, S, S) in [-1, 1]."""


def minimised(
    start: Tensor, loss: Callable[[Tensor], Tensor], evaluations: int, history: int
) -> Tensor:
    """A tensor of small loss, found from ``start`` by L-BFGS in so many evaluations at most."""
    found = start.clone().requires_grad_(True)
    optimizer = torch.optim.LBFGS(
        [found],
        max_iter=evaluations,
        max_eval=evaluations,
        history_size=history,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(found)
        value.backward()
        return value

    with torch.enable_grad():
        optimizer.step(closure)
    return found.detach()
