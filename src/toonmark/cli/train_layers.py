"""``toonmark train-layers``: trains a layered style on segmented portraits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from toonmark.cli import training_options


@training_options.on_machine(workers=True)
def train_layers(
    run: training_options.RunArgument,
    config: training_options.ConfigOption = None,
    layers: Annotated[
        list[str] | None, typer.Option(help="Set of `toonmark data layers`; may be repeated.")
    ] = None,
    settings: training_options.SettingsOption = None,
    *,
    machine: Mapping[str, Any],
) -> None:
    """Train a style that draws in layers, for `toonmark export`; started again it goes on."""
    result = training_options.trained(
        run, "train-layers", config, settings, {"layers": layers}, **machine
    )
    if result is not None:
        error = result.error
        typer.echo(
            f"Pixels in another layer than the teacher's, of {error['n']:.0f} held-out portraits: "
            f"{100 * error['wrong']:.1f} %.\nWrote {result.weights}"
        )
