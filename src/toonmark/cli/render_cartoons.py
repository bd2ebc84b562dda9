"""``toonmark render-cartoons``: cartoons with exact landmarks, drawn from facesjs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from toonmark.cli.progress_bars import bar
from toonmark.landmarks import Frame


def render_cartoons(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to fill.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many pictures.")],
    style: Annotated[
        Literal["facesjs"], typer.Option(help="The parts that faces are drawn with.")
    ] = "facesjs",
    size: Annotated[int, typer.Option(min=16, max=2048, help="Edge in pixels.")] = 128,
    seed: Annotated[int, typer.Option(min=0, help="Picture i depends on seed and i alone.")] = 0,
    plain: Annotated[
        bool, typer.Option("--plain", help="No glasses, no goatees, fewer beards: easier to learn.")
    ] = False,
    frame: Annotated[
        Frame, typer.Option(help="The tight face, or the whole head with its shoulders.")
    ] = "face",
    workers: Annotated[int, typer.Option(min=1, help="Processes to draw with.")] = 1,
    parts: Annotated[
        Path | None,
        typer.Option(metavar="FILE.tgz", help="The npm archive, instead of fetching it."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace pictures of another configuration.")
    ] = False,
) -> None:
    """Draw cartoon faces with exact landmarks, to train on.

    Writes OUT/images/00000.png and on, OUT/landmarks.csv and OUT/dataset.json. A run that was
    stopped goes on where it was. The parts come from npm the first time (facesjs, Apache-2.0).
    """
    from toonmark.data.facesjs.cartoon_set import write_dataset
    from toonmark.data.facesjs.parts import load_parts

    drawn_with = load_parts(parts)
    with bar() as progress:
        task = progress.add_task("drawing", total=count)
        write_dataset(
            folder,
            count,
            drawn_with,
            size=size,
            seed=seed,
            plain=plain,
            frame=frame,
            workers=workers,
            force=force,
            progress=lambda done: progress.advance(task, done),
        )
    typer.echo(f"{count} cartoons with landmarks in {folder}")
