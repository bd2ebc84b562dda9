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
    workers: learning.WorkersOption = None,
) -> None:
    """Trains a style that draws in layers, for `toonmark export`; started again it goes on."""
    from toonmark.training.config import LayersConfig

    chosen = learning.opened(run, LayersConfig, config, settings, {"layers": layers})
    result = learning.trained(
        chosen,
        run,
        f"toonmark train-layers {run}",
        threads=threads,
        accelerator=accelerator,
        devices=devices,
        nodes=nodes,
        precision=precision,
        workers=workers,
    )
    if result is not None:
        error = result.error
        typer.echo(
            f"Pixels in another layer than the teacher's, of {error['n']:.0f} held-out portraits: "
            f"{100 * error['wrong']:.1f} %.\nWrote {result.weights}"
        )
