"""``toonmark train``: learn a style from unpaired faces and cartoons."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def train(
    run: Annotated[Path, typer.Argument(help="The run's directory; an old run goes on.")],
    config: Annotated[Path | None, typer.Option(help="YAML or JSON file with settings.")] = None,
    faces: Annotated[
        list[str] | None, typer.Option(help="Folder of faces; may be repeated.")
    ] = None,
    cartoons: Annotated[
        list[str] | None, typer.Option(help="Folder of cartoons; may be repeated.")
    ] = None,
    face_regressor: Annotated[
        str | None, typer.Option(help="Run of train-landmarks on faces.")
    ] = None,
    cartoon_regressor: Annotated[
        str | None, typer.Option(help="Run of train-landmarks on cartoons.")
    ] = None,
    ablation: Annotated[
        str | None, typer.Option(help="A row of the paper's ablation, such as lm_cd.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting, as in --set stage1=50000; may be repeated."),
    ] = None,
    threads: Annotated[
        int, typer.Option(help="On a CPU: 2 runs both directions side by side.", min=1, max=2)
    ] = 2,
    accelerator: Annotated[str, typer.Option(help="cpu, cuda, mps or auto.")] = "auto",
    devices: Annotated[int, typer.Option(help="Devices on this machine.")] = 1,
    nodes: Annotated[int, typer.Option(help="Machines.")] = 1,
    precision: Annotated[str, typer.Option(help="32-true or bf16-mixed.")] = "32-true",
) -> None:
    """Trains a style; started again it goes on where it was.

    A killed run loses at most the iterations since its last checkpoint, and ends with the very
    weights that it would have had.
    """
    import torch

    from toonmark.cli.settings import gathered
    from toonmark.errors import ConfigurationError
    from toonmark.training.config import ABLATION, TrainConfig, parse
    from toonmark.training.engine import StyleTrainer
    from toonmark.training.fabric import make_fabric
    from toonmark.training.loop import train as train_loop
    from toonmark.training.run import open_run

    given: dict[str, Any] = {
        "faces": faces,
        "cartoons": cartoons,
        "face_regressor": face_regressor,
        "cartoon_regressor": cartoon_regressor,
    }
    given = {name: value for name, value in given.items() if value}
    if ablation is not None:
        if ablation not in ABLATION:
            raise ConfigurationError(
                f"There is no ablation {ablation}.", f"Choose one of: {', '.join(ABLATION)}."
            )
        given["method"] = ABLATION[ablation].model_dump()
    values = gathered(config, settings, given)
    chosen = open_run(run, TrainConfig, parse(TrainConfig, values) if values else None)
    # Pixels are computed one picture at a time; two directions, not two threads an operation.
    torch.set_num_threads(1)
    fabric = make_fabric(accelerator, devices, nodes, precision)
    trainer = StyleTrainer(chosen, fabric, threads)
    finished = train_loop(trainer, chosen, run)
    if fabric.is_global_zero:
        if finished:
            typer.echo(f"Finished {chosen.iterations} iterations; next: toonmark export {run}")
        else:
            typer.echo(f"Stopped; `toonmark train {run}` goes on.")
