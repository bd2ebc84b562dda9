"""The registry of trained methods, and loading of their averaged networks from runs."""

from __future__ import annotations

from typing import Any

from torch import nn

from toonmark import artifacts
from toonmark.artifacts import Kind, Place
from toonmark.methods.ganimorph import GanimorphConfig, GanimorphNetworks, GanimorphTrainer
from toonmark.methods.munit import (
    ExampleStyles,
    MunitConfig,
    MunitNetworks,
    MunitTrainer,
    RandomStyles,
    encoders,
)
from toonmark.methods.style_pictures import StylePictures
from toonmark.training import checkpoint
from toonmark.training.config import UnpairedConfig
from toonmark.training.networks import DIRECTIONS, TO_CARTOON, TranslationNetworks
from toonmark.training.run import config_of

#: Configuration, networks and trainer of each kind.
LEARNED: dict[Kind, tuple[type[UnpairedConfig], Any, Any]] = {
    Kind.MUNIT: (MunitConfig, MunitNetworks, MunitTrainer),
    Kind.GANIMORPH: (GanimorphConfig, GanimorphNetworks, GanimorphTrainer),
}


def load_translators(path: Place) -> nn.ModuleDict:
    """The averaged networks of a run by direction, each from images and heatmaps to images.

    Raises:
        RunError: no such run, no checkpoint yet, a damaged one, or another kind of run.
    """
    run = artifacts.run_of(path)
    kind, build, _ = LEARNED[run.kind]
    config = config_of(run, kind)
    tensors, _ = checkpoint.load(run.weights)
    networks: TranslationNetworks = build(config)
    averaged = checkpoint.part("averaged", tensors) or tensors
    checkpoint.load_weights(networks.generators, averaged, f"the generators of {run.path}")
    networks.requires_grad_(False).eval()
    found = nn.ModuleDict()
    for d in DIRECTIONS:
        if not isinstance(networks, MunitNetworks):
            found[d.name] = networks.translator(networks.generators, d)
        elif d == TO_CARTOON and isinstance(config, MunitConfig) and config.styles == "example":
            examples = StylePictures(
                config.cartoons, config.size, "nearest", config.seed, split=config.split
            )
            found[d.name] = ExampleStyles(*encoders(networks.generators, d), examples)
        else:
            found[d.name] = RandomStyles(*encoders(networks.generators, d))
    return found.eval()
