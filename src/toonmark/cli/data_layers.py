"""``toonmark data layers``: segments portraits into flat layers for training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toonmark.cli.data_building import Force, Out
from toonmark.cli.progress_bars import bar


def layers(
    faces: Annotated[
        Path,
        typer.Argument(metavar="FACES", help="A set of portraits with their own backgrounds."),
    ],
    out: Out,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    force: Force = False,
) -> None:
    """Take portraits apart into flat layers, for `toonmark train-layers` to learn from.

    A run that was stopped goes on where it was.
    """
    from toonmark.data.layers.layer_set import write_layers

    with bar() as progress:
        task = progress.add_task("taking apart", total=None)
        kept, left_out = write_layers(
            faces,
            out,
            workers=workers,
            force=force,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    why = ", ".join(f"{reason}: {count}" for reason, count in sorted(left_out.items()))
    typer.echo(f"{kept} portraits are in {out}" + (f"; left out: {why}" if why else ""))
