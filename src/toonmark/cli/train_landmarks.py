"""``toonmark train-landmarks``: pre-train a landmark regressor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer


def train_landmarks(
    data: Annotated[
        list[str] | None,
        typer.Argument(help="Folders with pictures and a landmarks.csv; none goes on with --run."),
    ] = None,
    run: Annotated[Path, typer.Option(help="The run's directory.")] = Path("runs/landmarks"),
    config: Annotated[Path | None, typer.Option(help="YAML or JSON file with settings.")] = None,
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
    """Trains a landmark regressor and reports its error on held-out pictures."""
    import torch

    from toonmark.cli.settings import gathered
    from toonmark.files import write_text
    from toonmark.training.config import RegressorConfig, parse
    from toonmark.training.fabric import make_fabric
    from toonmark.training.landmarks import LandmarkTrainer
    from toonmark.training.loop import train as train_loop
    from toonmark.training.run import open_run

    given: dict[str, Any] = {"data": list(data)} if data else {}
    values = gathered(config, settings, given)
    chosen = open_run(run, RegressorConfig, parse(RegressorConfig, values) if values else None)
    if threads:
        torch.set_num_threads(threads)
    fabric = make_fabric(accelerator, devices, nodes, precision)
    trainer = LandmarkTrainer(chosen, fabric)
    if not train_loop(trainer, chosen, run):
        typer.echo(f"Stopped; `toonmark train-landmarks --run {run}` goes on.")
        return
    if fabric.is_global_zero:
        error = trainer.error()
        path = trainer.save(run, error)
        write_text(run / "error.json", json.dumps(error, indent=1) + "\n")
        typer.echo(
            f"Normalised mean error on {error['n']:.0f} held-out pictures: "
            f"mean {error['mean']:.2%}, median {error['median']:.2%}; "
            f"moved as in training: median {error['moved_median']:.2%}.\nWrote {path}"
        )
