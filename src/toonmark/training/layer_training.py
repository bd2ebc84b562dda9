"""Trains a layered style: supervised segmentation of portraits into the layers of a drawing.

The teacher is :func:`toonmark.data.layers.layer_map.layer_map`, which needs dense points and a
matte and errs here and there; the network sees the photo and five points alone, and learns what the
teacher does in most photos.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from toonmark import artifacts
from toonmark.artifacts import Kind, Pack, Place
from toonmark.data.dataset import Dataset
from toonmark.data.layers.layer_sampling import LayerSample, LayerSampler
from toonmark.data.provenance import landmarks_of
from toonmark.errors import StyleError
from toonmark.models.drawing_layers import UNKNOWN, Layer
from toonmark.models.heatmaps import heatmaps
from toonmark.models.layered import LAYERED, LayeredGenerator, LayerScores
from toonmark.training import checkpoint
from toonmark.training.config import LayersConfig
from toonmark.training.data_parallel import places
from toonmark.training.fabric import precision_of
from toonmark.training.pack_loading import pack_networks
from toonmark.training.prefetch import Prefetcher
from toonmark.training.samples import write_grid
from toonmark.training.supervised import SupervisedTrainer
from toonmark.training.tensors import sent, to_points, to_tensor

if TYPE_CHECKING:
    from lightning_fabric import Fabric

#: What a pixel of a layer counts: small layers make the face.
_COUNTS = {
    Layer.BROW: 2.0,
    Layer.EYE_WHITE: 3.0,
    Layer.IRIS: 3.0,
    Layer.INK: 2.5,
    Layer.OUTLINE: 1.5,
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
    for layer, weight in _COUNTS.items():
        weights[layer] = weight
    logs = F.log_softmax(scores.float(), 1)
    total = torch.zeros((), device=scores.device)
    count = torch.zeros((), device=scores.device)
    for row in (0, 1):
        for column in (0, 1):
            part = layers[:, row::2, column::2]
            total = total + F.nll_loss(logs, part, weights, ignore_index=UNKNOWN, reduction="sum")
            known = part != UNKNOWN
            count = count + weights[part.masked_fill(~known, 0)].mul(known).sum()
    return total / count.clamp(min=1.0)


class LayerTrainer(SupervisedTrainer[LayersConfig]):
    """See :class:`SupervisedTrainer`."""

    betas = (0.9, 0.99)

    def __init__(self, config: LayersConfig, fabric: Fabric) -> None:
        torch.manual_seed(config.seed)
        network = LayerScores(config.width)
        self.before: list[dict[str, Any]] = []
        if config.start_from is not None:
            start, _, facts = load_layers(Path(config.start_from))
            what = f"this run's network (width {config.width})"
            checkpoint.load_weights(network, start.scores.state_dict(), what)
            self.before = facts["runs"]
        learnt = config.start_from is not None
        super().__init__("layers", network, config, fabric, learnt)
        self.sampler = LayerSampler(
            config.layers, config.size // 2, split=config.split, seed=config.seed
        )
        self.pictures = Prefetcher(
            partial(_pictures, self.sampler, config.batch, places(fabric, config.batch)),
            config.iterations,
            pinned=fabric.device.type == "cuda",
        )

    def losses(self, iteration: int) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """See :class:`SupervisedTrainer`."""
        photos, maps, layers = self._sent(self.pictures(iteration))
        with self.fabric.autocast():
            scores = self.network(photos, maps)
        losses = {self.name: layer_loss(scores, layers)}
        return losses, losses

    def tensors_of(self, samples: list[LayerSample]) -> tuple[Tensor, Tensor, Tensor]:
        """Photos (N, 3, S, S), heatmaps (N, 5, S/2, S/2) and layers (N, 2S, 2S) of samples."""
        return self._sent(_stacked(samples))

    def _sent(self, made: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        photos, points, layers = (sent(tensor, self.fabric.device) for tensor in made)
        maps = heatmaps((points + 0.5) / 2 - 0.5, photos.shape[-1] // 2)
        return photos, maps, layers.long()

    def on_iteration_end(self, iteration: int, folder: Path) -> None:
        """Now and then a grid of held-out portraits: photo, the teacher's drawing, this one's."""
        if iteration % self.config.sample_every == 0 or iteration == self.config.iterations:
            write_grid(self.grid(6), folder / "samples" / f"{iteration:07d}.png")

    def _held_out(self, limit: int) -> list[LayerSample]:
        config = self.config
        sampler = LayerSampler(config.layers, config.size // 2, held_out=True, split=config.split)
        return [sampler.plain(place) for place in range(min(limit, len(sampler)))]

    @torch.no_grad()
    def grid(self, count: int) -> list[Tensor]:
        """Rows for :meth:`on_iteration_end`: (N, 3, S, S) each."""
        samples = self._held_out(count)
        photos, _, layers = self.tensors_of(samples)
        large = F.interpolate(photos, scale_factor=2, mode="bilinear", align_corners=False)
        points = to_points([sample.landmarks for sample in samples]).to(photos.device)
        assert isinstance(self.averaged, LayerScores)
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

    def header(self, folder: Path, error: Mapping[str, float]) -> dict[str, str]:
        """See :class:`SupervisedTrainer`."""
        build = {"size": self.config.size, "width": self.config.width}
        facts = {"build": json.dumps(build), "training": json.dumps(self.facts())}
        return facts | {f"error_{name}": f"{value:.4f}" for name, value in error.items()}

    def facts(self) -> dict[str, Any]:
        """The facts of the training that a style pack states."""
        config = self.config
        terms = [Dataset.open(folder).description.get("terms") for folder in config.layers]
        own = {
            "iterations": config.iterations,
            "pictures": config.iterations * config.batch,
            "learning_rate": config.learning_rate,
            "seed": config.seed,
            "split": config.split,
            "precision": precision_of(self.fabric),
            **landmarks_of(config.layers),
            "terms": " ".join(dict.fromkeys(str(one) for one in terms if one)),
        }
        runs = [*self.before, own]
        return {
            "preset": LAYERED,
            "width": config.width,
            "faces": sorted({Path(folder).name for folder in config.layers}),
            "frame": "portrait",
            "method": {"layers": [layer.name.lower() for layer in Layer]},
            "runs": runs,
            "iterations": sum(int(run["iterations"]) for run in runs),
        }


def _pictures(
    sampler: LayerSampler, batch: int, places: Sequence[int], iteration: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Makes the pictures of an iteration, on the processor; see :class:`Prefetcher`."""
    return _stacked([sampler.at(iteration * batch + place) for place in places])


