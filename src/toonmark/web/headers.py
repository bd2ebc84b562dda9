"""Security headers of every answer, and allowed hosts; plain ASGI, nothing is buffered."""

from __future__ import annotations

from typing import Any

from starlette._utils import get_route_path  # by which the routes are chosen too
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from toonmark.web import problems
from toonmark.web.settings import Settings

#: Everything comes from this server; WebAssembly may be compiled; nobody may frame the page.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self' blob: data:; "
    "worker-src 'self' blob:; manifest-src 'self'; font-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
#: The pages of the API's documentation style themselves inline.
DOCS_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")

HEADERS = {
    "Content-Security-Policy": POLICY,
    # These two isolate the page, which is what lets WebAssembly use threads.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


class Guard:
    """Adds the headers; turns away a wrong host or site before a byte of the body is read."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        # As the routes see it: without the prefix under which a proxy or another app serves it.
        path = get_route_path(scope)

        head = scope["method"] == "HEAD"

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _with_headers(message.get("headers", []), path)
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        if head:
            scope = {**scope, "method": "GET"}  # whatever can be had has a HEAD

        headers = {key.decode("latin-1"): value for key, value in scope["headers"]}
        refusal = self._refusal(scope["method"], headers)
        if refusal is not None:
            await problems.response(refusal)(scope, receive, send_guarded)
            return
        await self._app(scope, receive, send_guarded)

    def _refusal(self, method: str, headers: dict[str, bytes]) -> problems.Refusal | None:
        hosts = self._settings.hosts
        if hosts and _name(headers.get("host", b"")) not in hosts:
            return problems.Refusal(
                "wrong-host",
                421,
                "This server does not go by that name.",
                "Open it as localhost, or start it with: --allow-host NAME",
            )
        # A page of another site can send a photo, though it cannot read the answer.
        foreign = headers.get("sec-fetch-site", b"") in (b"cross-site", b"same-site")
        if foreign and method not in ("GET", "HEAD"):
            return problems.Refusal(
                "other-site",
                403,
                "The request comes from a page of another site.",
                "Send it from this server's own page, or from a program.",
            )
        return None


def _name(host: bytes) -> str:
    """A Host header without its port."""
    text = host.decode("latin-1").lower()
    return text if text.endswith("]") else text.rpartition(":")[0] or text


def _with_headers(present: Any, path: str) -> list[tuple[bytes, bytes]]:
    names = {key.lower() for key, _ in present}
    added = dict(HEADERS)
    if path == "/docs":
        added["Content-Security-Policy"] = DOCS_POLICY
    added["Cache-Control"] = "no-store"  # unless the answer says better
    extra = [(k.lower().encode(), v.encode()) for k, v in added.items()]
    return [*present, *(pair for pair in extra if pair[0] not in names)]
