"""Feature extractors: a picture becomes one vector, and sets of vectors can be compared.

Each extractor is a small class registered under a name. What its vectors depend on, input size,
resize filter and normalisation included, is part of its ``identity``: scores of different
identities never mix. Measures are only comparable between results of one identity.
"""

from __future__ import annotations

import difflib
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from toonmark.errors import MissingExtraError
from toonmark.evaluation.errors import MissingWeightsError, UnknownExtractorError
from toonmark.landmarks import Array

if TYPE_CHECKING:
    import torch


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


Factory = Callable[[Path | None], Extractor]
_REGISTRY: dict[str, Factory] = {}


def register(name: str) -> Callable[[Factory], Factory]:
    """Makes an extractor known under a name; it is built with the weights' path, or None."""

    def keep(factory: Factory) -> Factory:
        _REGISTRY[name] = factory
        return factory

    return keep


def extractor_names() -> list[str]:
    """All names that :func:`open_extractor` knows."""
    from toonmark.evaluation import extractors  # noqa: F401  (registers what ships)

    return sorted(_REGISTRY)


def open_extractor(name: str, weights: str | Path | None = None) -> Extractor:
    """Builds an extractor and loads its weights.

    Args:
        name: one of :func:`extractor_names`.
        weights: a file with the network's weights, for those that need one.

    Raises:
        UnknownExtractorError: no extractor of this name.
        MissingWeightsError: its weights are not on this machine.
        MissingExtraError: its packages are not installed.
    """
    names = extractor_names()
    if name not in _REGISTRY:
        near = difflib.get_close_matches(name, names, 1)
        guess = f"Did you mean {near[0]}? " if near else ""
        raise UnknownExtractorError(
            f"There is no feature extractor {name!r}.", f"{guess}There are: {', '.join(names)}."
        )
    path = None if weights is None else Path(weights)
    if path is not None and not path.is_file():
        raise MissingWeightsError(
            f"{path}, the weights for {name}, does not exist.", "Name the file they are in."
        )
    try:
        import torch

        # A network under construction draws random numbers; a training run that evaluates itself
        # must go on as if it had not.
        with torch.random.fork_rng(devices=[]):
            return _REGISTRY[name](path)
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"The feature extractor {name}", "eval") from error
