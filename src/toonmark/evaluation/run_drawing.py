"""A run of ``toonmark train`` as a drawer: both of its generators, without exporting them."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from toonmark import artifacts
from toonmark.artifacts import Kind
from toonmark.data.split import Rule, rules_of
from toonmark.evaluation.drawing import from_network, to_network
from toonmark.landmarks import Array
from toonmark.models.sampling import heatmaps
from toonmark.training import checkpoint
from toonmark.training.config import TrainConfig
from toonmark.training.networks import DIRECTIONS, load_generators
from toonmark.training.run import open_run
from toonmark.training.trained import training_facts


class GeneratorDrawer:
    """One averaged generator; see :class:`toonmark.evaluation.drawing.Drawer`."""

    def __init__(self, name: str, size: int, iterations: int, generator: nn.Module) -> None:
        self.name, self.size = name, size
        self.iterations: int | None = iterations
        self._generator = generator
        self.rules: frozenset[Rule] = frozenset({"position"})
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
    run = Path(run)
    config = open_run(run, TrainConfig, None)
    iterations = int(checkpoint.load(artifacts.weights_of(run, Kind.TRAIN))[1]["iteration"])
    name, generators = run.resolve().name, load_generators(run)
    there, back = (
        GeneratorDrawer(name, config.size, iterations, generators[direction.name])
        for direction in DIRECTIONS
    )
    there.back = back
    there.rules = rules_of(training_facts(config, iterations, run))
    return there
