"""Runs the application in uvicorn, and prints its addresses."""

from __future__ import annotations

import contextlib
import math
import socket
import ssl
import sys
from collections.abc import Sequence

import typer
import uvicorn
from fastapi import FastAPI

from toonmark.web import addresses
from toonmark.web.service import Service


class Server(uvicorn.Server):
    """Prints its address once it listens; for other devices, as a QR code too.

    Args:
        service: is told when the server stops, so that every client gets an answer.
        fragment: is put behind the address: a token, which browsers never send to a server.
        scheme: http, or https.
        notes: are printed below the address.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        service: Service,
        fragment: str = "",
        scheme: str = "http",
        notes: Sequence[str] = (),
    ) -> None:
        super().__init__(config)
        self._service = service
        self._fragment = fragment
        self._scheme = scheme
        self._notes = notes

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serves until SIGINT (Ctrl+C) or SIGTERM; a second Ctrl+C ends it at once."""
        # Once all is done, uvicorn raises the signal again, for whoever else handles it.
        with contextlib.suppress(KeyboardInterrupt):
            super().run(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answers those who wait, within ``drain_time``."""
        self._service.drain()
        self._service.connections.end_handshakes()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second."""
        if counter % 10 == 0:
            self._service.connections.sweep()
        return await super().on_tick(counter)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for server in getattr(self, "servers", []):
            for listening in server.sockets:
                host, port = listening.getsockname()[:2]
                self._tell(addresses.reachable(host), port)
        for note in self._notes:
            typer.echo(note)
        typer.echo("Stop with Ctrl+C.")

    def _tell(self, host: str, port: int) -> None:
        host = f"[{host}]" if ":" in host else host
        address = f"{self._scheme}://{host}:{port}/{self._fragment}"
        typer.echo(f"Toonmark: {address}")
        blocks = "utf" in (sys.stdout.encoding or "").lower()
        if sys.stdout.isatty() and blocks and not addresses.is_loopback(host.strip("[]")):
            typer.echo(addresses.qr_code(address))


def configuration(
    app: FastAPI, host: str, port: int, tls: ssl.SSLContext | None = None
) -> uvicorn.Config:
    """Uvicorn's configuration: quiet, and with bounds on the connections of one client."""
    service: Service = app.state.service
    settings = service.settings
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,  # addresses and options are nobody's business
        server_header=False,
        http=service.connections.protocol(tls),  # type: ignore[arg-type]
        ws="none",
        timeout_keep_alive=math.ceil(settings.idle_time),
        # Longer than requests may take by then: this cuts off without an answer.
        timeout_graceful_shutdown=math.ceil(settings.drain_time) + 2,
    )
