"""``toonmark data landmarks``, ``import``, ``export`` and ``backgrounds``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toonmark.cli.progress_bars import bar
from toonmark.data.formats import Format
from toonmark.data.formats.sides import Sides
from toonmark.errors import MissingExtraError

Set = Annotated[Path, typer.Argument(metavar="DIR", help="The set's folder.")]
Replace = Annotated[bool, typer.Option("--force", help="Replace what is there.")]


def landmarks(
    directory: Set,
    iterations: Annotated[
        int, typer.Option(min=1, help="Of eight pictures each; 3000 take half an hour on 2 cores.")
    ] = 3000,
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0: all cores.")] = 0,
) -> None:
    """Learn from the annotated pictures and propose the points of all others, with a confidence.

    `toonmark annotate` then shows the least certain first. What you have annotated stays as it is.
    A run that was stopped goes on when the command is given again.
    """
    try:
        import torch

        from toonmark.training.annotation_learning import learn
    except ModuleNotFoundError as error:
        raise MissingExtraError("toonmark data landmarks", "train") from error
    if threads:
        torch.set_num_threads(threads)
    learnt = learn(directory, iterations=iterations)
    if not learnt.finished:
        typer.echo("Stopped; the same command goes on.")
        return
    typer.echo(
        f"Learnt from {learnt.annotated} pictures; proposed {learnt.proposed}. Of the annotated, "
        f"{learnt.error['n']:.0f} were held out: mean error {learnt.error['mean']:.1%} of the "
        f"distance between the eyes.\nThe least certain first: toonmark annotate {directory}"
    )


def import_(
    table: Annotated[Path, typer.Argument(metavar="FILE", help="Points, from another tool.")],
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A set, or the folder of the pictures.")
    ],
    kind: Annotated[
        Format | None, typer.Option("--format", help="Of FILE; by its name unless given.")
    ] = None,
    force: Replace = False,
    sides: Annotated[
        Sides, typer.Option(help="Whose left and right FILE means; read off the points by auto.")
    ] = Sides.AUTO,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be taken over, and stop.")
    ] = False,
) -> None:
    """Take over points from CVAT, Label Studio, COCO, CelebA's list or a plain CSV file.

    Says first what was read: how many, by which names, whose left and right. The points count as
    annotated. `toonmark data crop DIR OUT` then makes upright crops of one size.
    """
    from toonmark.data.exchange import read_points

    found = read_points(table, directory, kind, force=force, sides=sides)
    for line in found.summary():
        typer.echo(line)
    if dry_run:
        typer.echo("Nothing was written.")
        return
    found.write()
    typer.echo(f"{len(found.points)} pictures in {directory} have points from {table}")


def export(
    directory: Set,
    table: Annotated[Path, typer.Argument(metavar="FILE", help="What to write.")],
    kind: Annotated[Format, typer.Option("--format", help="Of FILE.")] = Format.COCO,
    force: Replace = False,
) -> None:
    """Write a set's points for CVAT, Label Studio or another tool."""
    from toonmark.data.exchange import export_points
    from toonmark.data.formats.label_studio import INTERFACE

    count = export_points(directory, table, kind, force=force)
    typer.echo(f"{count} pictures' points are in {table}")
    if kind is Format.LABEL_STUDIO:
        typer.echo(f"Labelling interface for the project:\n{INTERFACE}")


def backgrounds(
    photos: Annotated[Path, typer.Argument(metavar="PHOTOS", help="A folder of photos.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A folder for the backgrounds.")],
    size: Annotated[int, typer.Option(min=32, max=1024, help="Least edge in pixels.")] = 128,
    fill: Annotated[
        bool, typer.Option("--fill", help="Paint people over where they leave no room.")
    ] = False,
    force: Replace = False,
) -> None:
    """Cut pictures without people out of photos, to put behind faces in training."""
    from toonmark.data.cut_backgrounds import cut_backgrounds
    from toonmark.data.matting import Matting, MattingMissingError

    try:
        matting = Matting()
    except MattingMissingError as error:
        if fill:  # without it nobody knows where people end
            raise
        matting = None
        typer.echo(
            "People are avoided by the face detector alone: the network that finds the rest of "
            f"them is not installed. {error.remedy}",
            err=True,
        )
    with bar() as progress:
        task = progress.add_task("looking", total=None)

        def show(seen: int, kept: int) -> None:
            progress.update(task, completed=seen, description=f"{kept} kept")

        counts = cut_backgrounds(
            photos, out, size=size, matting=matting, fill=fill, force=force, progress=show
        )
    typer.echo(f"{counts.pop('kept')} backgrounds are in {out}")
    for reason, count in sorted(counts.items()):
        typer.echo(f"{count:7d}  {reason}")
