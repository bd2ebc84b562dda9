"""Runs the local servers of ``toonmark annotate`` and ``toonmark study`` until Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any


def serve(app: Any, host: str, port: int, told: Callable[[str], None]) -> None:
    """Serves an ASGI application.

    Args:
        port: 0 for any that is free.
        told: called with the address once the server may be asked: who comes early waits.

    Raises:
        OutputNotWritableError: nothing can listen there.
    """
    import socket

    import uvicorn

    from toonmark.errors import OutputNotWritableError

    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    with listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen()
        except OSError as error:
            raise OutputNotWritableError(
                f"Port {port} of {host} cannot be used ({error.strerror}).",
                "Choose another with --port, or 0 for any free one.",
            ) from error
        shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        shown = f"[{shown}]" if ":" in shown else shown
        told(f"http://{shown}:{listening.getsockname()[1]}/")
        config = uvicorn.Config(app, log_level="warning", access_log=False)
        with suppress(KeyboardInterrupt):  # raised once more after the server has ended well
            uvicorn.Server(config).run(sockets=[listening])
