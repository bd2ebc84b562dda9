"""Illustration2Vec, the network of the paper's Table 2: 4096 values a picture.

Saito and Matsui, "Illustration2Vec: a semantic vector representation of illustrations" (SIGGRAPH
Asia 2015 Technical Briefs). Eleven 3x3 convolutions as in VGG-11 with a wider last block, then
one dense layer; the vector is that layer's output, before any activation. Its weights (MIT, 900
MB) are not in any package: the user brings ``illust2vec_ver200.caffemodel``, which is read as it
is; or what ``tools/illustration2vec.py`` made of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from toonmark.errors import MissingWeightsError
from toonmark.evaluation.extractors.caffe import read_layers
from toonmark.evaluation.features import Extractor, load_weights
from toonmark.files import default_cache

#: Channels of the convolutions, block by block; 2x2 max pooling follows each block but the last.
BLOCKS = ((64,), (128,), (256, 256), (512, 512), (512, 512), (1024, 1024, 1024))
#: Mean of the training pictures, blue, green, red, in [0, 255].
MEAN_BGR = (164.76139251, 167.47864617, 181.13838569)
FILE_NAME = "illust2vec_ver200.caffemodel"
SOURCE = "https://github.com/rezoo/illustration2vec/releases"


class Illustration2VecNetwork(nn.Module):
    """(N, 3, 224, 224) BGR minus the mean to (N, 4096).

    Args:
        width: multiplies all channel counts; 1 is the published network.
    """

    def __init__(self, width: float = 1) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for index, block in enumerate(BLOCKS):
            if index:
                layers.append(nn.MaxPool2d(2))
            for wanted in block:
                after = round(wanted * width)
                layers += [nn.Conv2d(channels, after, 3, padding=1), nn.ReLU(inplace=True)]
                channels = after
        self.convolutions = nn.Sequential(*layers)
        self.encode1 = nn.Linear(channels * 7 * 7, round(4096 * width))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """The dense layer's output, before any activation."""
        return self.encode1(self.convolutions(values).flatten(1))


def load(network: Illustration2VecNetwork, path: Path) -> None:
    """Takes the weights of the published Caffe file.

    Raises:
        MissingWeightsError: the file does not hold this network.
    """
    layers = [
        blobs for name, blobs in read_layers(path) if name.startswith("conv") or name == "encode1"
    ]
    ours: list[Any] = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    sizes = [[parameter.numel() for parameter in m.parameters()] for m in ours]
    if [[blob.size for blob in blobs] for blobs in layers] != sizes:
        raise MissingWeightsError(
            f"{path} does not hold the layers of Illustration2Vec's feature network.",
            f"Take {FILE_NAME} (not the tag network) from {SOURCE}.",
        )
    for module, blobs in zip(ours, layers, strict=True):
        for parameter, blob in zip(module.parameters(), blobs, strict=True):
            np.copyto(parameter.detach().numpy().reshape(-1), blob)  # once: they are 900 MB


def weights_file(weights: Path | None = None) -> Path | None:
    """Where the weights are: the file named, or where they are looked for; None if nowhere."""
    return next((path for path in _candidates(weights) if path.is_file()), None)


def _candidates(weights: Path | None) -> list[Path]:
    if weights is not None:
        return [weights]
    if chosen := os.environ.get("TOONMARK_ILLUSTRATION2VEC"):
        return [Path(chosen)]
    folder = default_cache()
    return [folder / "illustration2vec.pth", folder / FILE_NAME]


class Illustration2Vec(Extractor):
    """4096 values, with sign."""

    name = "illustration2vec"
    dimensions = 4096
    size = 224
    normalisation = "BGR minus the training mean"
    weights = "illust2vec_ver200"

    def __init__(self, weights: Path | None = None) -> None:
        path = weights_file(weights)
        if path is None:
            raise MissingWeightsError(
                "The weights of Illustration2Vec are not on this machine.",
                f"Download {FILE_NAME} from {SOURCE} and name it with --weights, or put it into"
                f" {default_cache()}. Its publishers state no checksum: its layers are checked.",
            )
        # Built without memory: most of 900 MB would be random numbers, at once overwritten.
        with torch.device("meta"):
            network = Illustration2VecNetwork()
        network.to_empty(device="cpu")
        if path.suffix == ".caffemodel":
            load(network, path)
        else:
            remedy = f"Convert {FILE_NAME} from {SOURCE} anew."
            load_weights(network, path, "Illustration2Vec's feature network", remedy)
        self.network = network.eval().requires_grad_(False)
        self.loaded_from(path)

    def features(self, values: torch.Tensor) -> torch.Tensor:
        """The vector ``encode1``."""
        mean = values.new_tensor(MEAN_BGR).view(1, 3, 1, 1)
        return self.network(values.flip(1) - mean)
