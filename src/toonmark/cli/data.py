"""``toonmark data``: sets to train on, made, checked and looked at."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Make a set to train on, check it, look at it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_SET = typer.Argument(metavar="DIR", help="The set's folder.", show_default=False)


@app.command()
def folder(
    photos: Annotated[Path, typer.Argument(metavar="PHOTOS", help="A folder of photos of people.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The set's folder, to be made.")],
    size: Annotated[int, typer.Option(min=32, max=1024, help="Edge in pixels.")] = 128,
    matte: Annotated[bool, typer.Option("--matte", help="Lay the people on white.")] = False,
    terms: Annotated[
        str, typer.Option(metavar="TEXT", help="Under what terms the photos may be used.")
    ] = "not stated",
    yaw: Annotated[float, typer.Option(min=0, help="Largest turn to a side, degrees.")] = 15.0,
    roll: Annotated[float, typer.Option(min=0, help="Largest tilt, degrees.")] = 25.0,
    grey: Annotated[bool, typer.Option("--grey", help="Keep grey photos too.")] = False,
    workers: Annotated[
        int, typer.Option(min=1, show_default="all cores", help="Threads.")
    ] = os.cpu_count() or 1,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a set of another configuration.")
    ] = False,
) -> None:
    """Turn photos into a set: the frontal face of each, upright, with its five points.

    Writes OUT/images, OUT/landmarks.csv and OUT/dataset.json, which says of each photo that was
    left out why. A run that was stopped goes on where it was when the command is given again.
    """
    import cv2
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    from toonmark.data.matting import Matting
    from toonmark.data.sources.build import build
    from toonmark.data.sources.folder import Folder
    from toonmark.data.sources.selection import Selection

    cv2.setNumThreads(1)  # a thread works on a photo of its own
    chosen = Selection(yaw=yaw, roll=roll, chroma=0.0 if grey else Selection.chroma)
    source = Folder(photos, size, Matting() if matte else None, chosen, leave_out=(out,))
    total = sum(1 for _ in source.photos())
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Remaining())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("looking", total=total)

        def show(seen: int, kept: int) -> None:
            bar.update(task, completed=seen, description=f"{kept} kept")

        made = build(source, out, terms=terms, workers=workers, force=force, progress=show)
    counts = made.description["counts"]
    typer.echo(f"{counts['kept']} of {counts['seen']} photos are in {out}")
    for reason, count in counts["left out"].items():
        typer.echo(f"{count:7d}  {reason}")


@app.command()
def check(
    directory: Annotated[Path, _SET],
    examples: Annotated[int, typer.Option(min=1, help="Pictures to name for each problem.")] = 3,
) -> None:
    """Read every picture of a set and name what is wrong; status 1 if it should not be used."""
    from rich.progress import Progress

    from toonmark.data.inspection import inspect

    with Progress(transient=True) as bar:
        task = bar.add_task("reading", total=None)
        dataset, findings = inspect(
            directory, lambda done, total: bar.update(task, completed=done, total=total)
        )
    train, held_out = dataset.split()
    typer.echo(f"{len(dataset)} pictures: {len(train)} to train on, {len(held_out)} held out")
    for (kind, grave), count in Counter((f.kind, f.grave) for f in findings).items():
        mark = typer.style("problem", fg="red") if grave else typer.style("note", fg="yellow")
        typer.echo(f"{mark}: {kind} ({count})" if count > 1 else f"{mark}: {kind}")
        same = [finding for finding in findings if (finding.kind, finding.grave) == (kind, grave)]
        for finding in same[:examples]:
            if text := " ".join(filter(None, (finding.name, finding.detail))):
                typer.echo(f"    {text}")
    if any(finding.grave for finding in findings):
        raise typer.Exit(1)
    typer.echo("It can be used.")


@app.command()
def show(
    directory: Annotated[Path, _SET],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="A .png, .jpg or .webp.")
    ] = Path("sheet.png"),
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="Pictures to show.")] = 96,
) -> None:
    """Draw a sheet: pictures with their points, and histograms of the whole set."""
    from toonmark.data.dataset import Dataset
    from toonmark.data.sheet import contact_sheet
    from toonmark.pictures import write

    write(output, contact_sheet(Dataset.open(directory), count))
    typer.echo(f"{output}")
