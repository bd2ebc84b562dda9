"""Inception-v3, the network of FID as the literature reports it; only where its weights are.

Szegedy et al. (arXiv 1512.00567); Heusel et al. (arXiv 1706.08500) for FID. torchmetrics wraps
torch-fidelity's port of the original TensorFlow graph, which loads its own weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from toonmark.errors import MissingWeightsError
from toonmark.evaluation.features import Extractor

if TYPE_CHECKING:
    import torch

FILE_NAME = "pt_inception-2015-12-05-6726825d.pth"
SOURCE = "https://github.com/toshas/torch-fidelity/releases"


class Inception(Extractor):
    """2048 values, all >= 0."""

    name = "inception"
    dimensions = 2048
    size = 299
    # The network resizes on its own, as TensorFlow 1 did; see ``__call__``'s size test.
    resize = "bicubic with antialiasing (torch), then none"
    normalisation = "(x - 128) / 128"
    weights = "pt_inception-2015-12-05"

    def __init__(self, weights: Path | None = None) -> None:
        try:
            from torchmetrics.image.fid import NoTrainInceptionV3

            if weights is None:
                raise FileNotFoundError(FILE_NAME)
            self.network = NoTrainInceptionV3(
                "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(weights)
            )
        except (ImportError, ModuleNotFoundError, OSError) as error:
            raise MissingWeightsError(
                "Inception-v3 cannot be used: it needs torch-fidelity and its weights.",
                f"Install torch-fidelity, download {FILE_NAME} from {SOURCE} and name it with"
                " --weights; or take efficientnet-lite0, which needs neither.",
            ) from error
        self.loaded_from(weights)

    def features(self, values: torch.Tensor) -> torch.Tensor:
        """The 2048 values after the last pooling."""
        return self.network(values.round().byte())
