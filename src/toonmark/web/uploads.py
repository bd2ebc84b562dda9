"""A photo from a request's body to memory: streamed, limited, never on disk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from toonmark.errors import EmptyFileError
from toonmark.web.problems import Refusal
from toonmark.web.service import Service

#: What a form may weigh beyond the photo: its other fields, and the lines between them.
_FORM = 64_000


def sender(request: Request) -> str:
    """The address that a request comes from."""
    return request.client.host if request.client else ""


def has_body(request: Request) -> bool:
    """Whether a request brings anything."""
    headers = request.headers
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


@asynccontextmanager
async def received(service: Service, request: Request) -> AsyncIterator[bytes]:
    """The photo in a request, which counts as an upload in memory until this ends.

    Raises:
        Refusal: it is too late or too slow, too many bytes, or there is no room; see
            :func:`receive`.
    """
    settings, limits = service.settings, service.limits
    upload = None
    try:
        slow = Refusal("slow-upload", 408, "The upload took too long.", "Send a smaller file.")
        async with service.limited(settings.time_limit, slow) as limit:
            upload = limits.open(sender(request), limit)
            content = await receive(request, settings.max_bytes, partial(limits.receive, upload))
        limits.whole(upload)
        yield content
    finally:
        if upload is not None:
            limits.close(upload)


async def receive(
    request: Request, max_bytes: int, on_bytes: Callable[[int], None] = lambda count: None
) -> bytes:
    """The photo in a request: its whole body, or the file in a multipart form.

    Args:
        on_bytes: is told how many more have come; may refuse them.

    What the request says about the type is not believed; names of files are not looked at.

    Raises:
        Refusal: too many bytes, or a form without a file.
        EmptyFileError: no bytes at all.
        ClientDisconnect: the client went away.
    """
    content_type = request.headers.get("content-type", "")
    kind, options = parse_options_header(content_type)
    form = kind == b"multipart/form-data"
    limit = max_bytes + (_FORM if form else 0)
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > limit:
        await drain(request, limit)
        raise _too_large(max_bytes)
    sink = _Form(options.get(b"boundary", b""), max_bytes) if form else _Raw(max_bytes)
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > limit:
            raise _too_large(max_bytes)
        on_bytes(len(chunk))
        sink.write(chunk)
    return sink.photo()


async def drain(request: Request, limit: int) -> None:
    """Takes what is still under way and forgets it, so that the client gets to read the answer."""
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > limit:
            return


class _Raw:
    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._data = bytearray()

    def write(self, chunk: bytes) -> None:
        self._data += chunk

    def photo(self) -> bytes:
        return _not_empty(self._data)


class _Form:
    """The first file in a multipart form; options have no place in it."""

    def __init__(self, boundary: bytes, max_bytes: int) -> None:
        if not boundary:
            raise _bad_form()
        self._max_bytes = max_bytes
        self._data: bytearray | None = None
        self._header = [bytearray(), bytearray()]
        self._inside = False
        self._done = False
        self._other = ""
        callbacks = {
            "on_part_begin": self._part_begin,
            "on_header_field": lambda data, a, b: self._add_header(0, data[a:b]),
            "on_header_value": lambda data, a, b: self._add_header(1, data[a:b]),
            "on_header_end": self._header_end,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
        }
        try:
            self._parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]
        except FormParserError as error:
            raise _bad_form() from error

    def write(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _bad_form() from error

    def photo(self) -> bytes:
        if self._data is None or not self._done:
            raise _bad_form()
        if self._other:
            raise Refusal(
                "wrong-option",
                422,
                f"The form has a field {self._other}, which is not looked at.",
                "Put options in the address, such as /cartoonize?size=256, and one file in the "
                "form.",
            )
        return _not_empty(self._data)

    def _part_begin(self) -> None:
        self._inside = False

    def _add_header(self, which: int, data: bytes) -> None:
        self._header[which] += data

    def _header_end(self) -> None:
        name, value = bytes(self._header[0]).lower(), bytes(self._header[1])
        self._header = [bytearray(), bytearray()]
        if name == b"content-disposition" and self._data is None:
            _, options = parse_options_header(value)
            if b"filename" in options or options.get(b"name") == b"image":
                self._inside, self._data = True, bytearray()
        if name == b"content-disposition" and not self._inside:
            _, options = parse_options_header(value)
            self._other = options.get(b"name", b"?").decode("utf-8", "replace")[:64]

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._inside and self._data is not None:
            self._data += data[start:end]
            if len(self._data) > self._max_bytes:
                raise _too_large(self._max_bytes)

    def _part_end(self) -> None:
        self._done = self._done or self._inside
        self._inside = False


def _not_empty(data: bytearray) -> bytes:
    if not data:
        raise EmptyFileError("The upload is empty: it has no bytes.", "Send a picture.")
    return bytes(data)


def _too_large(max_bytes: int) -> Refusal:
    return Refusal(
        "too-many-bytes",
        413,
        f"The upload is larger than {max_bytes / 1e6:.0f} MB.",
        "Send a smaller file.",
    )


def _bad_form() -> Refusal:
    return Refusal(
        "bad-form",
        400,
        "The form has no whole file in it.",
        "Send multipart/form-data with a field `image`, or the picture's bytes as the body.",
    )
