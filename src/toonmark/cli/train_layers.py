"""``toonmark train-layers``: learn to draw in flat layers from portraits taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from toonmark.cli import learning


@learning.on_machine(workers=True)
def train_layers(
    run: learning.RunArgument,
    config: learning.ConfigOption = None,
    layers: Annotated[
        list[str] | None, typer.Option(help="Set of `toonmark data layers`; may be repeated.")
    ] = None,
    settings: learning.SettingsOption = None,
    *,
    machine: Mapping[str, Any],
) -> None:
    """Train a style that draws in layers, for `toonmark export`; started again it goes on."""
    result = learning.trained(run, "train-layers", config, settings, {"layers": layers}, **machine)
    if result is not None:
        error = result.error
        typer.echo(
            f"Pixels in another layer than the teacher's, of {error['n']:.0f} held-out portraits: "
            f"{100 * error['wrong']:.1f} %.\nWrote {result.weights}"
        )
