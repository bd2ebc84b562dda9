"""``toonmark distill``: teach a small generator what a run draws."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer


def distill(
    run: Annotated[Path, typer.Argument(help="The run's directory; an old run goes on.")],
    config: Annotated[Path | None, typer.Option(help="YAML or JSON file with settings.")] = None,
    teacher: Annotated[
        str | None, typer.Option(help="Run of `toonmark train`, or weights it kept.")
    ] = None,
    denoiser: Annotated[
        str | None, typer.Option(help="Run of `toonmark train-denoiser`, behind the teacher.")
    ] = None,
    faces: Annotated[
        list[str] | None, typer.Option(help="Folder of faces; may be repeated.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting, as in --set iterations=6000; may be repeated."),
    ] = None,
    threads: Annotated[int, typer.Option(help="CPU threads; 0: all cores.")] = 0,
    accelerator: Annotated[str, typer.Option(help="cpu, cuda, mps or auto.")] = "auto",
    devices: Annotated[int, typer.Option(help="Devices on this machine.")] = 1,
    nodes: Annotated[int, typer.Option(help="Machines.")] = 1,
    precision: Annotated[str, typer.Option(help="32-true or bf16-mixed.")] = "32-true",
) -> None:
    """Trains a generator on what a run draws, for `toonmark export`; started again it goes on."""
    import torch

    from toonmark.cli.settings import gathered
    from toonmark.files import write_text
    from toonmark.training.config import DistillationConfig, parse
    from toonmark.training.distillation import DistillationTrainer
    from toonmark.training.fabric import make_fabric
    from toonmark.training.loop import train as train_loop
    from toonmark.training.run import open_run

    given: dict[str, Any] = {"faces": faces, "teacher": teacher, "denoiser": denoiser}
    given = {name: value for name, value in given.items() if value}
    values = gathered(config, settings, given)
    chosen = open_run(
        run, DistillationConfig, parse(DistillationConfig, values) if values else None
    )
    if threads:
        torch.set_num_threads(threads)
    fabric = make_fabric(accelerator, devices, nodes, precision)
    trainer = DistillationTrainer(chosen, fabric)
    if not train_loop(trainer, chosen, run):
        if fabric.is_global_zero:
            typer.echo(f"Stopped; `toonmark distill {run}` goes on.")
        return
    if fabric.is_global_zero:
        error = trainer.error()
        path = trainer.save(run, error)
        write_text(run / "error.json", json.dumps(error, indent=1) + "\n")
        typer.echo(
            f"Mean difference from the teacher's drawings of {error['n']:.0f} held-out photos, of "
            f"255: {error['student']:.1f}.\nWrote {path}"
        )
