"""Pre-training of a landmark regressor on pictures whose landmarks are known (section 3.3.2)."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from toonmark import artifacts
from toonmark.artifacts import WEIGHTS, Kind, Place
from toonmark.data.augmentation import Augmentation
from toonmark.data.backgrounds import Backgrounds
from toonmark.data.sampling import Sample, Sampler
from toonmark.data.streams import Stream
from toonmark.landmarks import normalised_mean_error
from toonmark.losses import landmark_consistency
from toonmark.models.heatmaps import heatmaps, points_from_heatmaps
from toonmark.models.presets import Preset, build_regressor
from toonmark.training import checkpoint
from toonmark.training.config import RegressorConfig, decayed
from toonmark.training.fabric import placed, precision_of
from toonmark.training.gradient_step import Gate
from toonmark.training.networks import average_into
from toonmark.training.prefetch import Prefetcher
from toonmark.training.processes import Update, places
from toonmark.training.run import check_size
from toonmark.training.tensors import sent, to_points, to_tensor
from toonmark.training.terms import Terms

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class LandmarkTrainer:
    """Heatmap regression with averaged weights; errors are measured on the held-out part."""

    def __init__(self, config: RegressorConfig, fabric: Fabric) -> None:
        self.config, self.fabric = config, fabric
        torch.manual_seed(config.seed)
        self.sampler = self._sampler(config.augmentation, held_out=False)
        self.pictures = Prefetcher(
            _Pictures(self.sampler, config.batch, places(fabric, config.batch)),
            config.iterations,
            pinned=fabric.device.type == "cuda",
        )
        self.regressor = build_regressor(config.preset)
        placed(fabric, self.regressor)
        self.averaged = copy.deepcopy(self.regressor).requires_grad_(False).eval()
        self.optimizer = torch.optim.Adam(
            self.regressor.parameters(), lr=config.learning_rate, fused=True
        )
        networks = {"regressor": self.regressor, "averaged": self.averaged}
        self._state = networks, {"optimizer": self.optimizer}
        self.gate = Gate(fabric.device)

    def _sampler(self, augmentation: Augmentation, *, held_out: bool) -> Sampler:
        config = self.config
        behind = config.background_share > 0
        return Sampler(
            config.data,
            config.size,
            augmentation,
            backgrounds=Backgrounds(config.backgrounds) if behind else None,
            background_share=config.background_share,
            held_out=held_out,
            split=config.split,
            noise=0.0 if held_out else config.noise,
            seed=config.seed,
        )

    def step(self, iteration: int) -> Mapping[str, float]:
        """One step on one batch; see :class:`toonmark.training.loop.Trainer`."""
        config, fabric = self.config, self.fabric
        images, points = (sent(tensor, fabric.device) for tensor in self.pictures(iteration))
        with fabric.autocast():
            predicted = self.regressor(images)
            # The maps are nearly empty; the factor keeps gradients in Adam's comfortable range.
            loss = 100 * landmark_consistency(predicted.float(), heatmaps(points, config.size))
        parameters = dict(self.regressor.named_parameters())
        gradients = torch.autograd.grad(loss, list(parameters.values()))
        rate = decayed(config.learning_rate, iteration, config.iterations)
        update = Update("regressor", self.optimizer, parameters, gradients, rate)
        terms = self.gate.learn(fabric, Terms.of(fabric, {"heatmaps": loss}), [update])
        average_into(self.averaged, self.regressor, config.average, iteration, self.gate.shut)
        return terms

    def tensors(self) -> dict[str, Tensor]:
        """Weights, averaged weights and the optimiser's state."""
        return checkpoint.training_tensors(*self._state)

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Undoes :meth:`tensors`."""
        checkpoint.restore_training(*self._state, tensors)

    def on_iteration_end(self, iteration: int, folder: Path) -> None:
        """A regressor writes nothing between checkpoints."""

    @torch.no_grad()
    def error(self, limit: int = 500) -> dict[str, float]:
        """Normalised mean error on held-out pictures, as they are and moved like in training.

        Returns:
            ``mean``, ``median``, ``p90`` as fractions of the inter-eye distance, and ``n``; the
            same with ``moved_`` in front for augmented pictures.
        """
        sampler = self._sampler(self.config.augmentation, held_out=True)
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

    def save(self, folder: Path, error: Mapping[str, float]) -> Path:
        """Writes the averaged weights for ``toonmark train``."""
        facts = {"preset": self.config.preset, "size": str(self.config.size)}
        facts |= {"precision": precision_of(self.fabric), "split": self.config.split}
        facts |= {f"error_{name}": f"{value:.5f}" for name, value in error.items()}
        checkpoint.save(folder / WEIGHTS[Kind.LANDMARKS], self.averaged.state_dict(), facts)
        return folder / WEIGHTS[Kind.LANDMARKS]


@dataclass(frozen=True)
class _Pictures:
    """Makes the pictures of an iteration, on the processor; see :class:`Prefetcher`."""

    sampler: Sampler
    batch: int
    places: Sequence[int]

    def __call__(self, iteration: int) -> tuple[Tensor, Tensor]:
        samples = [self.sampler.at(iteration, place, self.batch) for place in self.places]
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
