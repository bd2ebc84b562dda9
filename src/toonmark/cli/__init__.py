"""The command line: one file a subcommand, imported when it is called and not before."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typer

    app: typer.Typer

__all__ = ["app", "main"]

#: How often a thread of torch (GNU OpenMP) looks whether the others are done before it sleeps. With
#: the default of 300,000 it holds up the very threads that it waits for, where others work too.
SPINS = "10000"


def __getattr__(name: str) -> Any:
    if name == "app":
        from toonmark.cli.application import app

        return app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def main() -> None:
    """The entry point of ``toonmark``; answers ``--version`` before anything is imported."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from toonmark._version import __version__

        print(f"toonmark {__version__}")
        return
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)  # read when torch is imported
    for stream in (sys.stdout, sys.stderr):
        # A file name that is no valid Unicode must not end the run when it is printed.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    from toonmark.cli.application import app

    app(prog_name="toonmark")