def _stacked(samples: Sequence[LayerSample]) -> tuple[Tensor, Tensor, Tensor]:
    """Photos (N, 3, S, S), points (N, 5, 2) and layers (N, 2S, 2S) of samples."""
    photos = to_tensor([sample.photo for sample in samples])
    points = to_points([sample.landmarks for sample in samples])
    return photos, points, torch.from_numpy(np.stack([sample.layers for sample in samples]))


def load_layers(path: Place) -> tuple[LayeredGenerator, int, dict[str, Any]]:
    """A style that draws in layers, frozen; the size of its drawings; and how it was trained.

    Args:
        path: a run that ``toonmark train-layers`` has finished, or a style pack that it became.

    Raises:
        RunError: unreadable, not finished, or weights of another network.
        StyleError: a style pack of another kind.
    """
    found = artifacts.open(path)
    if isinstance(found, Pack):
        drawing, metadata = pack_networks(found.path)
        if not isinstance(drawing, LayeredGenerator):
            raise StyleError(f"{found.path} does not draw in layers.", "Name a style that does.")
        return drawing, metadata.size, dict(metadata.training)
    scores, size, training = checkpoint.load_built(
        found,
        Kind.LAYERS,
        # Older versions also wrote what is fixed by now.
        lambda width, **_fixed: LayerScores(width),
        "a style that draws in layers",
    )
    return LayeredGenerator(scores).requires_grad_(False).eval(), size, training
