"""Options and steps that all training commands share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from toonmark.configuration import Frozen
    from toonmark.making import Trained
    from toonmark.training.config import RunConfig

    C = TypeVar("C", bound=RunConfig)


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
WorkersOption = Annotated[
    int | None,
    typer.Option(
        help="Processes that make pictures ahead of a device.", min=0, show_default="for a GPU"
    ),
]
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
    from toonmark.configuration import parse
    from toonmark.training.run import open_run

    own = {name: value for name, value in given.items() if value}
    if config is None and not settings and not own:
        return open_run(run, kind, None)
    # A few settings change what the run has; a file stands for all of them.
    before = settings_of(run) if config is None else {}
    return open_run(run, kind, parse(kind, gathered(config, settings, own, before)))


def trained(
    config: Frozen,
    run: Path,
    again: str,
    *,
    threads: int,
    accelerator: str,
    devices: int,
    nodes: int,
    precision: str,
    workers: int | None = None,
    compiled: bool = False,
) -> Trained | None:
    """Trains to the end, and says so where it was stopped before.

    Args:
        again: the command that goes on with the run, for people.

    Returns:
        what there is to tell; None where it was stopped, and on every process but the first.
    """
    from toonmark import making

    result = making.train(
        config,
        run,
        threads=threads,
        accelerator=accelerator,
        devices=devices,
        nodes=nodes,
        precision=precision,
        workers=workers,
        compiled=compiled,
    )
    if result.finished:
        return result if result.first else None
    if result.first:
        typer.echo(f"Stopped; `{again}` goes on.")
    return None
