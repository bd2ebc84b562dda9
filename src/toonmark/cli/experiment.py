"""``toonmark experiment``: configurations trained and measured alike."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="Train and measure several configurations alike, such as the paper's ablation.",
)

_Plan = Annotated[
    Path, typer.Argument(metavar="PLAN", help="YAML file: train, rows, seeds, measure.")
]
_Out = Annotated[
    Path, typer.Argument(metavar="OUT", help="The experiment's folder; an old one goes on.")
]
_Jobs = Annotated[int, typer.Option(min=1, help="Runs side by side, of one thread each.")]
_Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting, as in --set train.stage1=5000; may be repeated."),
]


@app.command()
def ablation(plan: _Plan, out: _Out, jobs: _Jobs = 2, settings: _Settings = None) -> None:
    """Train and measure the paper's ablation (table 2, figures 9 and 10).

    Without `rows` in the plan all seven are trained. May be killed at any moment: the same
    command goes on. A row that fails is recorded and tried again the next time. Writes table.md,
    table.json and report.html, which shows photos: share it only as far as their licence allows.
    """
    _experiment("ablation", plan, out, jobs, settings)


@app.command()
def comparison(plan: _Plan, out: _Out, jobs: _Jobs = 2, settings: _Settings = None) -> None:
    """Train, draw and measure the methods that the paper compares with (table 2, figures 4 to 7).

    Without `rows` in the plan: Style, Analogy, Improving, MUNIT, CycleGAN and the ablation's rows.
    Missing weights, styles or sets are told before anything is trained. Goes on where it was
    killed. Writes table.md, report.html, figures/, and study/ as `toonmark study create` takes it.
    """
    _experiment("comparison", plan, out, jobs, settings)


@app.command()
def run(plan: _Plan, out: _Out, jobs: _Jobs = 2, settings: _Settings = None) -> None:
    """Train and measure any list of configurations: the plan names its rows."""
    _experiment("run", plan, out, jobs, settings)


@app.command()
def wolf(
    style: Annotated[
        str, typer.Argument(metavar="STYLE", help="A style pack, or the name of one that ships.")
    ],
    output: Annotated[Path, typer.Argument(metavar="OUT", help="The figure to write, a PNG.")],
    inputs: Annotated[Path, typer.Option(help="Folder of figures, such as Wolf et al. print.")],
    rows: Annotated[int, typer.Option(min=1, help="Pictures from top to bottom in a figure.")],
    columns: Annotated[int, typer.Option(min=2, help="Pictures from left to right.")],
    group: Annotated[
        int, typer.Option(min=2, help="Columns of an example: its input, then their drawing.")
    ] = 2,
) -> None:
    """Lay out figure 11: inputs and drawings of another paper's figure, and ours beside them.

    Wolf et al. 2017 published no code, and no pictures but those in their paper. Cut its figures
    out as pictures, without captions, and give the folder that holds them.
    """
    from toonmark.cartoonizer import Cartoonizer
    from toonmark.experiments.wolf import write_figure

    count, lost = write_figure(inputs, Cartoonizer(style), output, rows, columns, group)
    for text in lost:
        typer.echo(f"Left out: {text}", err=True)
    typer.echo(f"Written: {output}, {count} examples")


@app.command()
def slim(
    run: Annotated[
        Path,
        typer.Argument(metavar="RUN", help="A finished run of `toonmark train`, any method."),
    ],
    out: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A new one, such as OUT/rows/full-seed0.")
    ],
) -> None:
    """Copy what measuring needs of a run: its configuration, and averaged weights in 16 bits.

    For runs that are trained on another machine. Put into an experiment's folder as
    rows/ROW-seedN they count as trained there; the table says how they were trained.
    """
    from toonmark.experiments.slim import write_slim

    file = write_slim(run, out)
    typer.echo(f"Written: {file}, {file.stat().st_size / 1e6:.1f} MB")


@app.command()
def table(plan: _Plan, out: _Out, settings: _Settings = None) -> None:
    """Measure what is finished so far, and write the table; nothing is trained."""
    _experiment("table", plan, out, 0, settings)


def _experiment(kind: str, file: Path, out: Path, jobs: int, settings: list[str] | None) -> None:
    import cv2
    import torch

    from toonmark.cli.progress_bars import bars
    from toonmark.cli.settings import gathered
    from toonmark.experiments.experiment import rows_begun, tabulate, train_rows
    from toonmark.experiments.plan import plan_of

    values = gathered(file, settings, {})
    plan = plan_of({**rows_begun(out), **values} if kind == "table" else values, kind)
    again = ["toonmark", "experiment", plan.kind, str(file), str(out)]
    again += [part for setting in settings or () for part in ("--set", setting)]
    command = shlex.join(again)
    if jobs and not train_rows(plan, out, jobs):
        typer.echo(f"Stopped; `{command}` goes on.")
        raise typer.Exit(130)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    with bars() as show:
        tabulate(plan, out, command, show)
    typer.echo((out / "table.md").read_text(encoding="utf-8"))
    typer.echo(f"Written: {out / 'table.md'}, {out / 'table.json'} and {out / 'report.html'}")
