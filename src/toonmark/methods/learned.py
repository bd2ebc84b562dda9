"""Methods that are trained as ours is: which there are, and their runs opened again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from torch import nn

from toonmark import artifacts
from toonmark.artifacts import Kind
from toonmark.methods.ganimorph import GanimorphConfig, GanimorphNetworks, GanimorphTrainer
from toonmark.methods.munit import (
    ExampleStyles,
    MunitConfig,
    MunitNetworks,
    MunitTrainer,
    RandomStyles,
)
from toonmark.methods.styles import StylePictures
from toonmark.training import checkpoint
from toonmark.training.config import UnpairedConfig
from toonmark.training.networks import DIRECTIONS, TO_CARTOON, TranslationNetworks
from toonmark.training.run import open_run

#: Configuration, networks and trainer of each kind.
LEARNED: dict[Kind, tuple[type[UnpairedConfig], Any, Any]] = {
    Kind.MUNIT: (MunitConfig, MunitNetworks, MunitTrainer),
    Kind.GANIMORPH: (GanimorphConfig, GanimorphNetworks, GanimorphTrainer),
}

Styles = Literal["random", "example"]


def load_translators(path: Path, styles: Styles = "random") -> nn.ModuleDict:
    """The averaged networks of a run by direction, each from images and heatmaps to images.

    Args:
        path: the run.
        styles: of MUNIT: a random one for each picture, or that of the cartoon of nearest colours.

    Raises:
        RunError: no such run, no checkpoint yet, a damaged one, or another kind of run.
    """
    run = artifacts.run_of(path)
    kind, build, _ = LEARNED[run.kind]
    config = open_run(run.path, kind, None)
    tensors, _ = checkpoint.load(run.weights)
    networks: TranslationNetworks = build(config)
    averaged = checkpoint.part("averaged", tensors) or tensors
    checkpoint.load_weights(networks.generators, averaged, f"the generators of {run.path}")
    networks.requires_grad_(False).eval()
    found = nn.ModuleDict()
    for d in DIRECTIONS:
        if not isinstance(networks, MunitNetworks):
            found[d.name] = networks.translator(networks.generators, d)
        elif styles == "example" and d == TO_CARTOON:
            examples = StylePictures(
                config.cartoons, config.size, "nearest", config.seed, split=config.split
            )
            found[d.name] = ExampleStyles(networks.generators, examples)
        else:
            found[d.name] = RandomStyles(networks.generators, d)
    return found.eval()
