"""``toonmark data``: builds, checks and shows sets to train on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from toonmark.cli.data_drawings import drawings
from toonmark.cli.data_layers import layers
from toonmark.cli.data_points import backgrounds, export, import_, landmarks
from toonmark.cli.data_sources import anime, cartoons, celeba, crop, dicebear, folder
from toonmark.cli.progress_bars import bars

app = typer.Typer(
    help="Make, check and show data sets.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_SET = typer.Argument(metavar="DIR", help="The set's folder.", show_default=False)


for _source in (folder, celeba, cartoons, anime, dicebear, crop):
    app.command()(_source)
for _tool in (drawings, layers, landmarks, backgrounds, export):
    app.command()(_tool)
app.command("import")(import_)


@app.command()
def check(
    directory: Annotated[Path, _SET],
    examples: Annotated[int, typer.Option(min=1, help="Pictures to name for each problem.")] = 3,
) -> None:
    """Read every picture of a set and name what is wrong; status 1 if it should not be used."""
    from toonmark.data.inspection import inspect

    with bars() as show_done:
        dataset, findings = inspect(
            directory, lambda done, total: show_done("reading", done, total)
        )
    train, validation = dataset.split()
    test = len(dataset) - len(train) - len(validation)
    typer.echo(
        f"{len(dataset)} pictures: {len(train)} for training, {len(validation)} for validation,"
        f" {test} for test"
    )
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
    """Draw a sheet of pictures with their points, and beside it a page of histograms (HTML)."""
    from toonmark.data.dataset import Dataset
    from toonmark.data.overview import overview
    from toonmark.data.sheet import contact_sheet
    from toonmark.files import write_text
    from toonmark.pictures import write

    dataset = Dataset.open(directory)
    text = overview(dataset, count)
    write(output, contact_sheet(dataset, count))
    page = output.with_suffix(".html")
    write_text(page, text)
    typer.echo(f"{output}\n{page}")
