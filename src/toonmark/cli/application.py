"""The application: what subcommands there are, and how their errors are told.

A subcommand is a function in a module of its own, or an ``app`` of several, found through
:data:`COMMANDS`. To add one, write the module and a line here. The module is imported when the
subcommand is called: ``toonmark --help`` and ``toonmark cartoonize`` never pay for torch.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from toonmark.errors import MissingExtraError, RuntimeBrokenError, ToonmarkError


@dataclass(frozen=True)
class Subcommand:
    """Where a subcommand lives.

    Attributes:
        summary: its line in ``toonmark --help``.
        module: the module that holds it, under ``toonmark.cli``: a function of the same name, or
            a :class:`typer.Typer` called ``app`` with subcommands of its own.
        extra: the extra that installs what it needs beyond the core; empty for the core.
    """

    summary: str
    module: str
    extra: str = ""


COMMANDS = {
    "cartoonize": Subcommand("Draw the faces in photos as cartoons.", "cartoonize"),
    "batch": Subcommand("Draw millions of photos, on any number of machines.", "batch", "batch"),
    "serve": Subcommand("Serve the page and the HTTP API.", "serve", "web"),
    "page": Subcommand("Write the page as a static site.", "page", "web"),
    "styles": Subcommand("List the styles that ship, or check a style pack.", "styles"),
    "data": Subcommand("Make, check and show data sets.", "data"),
    "annotate": Subcommand(
        "Correct the five landmarks of a data set in a browser.", "annotate", "web"
    ),
    "render-cartoons": Subcommand(
        "Draw cartoon faces with exact landmarks, to train on.", "render_cartoons", "train"
    ),
    "train-landmarks": Subcommand(
        "Train a landmark regressor on pictures with known landmarks.", "train_landmarks", "train"
    ),
    "train": Subcommand("Train a style on unpaired faces and cartoons.", "train", "train"),
    "train-denoiser": Subcommand(
        "Train a denoiser for a style's drawings.", "train_denoiser", "train"
    ),
    "distill": Subcommand("Train a small generator on a run's drawings.", "distill", "train"),
    "train-layers": Subcommand("Train a style that draws in flat layers.", "train_layers", "train"),
    "export": Subcommand("Write a trained style as one file, a style pack.", "export", "train"),
    "evaluate": Subcommand("Measure a style on faces it has never seen.", "evaluate", "eval"),
    "experiment": Subcommand("Train and compare several configurations.", "experiment", "eval"),
    "study": Subcommand("Run a blind user study of methods.", "study", "web"),
}


class LazyGroup(TyperGroup):
    """Knows its subcommands by name and summary; imports the one that is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        if name in COMMANDS:
            command = load(name)
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        from toonmark.cli.termination import cleaned_up

        try:
            with cleaned_up():
                return super().invoke(ctx)
        except ToonmarkError as error:
            show_error(error)
            raise typer.Exit(2) from error
        except ImportError as error:
            told = package_error(error, ctx.invoked_subcommand or "")
            if told is None:
                raise
            show_error(told)
            raise typer.Exit(2) from error


def package_error(error: ImportError, subcommand: str) -> ToonmarkError | None:
    """The error for a package that is missing or broken; None if the fault is Toonmark's own."""
    package = (error.name or _raised_in(error)).partition(".")[0]
    if package in ("", "toonmark"):
        return None
    if isinstance(error, ModuleNotFoundError) and error.name == package:
        extra = COMMANDS[subcommand].extra if subcommand in COMMANDS else ""
        if extra:
            return MissingExtraError(f"toonmark {subcommand}", extra)
        return RuntimeBrokenError(
            f"Toonmark needs {package}, which is not installed.",
            "Install Toonmark again, as at first: it brings what it needs.",
        )
    from importlib.metadata import packages_distributions

    names = packages_distributions().get(package, [package])
    return RuntimeBrokenError(
        f"Toonmark needs {package}, which is installed and cannot be loaded "
        f"({' '.join(str(error).split())[:200]}).",
        f"Install it again: pip install --force-reinstall {names[0]}",
    )


def _raised_in(error: ImportError) -> str:
    """The module whose code raised an error."""
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return step.tb_frame.f_globals.get("__name__", "") if step else ""


def load(name: str) -> Any:
    """Imports a subcommand and gives it as a command object.

    Raises:
        ModuleNotFoundError: the extra it needs is not installed.
    """
    module = importlib.import_module(f"toonmark.cli.{COMMANDS[name].module}")
    if isinstance(group := getattr(module, "app", None), typer.Typer):
        return typer.main.get_group(group)
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name)(getattr(module, COMMANDS[name].module))
    return typer.main.get_command(alone)


def show_error(error: ToonmarkError) -> None:
    """Says in two sentences on standard error what happened and what to do."""
    typer.secho("Error: ", fg="red", bold=True, nl=False, err=True)
    typer.echo(f"{error.happened}\n{error.remedy}", err=True)


def _stand_in() -> None:
    """Holds a subcommand's place in the help until it is called."""


def _version(wanted: bool) -> None:
    if wanted:
        from toonmark._version import __version__

        typer.echo(f"toonmark {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    # A traceback is for errors that nobody foresaw: plain, quick, and easy to paste.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _name, _subcommand in COMMANDS.items():
    app.command(_name, help=_subcommand.summary)(_stand_in)


@app.callback()
def toonmark(
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Turns a photo of a face into a cartoon of that person."""
