"""``toonmark distill``: teach a small generator what a run draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from toonmark.cli import training_options


@training_options.on_machine()
def distill(
    run: training_options.RunArgument,
    config: training_options.ConfigOption = None,
    teacher: Annotated[
        str | None, typer.Option(help="Run of `toonmark train`, weights it kept, or a style pack.")
    ] = None,
    denoiser: Annotated[
        str | None,
        typer.Option(help="Run of `toonmark train-denoiser`, or a style pack that has one."),
    ] = None,
    faces: training_options.FacesOption = None,
    settings: training_options.SettingsOption = None,
    *,
    machine: Mapping[str, Any],
) -> None:
    """Train a generator on what a run draws, for `toonmark export`; started again it goes on."""
    given = {"faces": faces, "teacher": teacher, "denoiser": denoiser}
    result = training_options.trained(run, "distill", config, settings, given, **machine)
    if result is not None:
        error = result.error
        typer.echo(
            f"Mean difference from the wanted drawings of {error['n']:.0f} held-out photos, of "
            f"255: {error['student']:.1f}.\nWrote {result.weights}"
        )
