"""``toonmark data drawings``: photos drawn by a style, as a set to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toonmark.cli.data_building import Force, Out
from toonmark.cli.progress_bars import bar
from toonmark.errors import MissingExtraError


def drawings(
    faces: Annotated[Path, typer.Argument(metavar="FACES", help="A set of faces on white.")],
    out: Out,
    style: Annotated[str, typer.Option(help="A style pack, or the name of a style.")] = "toon",
    views: Annotated[
        int,
        typer.Option(min=1, help="Augmented views of each photo; their drawings' median is taken."),
    ] = 4,
    looks: Annotated[int | None, typer.Option(min=1, hidden=True)] = None,
    even_light: Annotated[
        bool,
        typer.Option("--even-light/--own-light", help="Give both sides of a face the same light."),
    ] = True,
    finish: Annotated[
        bool,
        typer.Option(
            "--finish/--as-drawn", help="Give them flat colours of the photo's, and an outline."
        ),
    ] = True,
    workers: Annotated[int, typer.Option(min=1, help="Processes to draw with.")] = 1,
    force: Force = False,
) -> None:
    """Draw a set's photos, for `toonmark distill --set drawings=[OUT]` to learn from.

    So a student can become better than its teacher. A run that was stopped goes on where it was.
    """
    if looks is not None:
        typer.echo("--looks is called --views now.", err=True)
        views = looks
    if finish:
        try:
            import skimage.segmentation  # noqa: F401
        except ModuleNotFoundError as error:
            raise MissingExtraError("toonmark data drawings", "train") from error
    from toonmark.data.drawings.drawing_set import write_drawings

    with bar() as progress:
        task = progress.add_task("drawing", total=None)
        count = write_drawings(
            faces,
            style,
            out,
            views=views,
            even_light=even_light,
            finish=finish,
            workers=workers,
            force=force,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    typer.echo(f"{count} drawings are in {out}")
