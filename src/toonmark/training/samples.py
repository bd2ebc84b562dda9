"""Sample grids: what the averaged generators make of held-out pictures, both ways."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from toonmark.data.backgrounds import Backgrounds
from toonmark.models.heatmaps import heatmaps
from toonmark.pictures import write
from toonmark.ranges import from_network
from toonmark.training.batch import Batch
from toonmark.training.batches import sampler_of
from toonmark.training.config import UnpairedConfig
from toonmark.training.networks import DIRECTIONS, TranslationNetworks

#: Held-out pictures of each domain.
_COUNT = 8


@torch.no_grad()
def write_samples(
    config: UnpairedConfig,
    networks: TranslationNetworks,
    averaged: torch.nn.ModuleDict,
    backgrounds: Backgrounds | None,
    device: torch.device,
    path: Path,
) -> None:
    """Writes one PNG: face, cartoon, face again; and cartoon, face, cartoon again.

    The left half of the faces is shown with the backgrounds that training gives them, if it does.

    Args:
        networks: say which generators draw in a direction, and with what behind them.
        averaged: the generators that draw.
        backgrounds: what training puts behind faces.
    """
    rows: list[torch.Tensor] = []
    still = {"degrees": 0.0, "zoom": (1.0, 1.0), "shift": 0.0, "mirror": False}
    for direction in DIRECTIONS:
        folders = config.faces if direction.source == "face" else config.cartoons
        sampler = sampler_of(
            config,
            folders,
            augmentation=config.augmentation.model_copy(update=still),
            backgrounds=backgrounds if direction.source == "face" else None,
            background_share=1.0 if config.background_share else 0.0,
            held_out=True,
        )
        indices = np.linspace(0, len(sampler) - 1, min(_COUNT, len(sampler))).astype(int)
        half = len(indices) // 2
        samples = [
            sampler.draw(int(i), np.random.default_rng([0, int(i)]))
            if k < half
            else sampler.plain(int(i))
            for k, i in enumerate(indices)
        ]
        if direction.source == "face" and config.even_light:
            samples = [sample.evened() for sample in samples]
        batch = Batch.of(samples, device)
        maps = heatmaps(batch.landmarks, config.size)
        there, back = (networks.translator(averaged, d) for d in (direction, direction.back))
        drawn = there(batch.shown, maps)
        again = back(drawn, maps)
        rows += [batch.shown, drawn, again]
    write_grid(rows, path)


def write_grid(rows: list[torch.Tensor], path: Path) -> None:
    """Writes (N, 3, S, S) pictures in [-1, 1] as the rows of one PNG; short rows end in white."""
    lines = [np.concatenate([*from_network(row.float().cpu().numpy())], axis=1) for row in rows]
    width = max(line.shape[1] for line in lines)
    gaps = [[(0, 0), (0, width - line.shape[1]), (0, 0)] for line in lines]
    filled = [np.pad(*pair, constant_values=255) for pair in zip(lines, gaps, strict=True)]
    write(path, np.concatenate(filled))
