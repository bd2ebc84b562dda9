"""``toonmark export``: a run becomes a style pack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toonmark.landmarks import Frame


def export(
    run: Annotated[
        Path,
        typer.Argument(
            help="A run of a command that trains, or a style pack. Of `train-landmarks`, "
            "the regressor is written."
        ),
    ],
    style: Annotated[
        Path, typer.Argument(metavar="PACK", help="The style pack to write, such as mine.onnx.")
    ],
    iteration: Annotated[
        int | None, typer.Option(help="A kept checkpoint; the latest unless told otherwise.")
    ] = None,
    denoiser: Annotated[
        Path | None,
        typer.Option(help="Run of `toonmark train-denoiser`, or a style pack that has one."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Short name; the file's unless given.")] = None,
    title: Annotated[str | None, typer.Option(help="Name for people.")] = None,
    version: Annotated[str, typer.Option(help="The style's version.")] = "1.0",
    licence: Annotated[str, typer.Option(help="The weights' licence.")] = "",
    terms: Annotated[str, typer.Option(help="What the training data ask of users.")] = "",
    description: Annotated[str, typer.Option(help="One sentence on the style.")] = "",
    half: Annotated[
        bool, typer.Option("--half", help="Weights in half precision: half the file's size.")
    ] = False,
    clean: Annotated[
        bool,
        typer.Option(
            "--clean", help="Make white what is not joined to the face: for styles drawn on white."
        ),
    ] = False,
    frame: Annotated[
        Frame | None,
        typer.Option(help="What the crop shows.", show_default="as the run's faces"),
    ] = None,
    look: Annotated[
        str | None,
        typer.Option(help="Of a style that draws in layers: comic, with contours; flat; or ink."),
    ] = None,
    scores: Annotated[
        Path | None, typer.Option(help="scores.json of `toonmark evaluate`, kept in the pack.")
    ] = None,
) -> None:
    """Write a trained style as one ONNX file, after a comparison with torch."""
    from toonmark.making import export as written

    metadata, worst = written(
        run,
        style,
        iteration=iteration,
        denoiser=denoiser,
        half=half,
        clean=clean,
        frame=frame,
        look=look,
        name=name,
        title=title,
        version=version,
        licence=licence,
        terms=terms,
        description=description,
        scores=scores,
    )
    if metadata is None:
        typer.echo(f"Wrote {style}: a landmark regressor, within {worst:.1e} of torch.")
        return
    megabytes = style.stat().st_size / 1e6
    typer.echo(
        f"Wrote {style}: {metadata.training['iterations']} iterations, {megabytes:.2f} MB, "
        f"within {worst:.1e} of torch."
    )
