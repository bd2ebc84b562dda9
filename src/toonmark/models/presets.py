"""Two sets of networks: ``paper``, as published, and ``compact``, for a plain CPU."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

from torch import nn

from toonmark.landmarks import COUNT
from toonmark.models.discriminators import (
    CompactDiscriminator,
    CompactPatchDiscriminator,
    PaperConditionalDiscriminator,
    PatchDiscriminator,
)
from toonmark.models.generator import CompactGenerator, PaperGenerator
from toonmark.models.patches import NAMES as PATCHES
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
    preset: Preset,
    size: int,
    *,
    conditional: bool,
    local: bool,
    start: Callable[[str], AbstractContextManager[Any]] = nullcontext,
) -> nn.ModuleDict:
    """A domain's discriminators: ``real``, and if asked ``matched`` and the three local ones.

    ``real`` is the unconditional D of equation 1, ``matched`` the conditional one of equation 5
    (Table 4); ``eyes``, ``nose`` and ``mouth`` are the local ones of equation 6.

    Args:
        start: by a discriminator's name, what it is built within: see
            :func:`toonmark.models.blocks.own_start`.
    """
    paper = preset == "paper"
    names = ("real", *(("matched",) if conditional else ()), *(PATCHES if local else ()))

    def built(name: str) -> nn.Module:
        if name == "real":
            return PatchDiscriminator() if paper else CompactDiscriminator()
        if name == "matched":
            return PaperConditionalDiscriminator(size) if paper else CompactDiscriminator(3 + COUNT)
        return PatchDiscriminator(layers=1) if paper else CompactPatchDiscriminator()

    networks = nn.ModuleDict()
    for name in names:
        with start(name):
            networks[name] = built(name)
    return networks
