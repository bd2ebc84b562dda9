"""``toonmark study``: people compare methods (section 4.6, table 1)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True, help="Let people compare methods, as in the paper's user study."
)

_Out = Annotated[Path, typer.Argument(metavar="OUT", help="The study's folder.")]


@app.command()
def create(
    methods: Annotated[list[str], typer.Argument(metavar="METHOD=FOLDER...")],
    out: _Out,
    photos: Annotated[Path, typer.Option(help="Folder of the photos that were drawn.")],
    groups: Annotated[int, typer.Option(min=1, help="How many photos are shown.")] = 48,
    seed: Annotated[int, typer.Option(help="Which ones, and the raters' orders.")] = 0,
    common: Annotated[
        bool, typer.Option("--common", help="Use only photos that all methods drew.")
    ] = False,
    size: Annotated[
        int | None, typer.Option(min=32, max=2048, help="Scale all drawings to this edge.")
    ] = None,
) -> None:
    """Make a blind study out of folders of drawings.

    Drawings are named as the photos are: me.jpg is drawn as me.png or me-toon.png. The study
    holds copies of photos and drawings: share it only as far as their licence allows.
    """
    from toonmark.study.create import create as make
    from toonmark.study.create import parse_methods

    study = make(parse_methods(methods), photos, out, groups, seed, common, size)
    typer.echo(
        f"{out}: {len(study.groups)} groups of {len(study.methods)} drawings, "
        f"{len(study.questions)} questions each. Next: toonmark study serve {out}"
    )


@app.command()
def serve(
    out: _Out,
    host: Annotated[str, typer.Option(help="0.0.0.0 lets other machines in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8765,
) -> None:
    """Serve the page where people pick and order their best three.

    Answers are kept in answers.sqlite as they are given; the server may be stopped and started.
    """
    from toonmark.cli import page_server
    from toonmark.study.server import make_app

    def tell(address: str) -> None:
        typer.echo(f"{address}  (Ctrl-C stops)")

    page_server.serve(make_app(out), host, port, tell)


@app.command()
def table(out: _Out) -> None:
    """Print table 1 from the answers so far; write table.md and table.json."""
    from toonmark.study.ratings_table import write_tables

    typer.echo(write_tables(out))
    typer.echo(f"Written: {out / 'table.md'} and {out / 'table.json'}")
