"""``toonmark train-denoiser``: learn what clean cartoons of a style look like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from toonmark.cli import training_options


@training_options.on_machine()
def train_denoiser(
    run: training_options.RunArgument,
    config: training_options.ConfigOption = None,
    faces: training_options.FacesOption = None,
    cartoons: training_options.CartoonsOption = None,
    generators: Annotated[
        str | None,
        typer.Option(help="Run of `toonmark train`, or weights it kept: their faults to learn."),
    ] = None,
    settings: training_options.SettingsOption = None,
    *,
    machine: Mapping[str, Any],
) -> None:
    """Train a denoiser for `toonmark export --denoiser`; started again it goes on."""
    given = {"faces": faces, "cartoons": cartoons, "generators": generators}
    result = training_options.trained(run, "train-denoiser", config, settings, given, **machine)
    if result is not None:
        error = result.error
        typer.echo(
            f"Mean difference from {error['n']:.0f} held-out cartoons, of 255: "
            f"{error['spoiled']:.1f} when spoiled, {error['denoised']:.1f} denoised; "
            f"{error['clean']:.1f} is done to clean ones.\nWrote {result.weights}"
        )
