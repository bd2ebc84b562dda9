"""``toonmark train-layers``: learn to draw in flat layers from portraits taken apart."""

from __future__ import annotations

from typing import Annotated

import typer

from toonmark.cli import learning


def train_layers(
    run: learning.RunArgument,
    config: learning.ConfigOption = None,
    layers: Annotated[
        list[str] | None, typer.Option(help="Set of `toonmark data layers`; may be repeated.")
    ] = None,
    settings: learning.SettingsOption = None,
    threads: learning.ThreadsOption = 0,
    accelerator: learning.AcceleratorOption = "auto",
    devices: learning.DevicesOption = 1,
    nodes: learning.NodesOption = 1,
    precision: learning.PrecisionOption = "32-true",
) -> None:
    """Trains a style that draws in layers, for `toonmark export`; started again it goes on."""
    from toonmark.training.config import LayersConfig
    from toonmark.training.layered import LayerTrainer

    chosen = learning.opened(run, LayersConfig, config, settings, {"layers": layers})
    fabric = learning.machine(threads, accelerator, devices, nodes, precision)
    trainer = LayerTrainer(chosen, fabric)
    result = learning.learned(trainer, chosen, run, f"toonmark train-layers {run}")
    if result is not None:
        error, path = result
        typer.echo(
            f"Pixels in another layer than the teacher's, of {error['n']:.0f} held-out portraits: "
            f"{100 * error['wrong']:.1f} %.\nWrote {path}"
        )
