"""Our packs beside other people's networks, by time: ``python benchmarks/peers.py [--rounds N]``.

The peers' generators are built from their papers' tables with random weights, which do for time,
and exported to ONNX; each is run in turns with our packs, batch 1, one thread, ONNX Runtime, and
the table has the medians' ratios. Needs the extra [train].

* CycleGAN, ResNet-6 and -9 (Zhu et al. 2017, appendix 7.2).
* White-box cartoonization (Wang and Yu 2020, figure in the supplement): a U-Net of residual blocks.
* AnimeGANv2 (Chen, Liu and Chen 2019, with its second version's layer normalisation): inverted
  residual blocks.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from toonmark import StylePack
from toonmark.inference import open_session
from toonmark.landmarks import template_points
from toonmark.models.generator import PaperGenerator

#: Millions of weights that the papers and their authors' repositories state, to check a shape by.
STATED = {
    "CycleGAN ResNet-6": 7.8,
    "CycleGAN ResNet-9": 11.4,
    "White-box": 1.48,
    "AnimeGANv2": 2.15,
}


class WhiteBox(nn.Module):
    """White-box cartoonization's generator: two strided convolutions, four blocks, a way back."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 32, 7, padding=3)
        self.down1 = nn.ModuleList([nn.Conv2d(32, 32, 3, 2, 1), nn.Conv2d(32, 64, 3, 1, 1)])
        self.down2 = nn.ModuleList([nn.Conv2d(64, 64, 3, 2, 1), nn.Conv2d(64, 128, 3, 1, 1)])
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(128, 128, 3, 1, 1), nn.LeakyReLU(0.2), nn.Conv2d(128, 128, 3, 1, 1)
            )
            for _ in range(4)
        )
        self.up1 = nn.ModuleList([nn.Conv2d(128, 64, 3, 1, 1), nn.Conv2d(64, 64, 3, 1, 1)])
        self.up2 = nn.ModuleList([nn.Conv2d(64, 32, 3, 1, 1), nn.Conv2d(32, 32, 3, 1, 1)])
        self.last = nn.Conv2d(32, 3, 7, padding=3)

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, S, S) to (N, 3, S, S)."""

        def both(layers: nn.ModuleList, x: Tensor) -> Tensor:
            for layer in layers:
                x = F.leaky_relu(layer(x), 0.2)
            return x

        full = F.leaky_relu(self.first(image), 0.2)
        half = both(self.down1, full)
        x = both(self.down2, half)
        for block in self.blocks:
            x = x + block(x)
        x = F.leaky_relu(self.up1[0](x), 0.2)
        x = F.leaky_relu(self.up1[1](_twice(x) + half), 0.2)
        x = F.leaky_relu(self.up2[0](x), 0.2)
        x = F.leaky_relu(self.up2[1](_twice(x) + full), 0.2)
        return self.last(x)


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def _normed(inputs: int, outputs: int, edge: int = 3, stride: int = 1, groups: int = 1) -> Any:
    """Reflected border, convolution, layer normalisation, leaky rectifier."""
    if stride == 2:
        border: tuple[int, int, int, int] = (0, 1, 0, 1)
    else:
        border = (edge // 2,) * 4
    return nn.Sequential(
        nn.ReflectionPad2d(border),
        nn.Conv2d(inputs, outputs, edge, stride, bias=groups > 1, groups=groups),
        nn.GroupNorm(1, outputs),
        nn.LeakyReLU(0.2),
    )


class _Inverted(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        wide = 2 * inputs
        self.same = inputs == outputs
        self.layers = nn.Sequential(
            _normed(inputs, wide, 1),
            _normed(wide, wide, groups=wide),
            nn.Conv2d(wide, outputs, 1, bias=False),
            nn.GroupNorm(1, outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.same else self.layers(x)


class AnimeGan(nn.Module):
    """AnimeGANv2's generator."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(
            _normed(3, 32, 7), _normed(32, 64, 3, 2), _normed(64, 64),
            _normed(64, 128, 3, 2), _normed(128, 128),
            _normed(128, 128), _Inverted(128, 256),
            *[_Inverted(256, 256) for _ in range(3)], _normed(256, 128),
        )  # fmt: skip
        self.middle = nn.Sequential(_normed(128, 128), _normed(128, 128))
        self.last = nn.Sequential(
            _normed(128, 64), _normed(64, 64), _normed(64, 32, 7), nn.Conv2d(32, 3, 1), nn.Tanh()
        )

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, S, S) to (N, 3, S, S)."""
        return self.last(_twice(self.middle(_twice(self.down(image)))))


PEERS: dict[str, Callable[[], nn.Module]] = {
    "CycleGAN ResNet-6": lambda: PaperGenerator(conditional=False, blocks=6),
    "CycleGAN ResNet-9": lambda: PaperGenerator(conditional=False, blocks=9),
    "White-box": WhiteBox,
    "AnimeGANv2": AnimeGan,
}


def millions(network: nn.Module) -> float:
    """Millions of weights."""
    return sum(p.numel() for p in network.parameters()) / 1e6


def exported(network: nn.Module, size: int, folder: Path) -> Any:
    """A session of the network at one size, batch 1."""
    file = folder / f"{id(network)}-{size}.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(), (torch.zeros(1, 3, size, size),), str(file),
            input_names=["image"], output_names=["drawing"], dynamo=True, verbose=False,
            external_data=False,
        )  # fmt: skip
    return open_session(file, threads=1)


def in_turns(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of processor time of each, run one after the other, round by round."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            start = time.process_time()
            work()
            if number:  # the first warms up
                times[name].append(1000 * (time.process_time() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--styles", nargs="+", default=["comic", "toon"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[128, 256, 512])
    parser.add_argument("--peers", nargs="+", default=list(PEERS))
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    ours: dict[str, Callable[[], object]] = {}
    for style in options.styles:
        pack = StylePack.open(style, threads=1)
        size = pack.metadata.size
        points = template_points(size, np.array(pack.metadata.template))[None]
        face = np.zeros((1, 3, size, size), np.float32)
        ours[f"{style} ({size}²)"] = partial(pack.draw, face, points)
    heads = "".join(f" {name}: times ours |" for name in ours)
    print(
        f"| generator | weights, stated | size | ms |{heads}\n| --- |{' ---: |' * (3 + len(ours))}"
    )
    with tempfile.TemporaryDirectory() as name:
        for peer in options.peers:
            network = PEERS[peer]()
            weights = f"{millions(network):.2f} M, {STATED[peer]} M"
            for size in options.sizes:
                session = exported(network, size, Path(name))
                feed = {"image": np.zeros((1, 3, size, size), np.float32)}
                run = {peer: partial(session.run, ["drawing"], feed)}
                took = in_turns({**run, **ours}, options.rounds)
                ratios = "".join(f" {took[peer] / took[one]:.1f} |" for one in ours)
                print(f"| {peer} | {weights} | {size} | {took[peer]:.0f} |{ratios}", flush=True)


if __name__ == "__main__":
    main()
