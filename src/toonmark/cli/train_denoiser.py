"""``toonmark train-denoiser``: learn what clean cartoons of a style look like."""

from __future__ import annotations

from typing import Annotated

import typer

from toonmark.cli import learning


def train_denoiser(
    run: learning.RunArgument,
    config: learning.ConfigOption = None,
    faces: learning.FacesOption = None,
    cartoons: learning.CartoonsOption = None,
    generators: Annotated[
        str | None,
        typer.Option(help="Run of `toonmark train`, or weights it kept: their faults to learn."),
    ] = None,
    settings: learning.SettingsOption = None,
    threads: learning.ThreadsOption = 0,
    accelerator: learning.AcceleratorOption = "auto",
    devices: learning.DevicesOption = 1,
    nodes: learning.NodesOption = 1,
    precision: learning.PrecisionOption = "32-true",
) -> None:
    """Trains a denoiser for `toonmark export --denoiser`; started again it goes on."""
    from toonmark.training.config import DenoiserConfig

    given = {"faces": faces, "cartoons": cartoons, "generators": generators}
    chosen = learning.opened(run, DenoiserConfig, config, settings, given)
    result = learning.trained(
        chosen,
        run,
        f"toonmark train-denoiser {run}",
        threads=threads,
        accelerator=accelerator,
        devices=devices,
        nodes=nodes,
        precision=precision,
    )
    if result is not None:
        error = result.error
        typer.echo(
            f"Mean difference from {error['n']:.0f} held-out cartoons, of 255: "
            f"{error['spoiled']:.1f} when spoiled, {error['denoised']:.1f} denoised; "
            f"{error['clean']:.1f} is done to clean ones.\nWrote {result.weights}"
        )
