"""Building blocks that several networks share: initial weights, normalisation, a residual."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

#: Groups of the compact networks' GroupNorm; per sample, so that any batch gives the same answer.
GROUPS = 8


def initialise(module: nn.Module) -> None:
    """CycleGAN's start: weights from N(0, 0.02), biases 0."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


@contextmanager
def own_start(seed: int, name: str) -> Iterator[None]:
    """Gives the network that is built within it a stream of random numbers of its own.

    They depend on the seed and the name alone, and not on what else is built or in what order: two
    methods start alike in all networks that they share.

    Args:
        seed: the run's.
        name: the network's, such as ``discriminators/face/real``.
    """
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int.from_bytes(digest[:7], "big"))
        yield


def instance_norm(channels: int) -> nn.GroupNorm:
    """Instance normalisation (Ulyanov et al. 2016) with a scale and a shift a channel.

    Written as group normalisation with groups of one channel: the same numbers, and on a CPU half
    the time forth and back of ``nn.InstanceNorm2d``.
    """
    return nn.GroupNorm(channels, channels)


class Residual(nn.Module):
    """``x + layers(x)``: what the layers change of their input, which has their output's shape."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


@torch.no_grad()
def icnr_(convolution: nn.Module) -> None:
    """Before a pixel-shuffle by 2: the four sub-pixels start alike (Aitken et al. 2017)."""
    weight = convolution.weight
    assert isinstance(weight, torch.Tensor)
    first = weight[::4].clone()
    weight.copy_(first.repeat_interleave(4, dim=0))
