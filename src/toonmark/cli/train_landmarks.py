"""``toonmark train-landmarks``: pre-train a landmark regressor."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from toonmark.cli import training_options


@training_options.on_machine(workers=True)
def train_landmarks(
    data: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DATA...",
            help="Folders with pictures and a landmarks.csv; none goes on with --run.",
        ),
    ] = None,
    run: Annotated[Path, typer.Option(help="The run's directory.")] = Path("runs/landmarks"),
    config: training_options.ConfigOption = None,
    settings: training_options.SettingsOption = None,
    *,
    machine: Mapping[str, Any],
) -> None:
    """Train a landmark regressor and report its error on held-out pictures."""
    result = training_options.trained(
        run, "train-landmarks", config, settings, {"data": data}, **machine
    )
    if result is not None:
        error = result.error
        typer.echo(
            f"Normalised mean error on {error['n']:.0f} held-out pictures: "
            f"mean {error['mean']:.2%}, median {error['median']:.2%}; "
            f"moved as in training: median {error['moved_median']:.2%}.\nWrote {result.weights}"
        )
