"""``toonmark evaluate``: measures styles, and writes tables and a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    faces: Annotated[Path, typer.Option(help="Folder of photos with landmarks.csv.")],
    cartoons: Annotated[Path, typer.Option(help="Folder of real cartoons.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for scores.json and report.html.")
    ],
    styles: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PACK]...", help="Style packs (.onnx) to measure."),
    ] = None,
    runs: Annotated[
        list[Path] | None,
        typer.Option("--run", help="Run of `toonmark train`: its cycle is measured too."),
    ] = None,
    n: Annotated[int, typer.Option("--n", min=2, help="How many photos.")] = 250,
    seed: Annotated[int, typer.Option(help="Which ones.")] = 0,
    held_out: Annotated[
        bool,
        typer.Option("--held-out/--all", help="Only pictures that training held out, or all."),
    ] = True,
    part: Annotated[
        str, typer.Option(help="Of the held-out ones: test to report, validation to choose by.")
    ] = "test",
    crop: Annotated[
        bool, typer.Option("--crop", help="Cut faces as each style wants them; for whole photos.")
    ] = False,
    extractor: Annotated[
        str, typer.Option(help="efficientnet-lite0, illustration2vec, inception, vgg16.")
    ] = "efficientnet-lite0",
    weights: Annotated[Path | None, typer.Option(help="The extractor's weights.")] = None,
    finder: Annotated[
        str, typer.Option(help="What finds points in drawings: mtcnn, or animeface for anime.")
    ] = "mtcnn",
    portraits: Annotated[
        bool,
        typer.Option(
            "--portraits", help="Measure outline, colour on the head and glasses too; for photos."
        ),
    ] = False,
    cache: Annotated[
        Path | None, typer.Option(help="Folder where measurements are kept.", show_default=False)
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="How many cores to use.")] = 1,
) -> None:
    """Measure styles on faces they have never seen.

    Writes scores.json for programs and report.html for people: it shows the photos, so share it
    only as far as their licence allows. Measurements are kept: an evaluation that was stopped goes
    on where it was, and a second one takes seconds.
    """
    import warnings

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from toonmark.cli.progress_bars import bars
    from toonmark.evaluation import Options, default_cache
    from toonmark.evaluation.summary import references, summary_table
    from toonmark.evaluation.tables import portrait_table
    from toonmark.making import evaluate as measured

    options = Options(
        held_out=held_out,
        part=part,  # type: ignore[arg-type]  # it refuses any other
        crop=crop,
        extractor=extractor,
        weights=weights,
        finder=finder,
        portraits=portraits,
        cache=cache or default_cache(),
    )
    with bars() as show, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are in the report, and printed below
        result = measured(
            styles or (),
            faces,
            cartoons,
            runs=runs or (),
            out=output,
            n=n,
            seed=seed,
            threads=threads,
            options=options,
            on_progress=show,
        )
    console, table = Console(stderr=True), Console()
    table.print(summary_table(result))
    if (portraits_measured := portrait_table(result.scores)).rows:
        shown = Table("style", *portraits_measured.headings[1:])
        for row in portraits_measured.rows:
            shown.add_row(row.name, *map(str, row.cells))
        table.print(shown)
    compared = [reference for reference, _ in references(result.scores)]
    for caveat in dict.fromkeys(caveat for one in compared for caveat in one.warnings):
        table.print(f"[yellow]Note:[/] {escape(caveat)}", highlight=False)
    for name, reason in dict.fromkeys(lost for one in compared for lost in one.skipped):
        console.print(f"[yellow]Left out:[/] {escape(f'{name}: {reason}')}", highlight=False)
    console.print(f"Written: {output / 'scores.json'} and {output / 'report.html'}")
