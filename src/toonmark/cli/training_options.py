"""The options that all training commands share, and the call of the training."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from toonmark.making import Trained


RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="The run's directory; an old run goes on.")
]
ConfigOption = Annotated[Path | None, typer.Option(help="YAML or JSON file with settings.")]
FacesOption = Annotated[list[str] | None, typer.Option(help="Folder of faces; may be repeated.")]
CartoonsOption = Annotated[
    list[str] | None, typer.Option(help="Folder of cartoons; may be repeated.")
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting, as in --set size=64; may be repeated."),
]
#: Options of :func:`toonmark.making.train` by its names, and their defaults.
_MACHINE: dict[str, tuple[Any, Any]] = {
    "threads": (Annotated[int, typer.Option(help="CPU threads; 0: all cores.", min=0)], 0),
    "accelerator": (Annotated[str, typer.Option(help="cpu, cuda, mps or auto.")], "auto"),
    "devices": (Annotated[int, typer.Option(help="Devices on this machine.", min=1)], 1),
    "nodes": (Annotated[int, typer.Option(help="Machines.", min=1)], 1),
    "precision": (Annotated[str, typer.Option(help="32-true or bf16-mixed.")], "32-true"),
}
_WORKERS = Annotated[
    int | None,
    typer.Option(
        help="Processes that make pictures ahead of a device.", min=0, show_default="for a GPU"
    ),
]


def on_machine(*, workers: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a training command the options that say where it trains; it takes them as ``machine``.

    Args:
        workers: whether pictures can be made ahead. An option that the command has itself stays
            its own.
    """
    shared = dict(_MACHINE, **({"workers": (_WORKERS, None)} if workers else {}))

    def given(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command, eval_str=True).parameters
        parameters = [parameter for name, parameter in own.items() if name != "machine"]
        parameters += [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value, annotation=kind)
            for name, (kind, value) in shared.items()
            if name not in own
        ]

        @functools.wraps(command)
        def called(**values: Any) -> None:
            machine = {name: values.pop(name) for name in shared if name not in own}
            command(**values, machine=machine)

        called.__annotations__ = {one.name: one.annotation for one in parameters}
        vars(called)["__signature__"] = inspect.Signature(parameters)
        return called

    return given


def trained(
    run: Path,
    kind: str,
    config: Path | None,
    settings: list[str] | None,
    given: Mapping[str, Any],
    **machine: Any,
) -> Trained | None:
    """Trains a run to the end, and says so where it was stopped before.

    Args:
        run: is begun, or goes on; as it was where nothing is given.
        kind: of run.
        config: file of settings; ``given`` stands above it, and ``settings`` above both.
        given: the command's own options; those without a value are left out.
        machine: options of :func:`toonmark.making.train`.

    Returns:
        what there is to tell; None where it was stopped, and on every process but the first.
    """
    from toonmark import making
    from toonmark.artifacts import settings_of
    from toonmark.cli.settings import gathered

    own, chosen = {name: value for name, value in given.items() if value}, {}
    if config is not None or settings or own:
        # A few settings change what the run has; a file stands for all of them.
        chosen = gathered(config, settings, own, settings_of(run) if config is None else {})
    result = making.train({**chosen, "kind": kind}, run, **machine)
    if result.finished:
        return result if result.first else None
    if result.first:
        typer.echo(f"Stopped; `{result.config.run_kind.again(run)}` goes on.")
    return None
