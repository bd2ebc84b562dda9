"""``toonmark distill``: teach a small generator what a run draws."""

from __future__ import annotations

from typing import Annotated

import typer

from toonmark.cli import learning


def distill(
    run: learning.RunArgument,
    config: learning.ConfigOption = None,
    teacher: Annotated[
        str | None, typer.Option(help="Run of `toonmark train`, weights it kept, or a style pack.")
    ] = None,
    denoiser: Annotated[
        str | None,
        typer.Option(help="Run of `toonmark train-denoiser`, or a style pack that has one."),
    ] = None,
    faces: learning.FacesOption = None,
    settings: learning.SettingsOption = None,
    threads: learning.ThreadsOption = 0,
    accelerator: learning.AcceleratorOption = "auto",
    devices: learning.DevicesOption = 1,
    nodes: learning.NodesOption = 1,
    precision: learning.PrecisionOption = "32-true",
) -> None:
    """Trains a generator on what a run draws, for `toonmark export`; started again it goes on."""
    from toonmark.training.config import DistillationConfig

    given = {"faces": faces, "teacher": teacher, "denoiser": denoiser}
    chosen = learning.opened(run, DistillationConfig, config, settings, given)
    result = learning.trained(
        chosen,
        run,
        f"toonmark distill {run}",
        threads=threads,
        accelerator=accelerator,
        devices=devices,
        nodes=nodes,
        precision=precision,
    )
    if result is not None:
        error = result.error
        typer.echo(
            f"Mean difference from the wanted drawings of {error['n']:.0f} held-out photos, of "
            f"255: {error['student']:.1f}.\nWrote {result.weights}"
        )
