"""``toonmark serve``: the page and the HTTP API."""

from __future__ import annotations

import secrets
import ssl
from pathlib import Path
from typing import Annotated

import typer

from toonmark.errors import ConfigurationError


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 is every one of this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8000,
    style: Annotated[
        list[Path] | None,
        typer.Option("--style", "-s", help="A style pack, or a folder of them, to offer as well."),
    ] = None,
    token: Annotated[
        str,
        typer.Option(
            envvar="TOONMARK_TOKEN",
            help="Token that requests must send, 16 characters or more; needed beyond localhost. "
            "auto makes one up.",
        ),
    ] = "",
    https: Annotated[
        bool,
        typer.Option(
            "--https",
            help="Encrypt by a certificate made for this start, of which browsers warn; phones "
            "need https for camera and copying.",
        ),
    ] = False,
    certificate: Annotated[
        Path | None, typer.Option(help="Encrypt by this certificate, a PEM file.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="The certificate's key, if it is not in the same file.")
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="A further name that the server answers to, such as a proxy's."),
    ] = None,
    max_megabytes: Annotated[float, typer.Option(min=0.01, help="Of one upload.")] = 30,
    max_megapixels: Annotated[float, typer.Option(min=0.01, help="Of one photo.")] = 50,
    max_drawn_megapixels: Annotated[
        float,
        typer.Option(min=0.01, help="Of all cartoons in one answer together."),
    ] = 16.8,
    decoding_megapixels: Annotated[
        float, typer.Option(min=0.01, help="Of all photos that are decoded at a time.")
    ] = 64,
    connections: Annotated[
        int, typer.Option(min=2, help="Open at a time; half of them from one address.")
    ] = 512,
    idle_time: Annotated[
        float, typer.Option(min=1, help="Seconds that a connection may wait with no whole request.")
    ] = 10,
    uploads: Annotated[
        int, typer.Option(min=2, help="Under way at a time; half of them from one address.")
    ] = 64,
    keep_time: Annotated[
        float,
        typer.Option(
            min=0,
            max=600,
            help="Seconds that a photo of the page may stay in memory, to be sent once only.",
        ),
    ] = 300,
    queue: Annotated[
        int, typer.Option(min=1, help="Requests that wait or are being drawn, at a time.")
    ] = 32,
    batch: Annotated[int, typer.Option(min=1, help="Requests drawn together.")] = 8,
    workers: Annotated[int | None, typer.Option(min=1, help="Threads that draw.")] = None,
    time_limit: Annotated[float, typer.Option(min=0.1, help="Seconds for one request.")] = 30,
    drain_time: Annotated[
        float, typer.Option(min=0, help="Seconds for what is begun when the server is stopped.")
    ] = 8,
) -> None:
    """Serve the page and the API.

    Open the address it prints, drop a photo. In the page's own mode the photo never leaves the
    browser. Nothing of a photo is stored or logged in any mode; one that the page sends to be drawn
    on the server stays in memory for some minutes.
    """
    from toonmark.web import assets, network_addresses
    from toonmark.web.app import create_app
    from toonmark.web.server import Server, configuration
    from toonmark.web.settings import LOOPBACK, Settings

    local = network_addresses.is_loopback(host)
    if not local and not token:
        raise ConfigurationError(
            f"On {host} anybody in reach could use this server, and no token is set.",
            "Give one with --token TOKEN, or have one made: --token auto",
        )
    token = secrets.token_urlsafe(24) if token == "auto" else token
    tls, notes = _encryption(https, certificate, key, host)
    if not (local or tls):
        notes = ["Browsers forbid camera, copying and more over plain http: add --https"]
    defaults = Settings()
    settings = Settings(
        styles=tuple(style or ()),
        token=token,
        hosts=(*LOOPBACK, host.lower(), *(name.lower() for name in allow_host or ()))
        if local
        else (),
        max_bytes=int(max_megabytes * 1e6),
        max_pixels=int(max_megapixels * 1e6),
        max_drawn=int(max_drawn_megapixels * 1e6),
        decoding=int(decoding_megapixels * 1e6),
        connections=connections,
        idle_time=idle_time,
        uploads=uploads,
        keep_time=keep_time,
        queue=queue,
        batch=batch,
        workers=workers or defaults.workers,
        time_limit=time_limit,
        drain_time=drain_time,
    )
    app = create_app(settings)
    if not assets.is_built():
        typer.secho("The page is not built; the API works all the same.", fg="yellow", err=True)
        typer.echo(f"To build it, in the source tree: {assets.HOW_TO_BUILD}", err=True)
    fragment = f"#token={token}" if token else ""
    scheme = "https" if tls else "http"
    config = configuration(app, host, port, tls)
    Server(config, app.state.service, fragment, scheme, notes).run()


def _encryption(
    https: bool, certificate: Path | None, key: Path | None, host: str
) -> tuple[ssl.SSLContext | None, list[str]]:
    """TLS, if any is wanted, and what is to be said about it.

    Raises:
        ConfigurationError: see :func:`toonmark.web.tls.given`; or a key without a certificate.
    """
    from toonmark.web import network_addresses, tls

    if certificate is not None:
        return tls.given(certificate, key), []
    if key is not None:
        raise ConfigurationError(
            "There is a key, but no certificate.", "Give both: --certificate FILE --key FILE"
        )
    if not https:
        return None, []
    context, fingerprint = tls.self_signed(network_addresses.names(host))
    return context, [
        "Browsers will warn: the certificate vouches for itself. Its SHA-256, to be compared:",
        fingerprint,
    ]
