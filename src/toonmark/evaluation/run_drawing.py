"""A training run's averaged generators as a ``Drawer``, in both directions."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from toonmark import artifacts
from toonmark.data import provenance
from toonmark.data.split import Rule, rules_of
from toonmark.landmarks import Array
from toonmark.methods.learned import LEARNED, load_translators
from toonmark.models.heatmaps import heatmaps
from toonmark.ranges import from_network, to_network
from toonmark.training import checkpoint
from toonmark.training.config import TrainConfig, UnpairedConfig
from toonmark.training.networks import DIRECTIONS, load_generators
from toonmark.training.run import config_of
from toonmark.training.style_loading import training_facts


class GeneratorDrawer:
    """One averaged generator; see :class:`toonmark.evaluation.drawers.Drawer`."""

    def __init__(self, name: str, size: int, iterations: int, generator: nn.Module) -> None:
        self.name, self.size = name, size
        self.iterations: int | None = iterations
        self._generator = generator
        self.rules: frozenset[Rule] = frozenset({"position"})
        self.landmarks: dict[str, str] = {}
        self.back: GeneratorDrawer | None = None

    def draw(self, faces: Array, points: Array) -> Array:
        """(B, size, size, 3) uint8 RGB and (B, 5, 2) pixels to (B, size, size, 3) uint8."""
        with torch.inference_mode():
            maps = heatmaps(torch.from_numpy(points).float(), self.size)
            return from_network(self._generator(torch.from_numpy(to_network(faces)), maps).numpy())


def open_run_drawer(run: str | Path) -> GeneratorDrawer:
    """A run's way from faces to cartoons; ``back`` is its other generator.

    Raises:
        RunError: no run, no checkpoint yet, or a damaged one.
    """
    found = artifacts.run_at(run)
    if found.kind in LEARNED:
        config: UnpairedConfig = config_of(found, LEARNED[found.kind][0])
        generators = load_translators(found)
    else:
        config, generators = config_of(found, TrainConfig), load_generators(found)
    iterations = checkpoint.iterations(found.weights)
    name = found.path.resolve().name
    there, back = (
        GeneratorDrawer(name, config.size, iterations, generators[direction.name])
        for direction in DIRECTIONS
    )
    there.back = back
    if isinstance(config, TrainConfig):
        facts = training_facts(config, iterations, found.path)
        there.rules, there.landmarks = rules_of(facts), provenance.trained_on(facts)
    else:
        there.rules = frozenset({config.split})
    return there
