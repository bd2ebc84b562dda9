"""Options that all building subcommands of ``toonmark data`` share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toonmark.cli.progress_bars import bar

if TYPE_CHECKING:
    from toonmark.data.sources import Source

CORES = os.cpu_count() or 1

Out = Annotated[Path, typer.Argument(metavar="OUT", help="The set's folder, to be made.")]
Size = Annotated[int, typer.Option(min=32, max=1024, help="Edge in pixels.")]
Terms = Annotated[
    str, typer.Option(metavar="TEXT", help="Under what terms the pictures may be used.")
]
LeaveOut = Annotated[
    Path | None,
    typer.Option(
        "--leave-out", metavar="FILE", help="Names of pictures that are not wanted, one a line."
    ),
]
Workers = Annotated[int, typer.Option(min=1, show_default="all cores", help="Threads.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a set of another configuration.")]


def build_and_tell(source: Source, out: Path, *, terms: str, workers: int, force: bool) -> None:
    """Builds a set, with a bar, and says how many pictures were kept and why others were not."""
    import cv2

    from toonmark.data.sources.build import build

    cv2.setNumThreads(1)  # a thread works on a photo of its own
    total = sum(1 for _ in source.photos())
    with bar() as progress:
        task = progress.add_task("looking", total=total)

        def show(seen: int, kept: int) -> None:
            progress.update(task, completed=seen, description=f"{kept} kept")

        made = build(source, out, terms=terms, workers=workers, force=force, progress=show)
    counts = made.description["counts"]
    typer.echo(f"{counts['kept']} of {counts['seen']} photos are in {out}")
    for reason, count in counts["left out"].items():
        typer.echo(f"{count:7d}  {reason}")
