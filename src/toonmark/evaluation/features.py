"""The feature extractors' interface: a picture becomes one vector.

Each is a small class in :mod:`toonmark.evaluation.extractors`, known there by its name. What its
vectors depend on, input size, resize filter and normalisation included, is part of its
``identity``: scores of different identities never mix. Measures are only comparable between
results of one identity.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from toonmark.errors import MissingWeightsError
from toonmark.landmarks import Array

if TYPE_CHECKING:
    import torch


#: What PyTorch's reader raises too for bytes that it never wrote.
_FOREIGN = (EOFError, LookupError, TypeError, ValueError)


def load_weights(network: torch.nn.Module, path: Path, whose: str, remedy: str) -> None:
    """Puts a file of PyTorch's into a network, without unpickling objects.

    Raises:
        MissingWeightsError: it cannot be read, or holds another network.
    """
    import pickle

    import torch

    try:
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, pickle.UnpicklingError, RuntimeError, *_FOREIGN) as error:
        raise MissingWeightsError(f"{path} does not hold {whose}.", remedy) from error


class Extractor(ABC):
    """A network without its last layer.

    Attributes:
        name: what users call it.
        dimensions: length D of a vector.
        size: edge in pixels of the square input.
        resize: the filter that brings pictures to that size.
        normalisation: what is done to values in [0, 255].
        weights: where the numbers in the network come from.
    """

    name: ClassVar[str]
    dimensions: ClassVar[int]
    size: ClassVar[int]
    resize: ClassVar[str] = "bicubic with antialiasing (torch)"
    normalisation: ClassVar[str]
    weights: str

    def loaded_from(self, path: Path) -> None:
        """Keeps a digest of the file its weights were read from, as part of its identity."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.weights = f"{self.weights}, sha256 {digest[:16]}"

    @property
    def identity(self) -> str:
        """Everything that decides the vectors, in one line."""
        return f"{self.name} {self.size}px, {self.resize}, {self.normalisation}, {self.weights}"

    def __call__(self, pictures: Array) -> Array:
        """(N, H, W, 3) uint8 RGB to (N, dimensions) float32."""
        import torch
        from torch.nn import functional as F

        with torch.inference_mode():
            values = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float()
            if values.shape[-2:] != (self.size, self.size):
                values = F.interpolate(
                    values, (self.size, self.size), mode="bicubic", antialias=True
                ).clamp_(0, 255)
            return self.features(values).float().numpy()

    @abstractmethod
    def features(self, values: torch.Tensor) -> torch.Tensor:
        """(N, 3, size, size) RGB in [0, 255] to (N, dimensions)."""
