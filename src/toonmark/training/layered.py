"""Training of a style that draws in layers: portraits in, the number of each pixel's layer wanted.

The teacher is :func:`toonmark.data.layers.labels.layer_map`, which needs dense points and a matte
and errs here and there; the network sees the photo and five points alone, and learns what the
teacher does in most photos.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from toonmark.data.layers.labels import UNKNOWN, Layer
from toonmark.data.layers.sampling import LayerSample, LayerSampler
from toonmark.models.layered import LayeredGenerator, LayerScores
from toonmark.models.sampling import heatmaps
from toonmark.training import checkpoint
from toonmark.training.config import LayersConfig, decayed
from toonmark.training.networks import average_into
from toonmark.training.processes import Update, apply_updates, averaged_values, places
from toonmark.training.samples import write_grid
from toonmark.training.tensors import to_points, to_tensor

if TYPE_CHECKING:
    from lightning_fabric import Fabric

WEIGHTS = "layers.safetensors"

#: What a pixel of a layer counts: small layers make the face.
_COUNTS = {
    Layer.BROW: 2.0,
    Layer.EYE_WHITE: 3.0,
    Layer.IRIS: 3.0,
    Layer.INK: 1.5,
    Layer.SOFT_LINE: 2.5,
    Layer.LIPS: 2.0,
    Layer.MOUTH: 2.5,
    Layer.TEETH: 2.5,
    Layer.GLASSES: 2.5,
    Layer.BEARD: 1.5,
}


def layer_loss(scores: Tensor, layers: Tensor) -> Tensor:
    """Cross-entropy of scores at half the size of their labels.

    A pixel of the scores answers for four labels: it learns their shares, which is what the edge
    between two layers is at its size.

    Args:
        scores: (N, layers, S, S).
        layers: (N, 2S, 2S) int64 of :class:`Layer`, or UNKNOWN, which counts nothing.

    Returns:
        the weighted mean over all known labels, nats.
    """
    weights = torch.ones(len(Layer), device=scores.device)
    for layer, count in _COUNTS.items():
        weights[layer] = count
    logs = F.log_softmax(scores.float(), 1)
    total = count = torch.zeros((), device=scores.device)
    for row in (0, 1):
        for column in (0, 1):
            part = layers[:, row::2, column::2]
            total = total + F.nll_loss(
                logs, part, weights, ignore_index=UNKNOWN, reduction="sum"
            )
            known = part != UNKNOWN
            count = count + weights[part.masked_fill(~known, 0)].mul(known).sum()
    return total / count.clamp(min=1.0)


class LayerTrainer:
    """Supervised learning with averaged weights; see :class:`toonmark.training.loop.Trainer`."""

    def __init__(self, config: LayersConfig, fabric: Fabric) -> None:
        self.config, self.fabric = config, fabric
        torch.manual_seed(config.seed)
        self.network = LayerScores(config.width, config.blocks)
        self.learnt = config.start_from is not None
        if config.start_from is not None:
            self.network.load_state_dict(load_layers(Path(config.start_from)).state_dict())
        fabric.to_device(self.network)
        self.averaged = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.optimizer = torch.optim.Adam(
            self.network.parameters(), config.learning_rate, (0.9, 0.99), fused=True
        )
        self.sampler = LayerSampler(config.layers, config.size // 2, seed=config.seed)

    def step(self, iteration: int) -> Mapping[str, float]:
        """One step on one batch."""
        config, fabric = self.config, self.fabric
        first = iteration * config.batch
        samples = [self.sampler.at(first + place) for place in places(fabric, config.batch)]
        photos, maps, layers = self.tensors_of(samples)
        with fabric.autocast():
            scores = self.network(photos, maps)
        loss = layer_loss(scores, layers)
        parameters = list(self.network.parameters())
        gradients = torch.autograd.grad(loss, parameters)
        values = averaged_values(fabric, {"layers": float(loss.detach())})
        if np.isfinite(values["layers"]):
            rate = decayed(config.learning_rate, iteration, config.iterations)
            apply_updates(fabric, [Update("layers", self.optimizer, parameters, gradients, rate)])
            average_into(
                self.averaged, self.network, config.average, None if self.learnt else iteration
            )
        return values

    def tensors_of(self, samples: list[LayerSample]) -> tuple[Tensor, Tensor, Tensor]:
        """Photos (N, 3, S, S), heatmaps (N, 5, S/2, S/2) and layers (N, 2S, 2S) of samples."""
        device = self.fabric.device
        photos = to_tensor([sample.photo for sample in samples]).to(device)
        points = to_points([sample.landmarks for sample in samples]).to(device)
        maps = heatmaps((points + 0.5) / 2 - 0.5, photos.shape[-1] // 2)
        layers = torch.from_numpy(np.stack([sample.layers for sample in samples])).long()
        return photos, maps, layers.to(device)

    def tensors(self) -> dict[str, Tensor]:
        """Weights, averaged weights and the optimiser's state."""
        return {
            **checkpoint.prefixed("layers", self.network.state_dict()),
            **checkpoint.prefixed("averaged", self.averaged.state_dict()),
            **checkpoint.prefixed(
                "optimizer/layers", checkpoint.optimizer_tensors(self.optimizer)
            ),
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Undoes :meth:`tensors`."""
        for name, network in (("layers", self.network), ("averaged", self.averaged)):
            checkpoint.load_weights(network, checkpoint.part(name, tensors), "this run")
        state = checkpoint.part("optimizer/layers", tensors)
        checkpoint.restore_optimizer(self.optimizer, state)

    def look(self, iteration: int, folder: Path) -> None:
        """Now and then a grid of held-out portraits: photo, the teacher's drawing, this one's."""
        if iteration % self.config.sample_every == 0 or iteration == self.config.iterations:
            write_grid(self.grid(6), folder / "samples" / f"{iteration:07d}.png")

    def _held_out(self, limit: int) -> list[LayerSample]:
        sampler = LayerSampler(self.config.layers, self.config.size // 2, held_out=True)
        return [sampler.plain(place) for place in range(min(limit, len(sampler)))]

    @torch.no_grad()
    def grid(self, count: int) -> list[Tensor]:
        """Rows for :meth:`look`: (N, 3, S, S) each."""
        samples = self._held_out(count)
        photos, _, layers = self.tensors_of(samples)
        large = F.interpolate(photos, scale_factor=2, mode="bilinear", align_corners=False)
        points = to_points([sample.landmarks for sample in samples]).to(photos.device)
        drawing = LayeredGenerator(self.averaged).to(photos.device)
        drawn = drawing(large.clamp(-1, 1), (points + 0.5) * 2 - 0.5)
        return [large, drawing.painted(layers, photos), drawn]

    @torch.no_grad()
    def error(self, limit: int = 200) -> dict[str, float]:
        """The loss, and the share of pixels in another layer than the teacher's, on held-out ones.

        Returns:
            ``layers``, ``wrong`` and ``n``.
        """
        loss, wrong, count = 0.0, 0.0, 0
        for sample in self._held_out(limit):
            photos, maps, layers = self.tensors_of([sample])
            scores = self.averaged(photos, maps)
            known = layers[:, ::2, ::2] != UNKNOWN
            loss += float(layer_loss(scores, layers))
            missed = (scores.argmax(1) != layers[:, ::2, ::2]) & known
            wrong += float(missed.sum() / known.sum().clamp(min=1))
            count += 1
        return {"n": float(count), "layers": loss / max(count, 1), "wrong": wrong / max(count, 1)}

    def save(self, folder: Path, error: Mapping[str, float]) -> Path:
        """Writes the averaged weights for ``toonmark export``."""
        facts = {"size": str(self.config.size), "iterations": str(self.config.iterations)}
        facts |= {f"error_{name}": f"{value:.4f}" for name, value in error.items()}
        checkpoint.save(folder / WEIGHTS, self.averaged.state_dict(), facts)
        return folder / WEIGHTS


def load_layers(path: Path) -> nn.Module:
    """The network of a run of ``toonmark train-layers``, frozen."""
    raise NotImplementedError
