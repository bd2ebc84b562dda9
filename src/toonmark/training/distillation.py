"""Distillation: one generator learns to draw what a larger one draws, with its denoiser behind it.

A cycle makes a generator hide in its drawings what the way back needs, as faint texture, and a
denoiser behind it costs time. A generator that only has to draw what both together drew needs
neither (Hinton et al. 2015; for image translation Li et al. 2020). So a run of the ``paper`` preset
becomes a small model too. Where the denoiser's time does not matter it may stay behind the student,
frozen: then the student learns to draw what it makes the right picture of.

The teacher may be shown an easier picture than the student: the face on white, evenly lit. Then the
student learns to draw from a busy or badly lit photo what the teacher draws from a good one. Its
drawings may also have been made before, and finished (``toonmark data drawings``).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from toonmark.data.dataset import Dataset
from toonmark.data.provenance import landmarks_of
from toonmark.data.relighting import evened
from toonmark.data.sampling import Sample, Sampler
from toonmark.errors import ConfigurationError
from toonmark.models.denoiser import Denoised, without_denoiser
from toonmark.models.heatmaps import heatmaps
from toonmark.models.layered import LayeredGenerator
from toonmark.models.presets import build_generator
from toonmark.ranges import LEVELS
from toonmark.training import checkpoint
from toonmark.training.batches import sampler_of
from toonmark.training.config import DistillationConfig
from toonmark.training.fabric import placed, precision_of
from toonmark.training.paired import PairedTrainer, Pairs
from toonmark.training.style_loading import load_student, trained_style
from toonmark.training.tensors import to_points, to_tensor

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class DistillationTrainer(PairedTrainer[DistillationConfig]):
    """Photos and landmarks in, the teacher's drawings wanted.

    The student begins with an earlier student's weights, or the teacher's where it is built alike.

    Raises:
        ConfigurationError: the sizes differ, the teacher draws in layers, or a denoiser is given
            beside the run's own.
    """

    def __init__(self, config: DistillationConfig, fabric: Fabric) -> None:
        behind = Path(config.denoiser) if config.denoiser else None
        if config.drawings and config.augmentation.colour:
            raise ConfigurationError(
                "augmentation.colour recolours faces, and their drawings would keep their colours.",
                "Set augmentation.colour=0, or leave drawings out.",
            )
        self.teacher, size, self.facts = trained_style(Path(config.teacher), behind)
        if isinstance(self.teacher, LayeredGenerator):
            raise ConfigurationError(
                f"{config.teacher} draws in layers, which a student cannot be taught.",
                "Train one with: toonmark train-layers",
            )
        if size != config.size:
            raise ConfigurationError(
                f"The teacher draws at {size} pixels, and size is {config.size}.",
                f"Set size={size}.",
            )
        torch.manual_seed(config.seed)
        self.conditional = bool(self.facts["method"]["condition_generator"])
        student = build_generator(config.preset, self.conditional, config.width)
        alike = (self.facts["preset"], self.facts["width"]) == (config.preset, config.width)
        self.before: dict[str, Any] | None = None
        kept = self.teacher.denoiser if isinstance(self.teacher, Denoised) else None
        if config.start_from is not None:
            earlier, _, facts = load_student(Path(config.start_from))
            if isinstance(earlier, Denoised):  # it may have learnt with that student
                kept = earlier.denoiser
            checkpoint.load_weights(student, without_denoiser(earlier).state_dict(), "this student")
            self.before = facts["distilled"]
        elif alike:
            student.load_state_dict(without_denoiser(self.teacher).state_dict())
        if config.keep_denoiser:
            if kept is None:
                raise ConfigurationError(
                    "There is no denoiser behind the teacher that could be kept.",
                    "Name one as denoiser, or leave keep_denoiser out.",
                )
            denoiser = copy.deepcopy(kept).requires_grad_(config.tune_denoiser)
            student = Denoised(student, denoiser)
        elif config.tune_denoiser:
            raise ConfigurationError(
                "tune_denoiser is set, but no denoiser stays behind the student.",
                "Set keep_denoiser too, or leave tune_denoiser out.",
            )
        learnt = alike or self.before is not None
        super().__init__("student", student, config, fabric, learnt)
        placed(fabric, self.teacher)
        self.faces = self._sampler(held_out=False)

    def _sampler(self, *, held_out: bool) -> Sampler:
        config = self.config
        more = {"photos": config.photos, "drawings": config.drawings, "held_out": held_out}
        return sampler_of(config, config.faces, behind=True, **more)

    def pairs(self, numbers: list[int]) -> Pairs:
        """Photos with their heatmaps, and the drawings to be learned."""
        return self._taught([self.faces.at(number, 0, 1) for number in numbers])

    @torch.no_grad()
    def _taught(self, samples: list[Sample]) -> Pairs:
        config, device = self.config, self.fabric.device
        points = to_points([sample.landmarks for sample in samples])
        maps = heatmaps(points.to(device), config.size)
        shown = to_tensor([sample.shown for sample in samples]).to(device)
        if config.drawings:
            drawings = [sample.drawing for sample in samples if sample.drawing is not None]
            return Pairs((shown, maps), to_tensor(drawings).to(device))
        seen = [sample.image if config.on_white else sample.shown for sample in samples]
        if config.even_light:
            seen = [evened(s, one.landmarks) for s, one in zip(seen, samples, strict=True)]
        with self.fabric.autocast():
            wanted = self.teacher(to_tensor(seen).to(device), maps)
        return Pairs((shown, maps), wanted.float().clamp(-1, 1))

    def _held_out(self, limit: int) -> list[Sample]:
        faces = self._sampler(held_out=True)
        return [faces.at(number, 0, 1) for number in range(min(limit, len(faces)))]

    @torch.no_grad()
    def grid(self, count: int) -> list[Tensor]:
        """Held-out photos in columns: photo, the drawing to be learned, the student's."""
        inputs, wanted = self._taught(self._held_out(count))
        return [inputs[0], wanted, self.averaged(*inputs)]

    @torch.no_grad()
    def error(self, limit: int = 200) -> dict[str, float]:
        """Mean absolute difference from what is to be learned, of 255, on held-out photos.

        Returns:
            ``student``, and ``n``.
        """
        differences = []
        for sample in self._held_out(limit):
            inputs, wanted = self._taught([sample])
            differences.append(float((self.averaged(*inputs) - wanted).abs().mean()) * LEVELS)
        return {"n": float(len(differences)), "student": float(np.mean(differences))}

    def _taught_with(self) -> dict[str, Any]:
        config = self.config
        if not config.drawings:
            return {"on_white": config.on_white, "even_light": config.even_light}
        described = [Dataset.open(folder).description for folder in config.drawings]
        return {"drawings": [one.get("configuration", {}) for one in described]}

    def header(self, folder: Path, error: Mapping[str, float]) -> dict[str, str]:
        """How the student is built, and all that a pack says of it."""
        config = self.config
        facts = {
            **self.facts,
            "preset": config.preset,
            "width": config.width,
            "distilled": {
                "run": folder.resolve().name,
                "teacher": {
                    key: self.facts[key]
                    for key in ("preset", "width", "distilled")
                    if key in self.facts
                },
                "iterations": config.iterations,
                "batch": config.batch,
                "learning_rate": config.learning_rate,
                "adversarial": config.adversarial,
                **self._taught_with(),
                "keep_denoiser": config.keep_denoiser,
                "split": config.split,
                "precision": precision_of(self.fabric),
                **landmarks_of(config.faces),
                "tune_denoiser": config.tune_denoiser,
                "before": self.before,
                "error": dict(error),
            },
        }
        build = {
            "preset": config.preset,
            "width": config.width,
            "conditional": self.conditional,
            "size": config.size,
            "denoised": config.keep_denoiser,
        }
        return {"build": json.dumps(build), "training": json.dumps(facts)}
