"""The routes of the page: static files, content-hashed, cached and compressed."""

from __future__ import annotations

import asyncio
import functools
import gzip
import html
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette._utils import get_route_path

from toonmark.web import assets
from toonmark.web.problems import problem
from toonmark.web.service import Service

#: The page itself holds no secret; what it draws with may be private.
router, private = APIRouter(include_in_schema=False), APIRouter(include_in_schema=False)

_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_ASK_AGAIN = {"Cache-Control": "no-cache"}
#: Compressed twins of a file, the smaller first.
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))

_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Toonmark</title>
<h1>The page is not built</h1>
<p>The API works all the same: see <a href="openapi.json">openapi.json</a>. This Toonmark was
installed from a source tree without Node.js. To build the page, run in the source tree:</p>
<pre>{command}</pre>
<p>and load this page again.</p></html>"""


@router.get("/")
async def index(request: Request) -> Response:
    """The page, or how to build it."""
    if not assets.is_built():
        return HTMLResponse(_NOT_BUILT.format(command=html.escape(assets.HOW_TO_BUILD)), 503)
    text = assets.index(str(request.base_url))
    headers = {**_ASK_AGAIN, "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return HTMLResponse(text, headers=headers)
    headers["Content-Encoding"] = "gzip"
    return HTMLResponse(_packed(text), headers=headers)


@functools.lru_cache(maxsize=16)
def _packed(text: str) -> bytes:
    """The page for an address as gzip; nothing that is installed makes brotli of it."""
    return gzip.compress(text.encode(), 9, mtime=0)


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The API's documentation, without a CDN."""
    if not (assets.STATIC / "docs.html").is_file():
        return RedirectResponse("openapi.json")
    return _file(request, "docs.html", _ASK_AGAIN)


@private.get("/models/manifest.json")
async def manifest(request: Request) -> Response:
    """The networks that the page may load."""
    networks = _service(request).networks
    content = await asyncio.to_thread(networks.manifest)
    return Response(content, media_type="application/json", headers=_ASK_AGAIN)


@private.get("/models/{name}")
async def model(request: Request, name: str) -> Response:
    """A network."""
    packed = "gzip" in request.headers.get("accept-encoding", "")
    content = await asyncio.to_thread(_service(request).networks.file, name, packed)
    if content is None:
        return problem(404, "not-found", "There is no such model.", "See models/manifest.json.")
    headers = {**_FOR_EVER, "Vary": "Accept-Encoding"}
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.get("/assets/{name}")
async def asset(request: Request, name: str) -> Response:
    """A file whose name holds its hash."""
    return _file(request, f"assets/{name}", _FOR_EVER)


@router.get("/sw.js")
@router.get("/icon.svg")
@router.get("/app.webmanifest")
@router.get("/licences.txt")
async def other(request: Request) -> Response:
    """The few files that must keep their names."""
    return _file(request, get_route_path(request.scope).lstrip("/"), _ASK_AGAIN)


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _file(request: Request, name: str, headers: dict[str, str]) -> Response:
    # Only what the build made can be had: a name is looked up, never joined to a path.
    file = assets.built_files().get(name)
    if file is None:
        return problem(
            404, "not-found", "There is nothing here.", "The page is at /, help at /docs."
        )
    headers = {**headers, "Vary": "Accept-Encoding"}
    accepted = request.headers.get("accept-encoding", "")
    for encoding, suffix in _ENCODINGS:
        twin = Path(f"{file}{suffix}")
        if encoding in accepted and twin.is_file():
            headers["Content-Encoding"] = encoding
            return FileResponse(twin, headers=headers, media_type=assets.TYPES[file.suffix])
    return FileResponse(file, headers=headers, media_type=assets.TYPES[file.suffix])
