"""Pre-annotation by a trained landmark regressor, with a confidence for each picture."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from toonmark import artifacts
from toonmark.artifacts import Kind
from toonmark.data.proposals import Proposal, agreement
from toonmark.data.sampling import scaling
from toonmark.faces.align import crop, invert, transform_points
from toonmark.landmarks import COUNT, Array, default_sigma, mirror
from toonmark.models.heatmaps import points_from_heatmaps
from toonmark.models.presets import Preset, build_regressor
from toonmark.ranges import signed
from toonmark.training import checkpoint

BATCH = 16


class RegressorProposer:
    """Points by a regressor from a run of ``train-landmarks`` or ``data landmarks``.

    Args:
        run: the run's folder, or the weights' file.
    """

    def __init__(self, run: str | Path) -> None:
        path = Path(run)
        tensors, facts = checkpoint.load(artifacts.weights_of(path, Kind.LANDMARKS))
        preset = cast(Preset, facts.get("preset", "compact"))
        network = build_regressor(preset)
        checkpoint.load_weights(network, tensors, f"the {preset} regressor")
        self._start(network, int(facts.get("size", 128)), f"regressor {path.name}")

    @classmethod
    def of(cls, network: nn.Module, size: int) -> RegressorProposer:
        """A proposer of a network in memory, for pictures of ``size`` pixels."""
        made = cls.__new__(cls)
        made._start(network, size, "regressor")
        return made

    def _start(self, network: nn.Module, size: int, name: str) -> None:
        # On the CPU, wherever it was trained.
        self._network, self._size, self.name = network.cpu().eval(), size, name
        self._lock = threading.Lock()

    def propose(self, image: Array) -> Proposal:
        """Points for one picture: (H, W, 3) uint8 RGB."""
        return next(self.propose_all([image]))

    @torch.no_grad()
    def propose_all(self, images: Iterable[Array]) -> Iterator[Proposal]:
        """Points for many pictures, in order; few are held at a time."""
        waiting: list[Array] = []
        for image in images:
            waiting.append(image)
            if len(waiting) == BATCH:
                yield from self._batch(waiting)
                waiting = []
        if waiting:
            yield from self._batch(waiting)

    def _batch(self, images: list[Array]) -> Iterator[Proposal]:
        size = self._size
        transforms = [scaling(image.shape, size) for image in images]
        crops = [signed(crop(i, t, size)) for i, t in zip(images, transforms, strict=True)]
        batch = torch.from_numpy(np.stack(crops).transpose(0, 3, 1, 2).astype(np.float32).copy())
        with self._lock:
            maps = self._network(torch.cat([batch, batch.flip(-1)]))
        points = points_from_heatmaps(maps).double().numpy()
        straight, mirrored = points[: len(images)], mirror(points[len(images) :], size)
        sharp = sharpness(maps).numpy().reshape(2, -1).min(0)
        for k, transform in enumerate(transforms):
            middle = (straight[k] + mirrored[k]) / 2
            # A network that is wrong is seldom wrong in the same way in the mirror.
            confidence = float(sharp[k]) * agreement(straight[k], mirrored[k]) ** 0.5
            yield Proposal(transform_points(middle, invert(transform)), confidence)


def sharpness(maps: Tensor) -> Tensor:
    """The likeness of heatmaps to one sure Gaussian each, 0 to 1; of five, the worst counts.

    A sure map peaks at 1 and is as wide as it was taught to be; a doubtful one is low, or wide, or
    has two peaks.

    Args:
        maps: (N, 5, S, S).

    Returns:
        (N,).
    """
    size = maps.shape[-1]
    peak = maps.amax((-2, -1)).clamp(0, 1)
    weight = (maps - 0.25 * peak[..., None, None]).clamp(min=0) + 1e-9
    total = weight.sum((-2, -1))
    grid = torch.arange(size, dtype=maps.dtype, device=maps.device)
    variance = torch.zeros_like(total)
    for axis in (-1, -2):
        line = weight.sum(axis) / total[..., None]
        mean = (line * grid).sum(-1, keepdim=True)
        variance = variance + (line * (grid - mean) ** 2).sum(-1)
    # Less a quarter of its peak, a Gaussian of sigma s has a variance of 0.40 s² an axis; maps
    # that are a fifth wider than that are as sharp as any.
    expected = 2 * 0.57 * default_sigma(size) ** 2
    narrow = (expected / variance).clamp(max=1)
    return (peak * narrow).view(-1, COUNT).amin(-1)
