"""Problem details (RFC 9457): every refusal as JSON that says what happened and what to do."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from toonmark import errors

#: The most special kind comes first.
_STATUS: tuple[tuple[type[errors.ToonmarkError], HTTPStatus], ...] = (
    (errors.MissingDecoderError, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (errors.NotAnImageError, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (errors.ImageTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (errors.ImageError, HTTPStatus.BAD_REQUEST),
    (errors.FaceError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.UnknownStyleError, HTTPStatus.NOT_FOUND),
    (errors.TuningError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (errors.MissingExtraError, HTTPStatus.NOT_IMPLEMENTED),
    (errors.ToonmarkError, HTTPStatus.INTERNAL_SERVER_ERROR),
)


class Refusal(errors.ToonmarkError):
    """A request that the server does not serve.

    Attributes:
        kind: a short name for programs.
        status: the answer's.
        retry_after: seconds after which to come back; None if that is no use.
    """

    def __init__(
        self,
        kind: str,
        status: int,
        happened: str,
        remedy: str,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(happened, remedy)
        self.kind = kind
        self.status = status
        self.retry_after = retry_after


def describe(error: errors.ToonmarkError) -> tuple[int, str]:
    """An error's status and the name of its kind, such as ``no-face``."""
    if isinstance(error, Refusal):
        return error.status, error.kind
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    name = type(error).__name__.removesuffix("Error")
    return status, re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def response(error: errors.ToonmarkError) -> Response:
    """An error as problem details."""
    status, kind = describe(error)
    headers = {"X-Toonmark-Problem": kind}
    if isinstance(error, Refusal) and error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        wrong = ', error="invalid_token"' if kind == "wrong-token" else ""
        headers["WWW-Authenticate"] = f'Bearer realm="toonmark"{wrong}'
    return problem(status, kind, error.happened, error.remedy, headers)


def problem(
    status: int, kind: str, happened: str, remedy: str, headers: dict[str, str] | None = None
) -> Response:
    """Problem details; ``remedy`` is a member of ours."""
    content: dict[str, Any] = {
        "type": f"urn:toonmark:problem:{kind}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": happened,
        "remedy": remedy,
    }
    return JSONResponse(content, status, headers, media_type="application/problem+json")


async def on_toonmark_error(request: Request, error: Exception) -> Response:
    """Answers errors of ours."""
    assert isinstance(error, errors.ToonmarkError)
    return response(error)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answers the framework's own: no such path, no such method."""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    kind = phrase.lower().replace(" ", "-")
    remedy = "See /docs for what there is."
    headers = dict(error.headers or {})
    return problem(error.status_code, kind, str(error.detail or phrase), remedy, headers)


async def on_validation_error(request: Request, error: Exception) -> Response:
    """Answers query options that make no sense. What was sent is not repeated."""
    first = error.errors()[0] if hasattr(error, "errors") else {"loc": (), "msg": str(error)}
    name = ".".join(str(part) for part in first["loc"][1:]) or "request"
    remedy = "See /docs for the options."
    return problem(422, "wrong-option", f"The option {name} is wrong: {first['msg']}.", remedy)


async def on_surprise(request: Request, error: Exception) -> Response:
    """Answers what nobody foresaw; the traceback is in the server's log, not in the answer."""
    return surprise()


def surprise() -> Response:
    """The answer when the fault is ours."""
    happened = "Something went wrong that should not have."
    return problem(500, "surprise", happened, "Try another photo, and tell us about this one.")
