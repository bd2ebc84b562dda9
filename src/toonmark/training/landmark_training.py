"""Pre-training of a landmark regressor on pictures whose landmarks are known (section 3.3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from toonmark import artifacts
from toonmark.artifacts import Kind, Place
from toonmark.data.random_streams import Stream
from toonmark.data.sampling import Sample, Sampler
from toonmark.landmarks import normalised_mean_error
from toonmark.losses import landmark_consistency
from toonmark.models.heatmaps import heatmaps, points_from_heatmaps
from toonmark.models.presets import Preset, build_regressor
from toonmark.training import checkpoint
from toonmark.training.batches import sampler_of
from toonmark.training.config import RegressorConfig
from toonmark.training.data_parallel import places
from toonmark.training.fabric import precision_of
from toonmark.training.prefetch import Prefetcher
from toonmark.training.run import check_size
from toonmark.training.supervised import SupervisedTrainer
from toonmark.training.tensors import sent, to_points, to_tensor

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class LandmarkTrainer(SupervisedTrainer[RegressorConfig]):
    """Heatmap regression with averaged weights; errors are measured on the held-out part."""

    def __init__(self, config: RegressorConfig, fabric: Fabric) -> None:
        torch.manual_seed(config.seed)
        super().__init__("regressor", build_regressor(config.preset), config, fabric)
        self.sampler = self._sampler(held_out=False)
        self.pictures = Prefetcher(
            partial(_pictures, self.sampler, config.batch, places(fabric, config.batch)),
            config.iterations,
            pinned=fabric.device.type == "cuda",
        )

    def _sampler(self, *, held_out: bool) -> Sampler:
        config = self.config
        behind, noise = config.background_share > 0, 0.0 if held_out else config.noise
        return sampler_of(config, config.data, behind=behind, held_out=held_out, noise=noise)

    def losses(self, iteration: int) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """See :class:`SupervisedTrainer`."""
        images, points = (sent(one, self.fabric.device) for one in self.pictures(iteration))
        with self.fabric.autocast():
            predicted = self.network(images)
            maps = heatmaps(points, self.config.size)
            # The maps are nearly empty; the factor keeps gradients in Adam's comfortable range.
            loss = 100 * landmark_consistency(predicted.float(), maps)
        return {self.name: loss}, {"heatmaps": loss}

    def _state(self) -> tuple[dict[str, nn.Module], dict[str, torch.optim.Optimizer]]:
        networks, _ = super()._state()
        return networks, {"optimizer": self.optimizers[self.name]}  # as checkpoints always had it

    @torch.no_grad()
    def error(self, limit: int = 500) -> dict[str, float]:
        """Normalised mean error on held-out pictures, as they are and moved like in training.

        Returns:
            ``mean``, ``median``, ``p90`` as fractions of the inter-eye distance, and ``n``; the
            same with ``moved_`` in front for augmented pictures.
        """
        sampler = self._sampler(held_out=True)
        indices = np.linspace(0, len(sampler) - 1, min(limit, len(sampler))).astype(int)
        result: dict[str, float] = {"n": float(len(indices))}
        for prefix in ("", "moved_"):
            errors = []
            for index in indices:
                random = np.random.default_rng([self.config.seed, Stream.MEASURED, int(index)])
                sample = sampler.draw(int(index), random) if prefix else sampler.plain(int(index))
                image, points = as_tensors([sample], self.fabric.device)
                found = points_from_heatmaps(self.averaged(image)).cpu().numpy()
                errors.append(float(normalised_mean_error(found, points.cpu().numpy())[0]))
            result[f"{prefix}mean"] = float(np.mean(errors))
            result[f"{prefix}median"] = float(np.median(errors))
            result[f"{prefix}p90"] = float(np.quantile(errors, 0.9))
        return result

    def header(self, folder: Path, error: Mapping[str, float]) -> dict[str, str]:
        """See :class:`SupervisedTrainer`."""
        facts = {"preset": self.config.preset, "size": str(self.config.size)}
        facts |= {"precision": precision_of(self.fabric), "split": self.config.split}
        return facts | {f"error_{name}": f"{value:.5f}" for name, value in error.items()}


def _pictures(
    sampler: Sampler, batch: int, places: Sequence[int], iteration: int
) -> tuple[Tensor, Tensor]:
    """Makes the pictures of an iteration, on the processor; see :class:`Prefetcher`."""
    samples = [sampler.at(iteration, place, batch) for place in places]
    return as_tensors(samples, torch.device("cpu"))


def load_regressor(path: Place, preset: Preset, size: int | None = None) -> nn.Module:
    """A trained regressor from a run of ``toonmark train-landmarks``, or its weights' file.

    Raises:
        RunError: unreadable, not finished, or weights of another network.
        ConfigurationError: it was trained at another size.
    """
    found = artifacts.open(path)
    tensors, facts = checkpoint.load(artifacts.weights_of(found, Kind.LANDMARKS))
    check_size(found.path, facts, size)
    regressor = build_regressor(preset)
    checkpoint.load_weights(regressor, tensors, f"the {preset} regressor")
    return regressor


def as_tensors(samples: list[Sample], device: torch.device) -> tuple[Tensor, Tensor]:
    """(N, 3, S, S) pictures as shown, and (N, 5, 2) points."""
    images = to_tensor([sample.shown for sample in samples])
    return images.to(device), to_points([sample.landmarks for sample in samples]).to(device)
