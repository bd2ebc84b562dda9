"""``toonmark annotate``: the page on which people correct landmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def annotate(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A set, or a folder of pictures.")
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8765,
    host: Annotated[
        str, typer.Option(help="0.0.0.0 lets others in your network annotate too.")
    ] = "127.0.0.1",
    browser: Annotated[bool, typer.Option(help="Open the page.")] = True,
) -> None:
    """Correct a set's five landmarks in a browser; the least certain pictures come first.

    Each change is kept at once, in DIR/landmarks.csv and DIR/annotations.json. After fifty or a
    hundred pictures, `toonmark data landmarks DIR` learns from them and proposes the others anew.
    """
    import importlib.util
    import threading
    import webbrowser

    from toonmark.errors import MissingExtraError

    if importlib.util.find_spec("uvicorn") is None:
        raise MissingExtraError("toonmark annotate", "web")
    from toonmark.cli import page_server
    from toonmark.data.annotation.server import HOSTS, create_app
    from toonmark.data.annotation.store import Annotations

    annotations = Annotations(directory)
    local = host in ("127.0.0.1", "localhost")
    app = create_app(annotations, HOSTS if local else ("*",))

    def tell(address: str) -> None:
        done = f"{annotations.count()} of {len(annotations.entries)} pictures are done"
        typer.echo(f"{done}. The page is at {address}  (Ctrl-C ends)")
        if browser:
            threading.Timer(0.5, webbrowser.open, (address,)).start()

    page_server.serve(app, host, port, tell)
    typer.echo(f"{annotations.count()} of {len(annotations.entries)} pictures are done.")
