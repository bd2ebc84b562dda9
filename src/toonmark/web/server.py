"""Runs the application, and says where."""

from __future__ import annotations

import socket

import typer
import uvicorn
from fastapi import FastAPI

from toonmark.web.settings import Settings


class Server(uvicorn.Server):
    """Prints its address once it listens.

    Args:
        fragment: is put behind the address: a token, which browsers never send to a server.
    """

    def __init__(self, config: uvicorn.Config, fragment: str = "") -> None:
        super().__init__(config)
        self._fragment = fragment

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for server in getattr(self, "servers", []):
            for listening in server.sockets:
                host, port = listening.getsockname()[:2]
                host = f"[{host}]" if ":" in host else host
                typer.echo(f"Toonmark: http://{host}:{port}/{self._fragment}")
                typer.echo("Stop with Ctrl+C.")


def configuration(app: FastAPI, host: str, port: int, settings: Settings) -> uvicorn.Config:
    """How the application is run: quiet, and with bounds on what one client can hold."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,  # addresses and options are nobody's business
        server_header=False,
        limit_concurrency=max(8 * settings.queue, 256),
        timeout_keep_alive=15,
        timeout_graceful_shutdown=5,
    )
