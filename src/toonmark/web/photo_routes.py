"""The routes /photos: a photo is sent once, and drawn often by a handle, for a few minutes."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from toonmark.web import cartoon_requests, schemas, uploads
from toonmark.web.problems import Refusal
from toonmark.web.service import Service

router, private = APIRouter(), APIRouter()


@private.post(
    "/photos",
    status_code=201,
    response_model=schemas.KeptPhoto,
    responses=schemas.problems(
        on_400="A damaged or empty picture, or a form without a file.",
        on_403="A page of another site sent it, or this server keeps no photo.",
        on_408="The upload took too long.",
        on_413="Too many bytes.",
        on_415="No picture, or in a format that is not read.",
        on_422="The form has other fields.",
        on_503="There is no room for it; Retry-After says when to come back.",
    ),
    openapi_extra=schemas.PHOTO,
)
async def keep(request: Request) -> Response:
    """Keeps a photo in memory, so that it can be drawn several times: /cartoonize?photo=HANDLE.

    It is forgotten after some minutes, or sooner if it is deleted or room is needed. Only the
    address that has sent it can use it; nobody can have it back.
    """
    service: Service = request.app.state.service
    if not service.photo_store.seconds:
        raise Refusal(
            "not-kept", 403, "This server keeps no photo.", "Send it with each request that draws."
        )
    try:
        async with uploads.received(service, request) as content:
            await asyncio.to_thread(cartoon_requests.check_picture, content)
            handle = service.photo_store.add(uploads.sender(request), content)
    except ClientDisconnect:
        return Response(status_code=499)
    answer = schemas.KeptPhoto(photo=handle, seconds=service.photo_store.seconds)
    return JSONResponse(answer.model_dump(), 201)


@private.delete(
    "/photos/{photo}",
    status_code=204,
    response_class=Response,
    responses=schemas.problems(on_403="A page of another site sent it.", on_422="No handle."),
)
async def forget(
    request: Request, photo: Annotated[str, Path(description="Its handle.", max_length=64)]
) -> Response:
    """Forgets a photo at once, if it is there and yours."""
    service: Service = request.app.state.service
    service.photo_store.forget(photo, uploads.sender(request))
    return Response(status_code=204)
