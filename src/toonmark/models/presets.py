"""Two sets of networks: ``paper``, as published, and ``compact``, for a plain CPU."""

from __future__ import annotations

from typing import Literal

from torch import nn

from toonmark.landmarks import COUNT
from toonmark.models.discriminators import (
    CompactDiscriminator,
    CompactPatchDiscriminator,
    PaperConditionalDiscriminator,
    PatchDiscriminator,
)
from toonmark.models.generator import CompactGenerator, PaperGenerator
from toonmark.models.regressor import CompactRegressor, PaperRegressor

Preset = Literal["paper", "compact"]


def build_generator(preset: Preset, conditional: bool = True, width: int = 64) -> nn.Module:
    """An untrained generator; ``conditional`` gives it the heatmaps."""
    kind = PaperGenerator if preset == "paper" else CompactGenerator
    return kind(conditional=conditional, width=width)


def build_regressor(preset: Preset) -> nn.Module:
    """An untrained landmark regressor (Table 3, or its small sister)."""
    return PaperRegressor() if preset == "paper" else CompactRegressor()


def build_discriminators(
    preset: Preset, size: int, *, conditional: bool, local: bool
) -> nn.ModuleDict:
    """A domain's discriminators: ``real``, and if asked ``matched`` and the three local ones.

    ``real`` is the unconditional D of equation 1, ``matched`` the conditional one of equation 5
    (Table 4); ``eyes``, ``nose`` and ``mouth`` are the local ones of equation 6.
    """
    paper = preset == "paper"
    networks: dict[str, nn.Module] = {
        "real": PatchDiscriminator() if paper else CompactDiscriminator()
    }
    if conditional:
        networks["matched"] = (
            PaperConditionalDiscriminator(size) if paper else CompactDiscriminator(3 + COUNT)
        )
    if local:
        for name in ("eyes", "nose", "mouth"):
            networks[name] = PatchDiscriminator(layers=1) if paper else CompactPatchDiscriminator()
    return nn.ModuleDict(networks)
