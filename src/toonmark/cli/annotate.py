"""``toonmark annotate``."""

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
    """Put the five points where they belong, in a browser; the most doubtful pictures come first.

    Each change is kept at once, in DIR/landmarks.csv and DIR/annotations.json. After fifty or a
    hundred pictures, `toonmark data landmarks DIR` learns from them and proposes the others anew.
    """
    import socket
    import threading
    import webbrowser
    from contextlib import suppress

    try:
        import uvicorn
    except ModuleNotFoundError as error:
        from toonmark.errors import MissingExtraError

        raise MissingExtraError("toonmark annotate", "web") from error

    from toonmark.data.annotation.server import HOSTS, create_app
    from toonmark.data.annotation.store import Annotations
    from toonmark.errors import OutputError

    annotations = Annotations(directory)
    local = host in ("127.0.0.1", "localhost")
    app = create_app(annotations, HOSTS if local else ("*",))
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()  # before the address is told: who comes early waits, and is let in
    except OSError as error:
        raise OutputError(
            f"Port {port} of {host} cannot be used ({error.strerror}).",
            "Choose another with --port, or 0 for any free one.",
        ) from error
    shown = "127.0.0.1" if host == "0.0.0.0" else host
    address = f"http://{shown}:{listener.getsockname()[1]}/"
    done, total = annotations.count(), len(annotations.entries)
    typer.echo(f"{done} of {total} pictures are done. The page is at {address}  (Ctrl-C ends)")
    if browser:
        threading.Timer(0.5, webbrowser.open, (address,)).start()
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
    with suppress(KeyboardInterrupt):  # raised once more after the server has ended well
        uvicorn.Server(config).run(sockets=[listener])
    typer.echo(f"{annotations.count()} of {total} pictures are done.")
