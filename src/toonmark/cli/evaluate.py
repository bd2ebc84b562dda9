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

    import cv2
    import torch
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TimeRemainingColumn

    from toonmark.errors import ConfigurationError
    from toonmark.evaluation.cache import default_folder
    from toonmark.evaluation.drawers import Drawer, PackDrawer
    from toonmark.evaluation.networks import Options
    from toonmark.evaluation.run_drawing import open_run_drawer
    from toonmark.evaluation.scores_page import write_report
    from toonmark.evaluation.summary import portrait_summary, references, summary_table
    from toonmark.files import write_text
    from toonmark.making import evaluate as measured

    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    if part not in ("test", "validation"):
        raise ConfigurationError(f"There is no part {part}.", "Name test or validation.")
    if not styles and not runs:
        raise ConfigurationError(
            "There is nothing to measure.", "Name a style pack, or a run with --run."
        )
    drawers: list[Drawer] = [PackDrawer(style, threads) for style in styles or ()]
    drawers += [open_run_drawer(run) for run in runs or ()]
    console = Console(stderr=True)
    options = Options(
        held_out=held_out,
        part="validation" if part == "validation" else "test",
        crop=crop,
        extractor=extractor,
        weights=weights,
        finder=finder,
        portraits=portraits,
        cache=cache or default_folder(),
    )
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are in the report, and printed below
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done)

        result = measured(
            drawers, faces, cartoons, n=n, seed=seed, options=options, on_progress=show
        )
    write_text(output / "scores.json", result.model_dump_json(indent=1) + "\n")
    write_report(result, drawers, faces, output / "report.html", crop=crop)
    table = Console()
    table.print(summary_table(result))
    if (whole := portrait_summary(result)) is not None:
        table.print(whole)
    compared = [reference for reference, _ in references(result.scores)]
    for caveat in dict.fromkeys(caveat for one in compared for caveat in one.warnings):
        table.print(f"[yellow]Note:[/] {escape(caveat)}", highlight=False)
    for name, reason in dict.fromkeys(lost for one in compared for lost in one.skipped):
        console.print(f"[yellow]Left out:[/] {escape(f'{name}: {reason}')}", highlight=False)
    console.print(f"Written: {output / 'scores.json'} and {output / 'report.html'}")
