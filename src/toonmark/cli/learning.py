"""What the commands that train have in common: their options, and the way from start to end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import typer

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from toonmark.configuration import Frozen
    from toonmark.training.loop import Schedule, Trainer

    C = TypeVar("C", bound=Frozen)

    class Measured(Trainer, Protocol):
        """A training whose result is measured on held-out pictures and kept as one file."""

        def error(self) -> Mapping[str, float]:
            """Errors by name, and the number ``n`` of pictures."""

        def save(self, folder: Path, error: Mapping[str, float]) -> Path:
            """Writes the weights, with the errors as facts about them."""


RunArgument = Annotated[Path, typer.Argument(help="The run's directory; an old run goes on.")]
ConfigOption = Annotated[Path | None, typer.Option(help="YAML or JSON file with settings.")]
FacesOption = Annotated[list[str] | None, typer.Option(help="Folder of faces; may be repeated.")]
CartoonsOption = Annotated[
    list[str] | None, typer.Option(help="Folder of cartoons; may be repeated.")
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting, as in --set size=64; may be repeated."),
]
ThreadsOption = Annotated[int, typer.Option(help="CPU threads; 0: all cores.", min=0)]
AcceleratorOption = Annotated[str, typer.Option(help="cpu, cuda, mps or auto.")]
DevicesOption = Annotated[int, typer.Option(help="Devices on this machine.", min=1)]
NodesOption = Annotated[int, typer.Option(help="Machines.", min=1)]
PrecisionOption = Annotated[str, typer.Option(help="32-true or bf16-mixed.")]


def opened(
    run: Path,
    kind: type[C],
    config: Path | None,
    settings: list[str] | None,
    given: Mapping[str, Any],
) -> C:
    """The configuration of a run that is begun, or gone on with where nothing is given.

    Args:
        config: file of settings; ``given`` stands above it, and ``settings`` above both.
        given: the command's own options; those without a value are left out.
    """
    from toonmark.artifacts import settings_of
    from toonmark.cli.settings import gathered
    from toonmark.training.config import parse
    from toonmark.training.run import open_run

    own = {name: value for name, value in given.items() if value}
    if config is None and not settings and not own:
        return open_run(run, kind, None)
    # A few settings change what the run has; a file stands for all of them.
    before = settings_of(run) if config is None else {}
    return open_run(run, kind, parse(kind, gathered(config, settings, own, before)))


def machine(threads: int, accelerator: str, devices: int, nodes: int, precision: str) -> Fabric:
    """What a training runs on, by the options of this name; all cores for no threads."""
    import torch

    from toonmark.training.fabric import make_fabric

    if threads:
        torch.set_num_threads(threads)
    return make_fabric(accelerator, devices, nodes, precision)


def learned(
    trainer: Measured, schedule: Schedule, run: Path, command: str
) -> tuple[Mapping[str, float], Path] | None:
    """Trains to the end, measures on held-out pictures, and keeps the weights.

    Args:
        command: what goes on with the run, for people.

    Returns:
        the errors, also in ``error.json``, and the weights' file; None where training was
        stopped, and on every process but the first.
    """
    from toonmark.files import write_text
    from toonmark.training.loop import train

    finished = train(trainer, schedule, run)
    if not trainer.fabric.is_global_zero:
        return None
    if not finished:
        typer.echo(f"Stopped; `{command}` goes on.")
        return None
    error = trainer.error()
    path = trainer.save(run, error)
    write_text(run / "error.json", json.dumps(error, indent=1) + "\n")
    return error, path
