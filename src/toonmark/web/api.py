"""The routes of the HTTP API: cartoonize, styles, health, metrics."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse, Response
from starlette.requests import ClientDisconnect

from toonmark._version import __version__
from toonmark.cartoon import LARGEST, SMALLEST
from toonmark.cartoonizer import Cartoonizer
from toonmark.errors import ToonmarkError
from toonmark.styles.metadata import StyleMetadata
from toonmark.tuning import FINEST, WIDEST, Tuning
from toonmark.web import cartoon_requests, problems, schemas, uploads
from toonmark.web.accept import Kind, wanted
from toonmark.web.cartoon_requests import Answer, Options, Output
from toonmark.web.problems import Refusal
from toonmark.web.service import Service, stopped
from toonmark.web.upload_limits import full
from toonmark.web.workers import Job

#: Everybody's; and what needs the token, if there is one: styles may be private.
router, private = APIRouter(), APIRouter()
_log = logging.getLogger(__name__)


@private.post(
    "/cartoonize",
    response_class=Response,
    responses=schemas.DRAWN,
    openapi_extra=schemas.PHOTO_OR_HANDLE,
)
async def cartoonize(
    request: Request,
    style: Annotated[str, Query(description="Its name; see /styles.", max_length=64)] = "",
    size: Annotated[int, Query(ge=SMALLEST, le=LARGEST, description="Edge in pixels.")] = 512,
    face: Annotated[str, Query(description="largest, all, or a number from the left.")] = "largest",
    output: Annotated[
        Output, Query(description="Alone, in its photo, or beside it.")
    ] = Output.crop,
    transparent: Annotated[bool, Query(description="Nothing around the figure.")] = False,
    points: Annotated[
        str, Query(description="x,y of five points a face, to draw these instead.")
    ] = "",
    lines: Annotated[
        float, Query(ge=FINEST, le=WIDEST, description="Finer lines than drawn, or wider ones.")
    ] = 1.0,
    skin: Annotated[float, Query(ge=-1, le=1, description="Lighter skin, or darker.")] = 0.0,
    hair: Annotated[
        float, Query(ge=-1, le=1, description="Lighter hair, or what covers the head, or darker.")
    ] = 0.0,
    strength: Annotated[
        float, Query(ge=0, le=1, description="How much is drawn; the rest is the photo.")
    ] = 1.0,
    photo: Annotated[
        str,
        Query(description="The handle of a kept photo; see /photos. No body then.", max_length=64),
    ] = "",
) -> Response:
    """Draws the faces in a photo. Nothing of the photo is stored or logged."""
    service: Service = request.app.state.service
    started = time.monotonic()
    problem = ""
    try:
        cartoon_requests.check_names(request.query_params, _OPTIONS)
        kind = wanted(", ".join(request.headers.getlist("accept")))
        options = Options(
            size,
            # Every face whose points are given is wanted, where several can be answered.
            "all" if points and kind is Kind.json else cartoon_requests.which_face(face),
            output,
            transparent,
            cartoon_requests.points(points),
            kind,
            Tuning(lines, skin, hair, strength),
        )
        cartoon_requests.check(options)
        cartoon_requests.check_work(options, options.known_faces, service.settings.max_drawn)
        style = style or service.styles.default
        answer = await _serve(service, request, style, options, photo, started)
        service.metrics.faces.labels(style).inc(answer.faces)
        response = Response(answer.body, media_type=answer.media_type, headers={"Vary": "Accept"})
    except ClientDisconnect:
        problem, response = "client-gone", Response(status_code=499)
    except ToonmarkError as error:
        problem, response = problems.describe(error)[1], problems.response(error)
    except Exception:  # noqa: BLE001
        _log.exception("A request failed in a way that nobody foresaw.")
        problem, response = "surprise", problems.surprise()
    service.metrics.requests.labels(str(response.status_code), problem).inc()
    service.metrics.seconds.observe(time.monotonic() - started)
    return response


#: The names of the options.
_OPTIONS = tuple(name for name in inspect.signature(cartoonize).parameters if name != "request")


async def _serve(
    service: Service, request: Request, style: str, options: Options, photo: str, started: float
) -> Answer:
    cartoonizer = await asyncio.to_thread(service.styles.cartoonizer, style)
    if service.stopping:
        raise stopped()
    service.start()  # where it is part of another app, nobody has
    async with _photo(service, request, photo) as content:
        return await _wait(service, request, style, cartoonizer, options, content, started)


@contextlib.asynccontextmanager
async def _photo(service: Service, request: Request, handle: str) -> AsyncIterator[bytes]:
    """The photo that a request brings, or the kept one that it names.

    Raises:
        Refusal: it does both, or there is none of this client by that handle.
    """
    if not handle:
        async with uploads.received(service, request) as content:
            yield content
        return
    if uploads.has_body(request):
        async with uploads.received(service, request):  # within the limits of any upload
            raise Refusal(
                "wrong-option",
                422,
                "The option photo is wrong: there is a photo in the body as well.",
                "Send one of both.",
            )
    with service.photo_store.used(handle, uploads.sender(request)) as content:
        yield content


async def _wait(
    service: Service,
    request: Request,
    style: str,
    cartoonizer: Cartoonizer,
    options: Options,
    upload: bytes,
    started: float,
) -> Answer:
    settings = service.settings
    if service.stopping:
        raise stopped()
    if not service.enter():
        raise full()
    try:
        job: Job[Answer] = Job(
            style,
            cartoonizer,
            options.faces,
            options.landmarks,
            lambda: cartoon_requests.read(upload, options, settings.max_pixels),
            cartoon_requests.finisher(style, options, settings.max_drawn),
            deadline=started + settings.time_limit,
            pixels=await asyncio.to_thread(cartoon_requests.pixels_of, upload, settings.max_pixels),
        )
        slow = Refusal(
            "too-slow",
            504,
            f"The photo was not drawn within {settings.time_limit:g} seconds.",
            "Send a smaller photo, or come back when there is less to do.",
        )
        async with service.limited(max(0.0, job.deadline - time.monotonic()), slow):
            return await _drawn(service, request, job)
    finally:
        service.leave()


async def _drawn(service: Service, request: Request, job: Job[Answer]) -> Answer:
    """Waits for a job, as long as the client does."""
    work = asyncio.ensure_future(service.workers.do(job))
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if work.cancelled():
            raise stopped()
        if work.done():
            return work.result()
        raise ClientDisconnect
    finally:
        work.cancel()
        gone.cancel()
        # Awaited, so that no error goes unheard: what a given-up job raised is of no interest.
        await asyncio.gather(work, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


@private.get("/styles")
async def styles(request: Request) -> list[StyleMetadata]:
    """The styles to choose from; the first is the default."""
    service: Service = request.app.state.service
    return service.styles.list()


@private.get(
    "/styles/{name}.onnx",
    response_class=FileResponse,
    responses={
        200: {
            "description": "The pack.",
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        },
        **schemas.problems(on_404="No such style.", on_422="No name of a style."),
    },
)
async def style_file(
    request: Request, name: Annotated[str, Path(description="See /styles.", max_length=64)]
) -> FileResponse:
    """A style pack, for any ONNX runtime: inputs `face` and `landmarks`, output `cartoon`."""
    service: Service = request.app.state.service
    file = service.styles.file(name)
    return FileResponse(file, media_type="application/octet-stream", filename=f"{name}.onnx")


@router.get(
    "/health",
    responses=schemas.problems(on_503="It is being stopped, or threads have ended."),
)
async def health(request: Request) -> dict[str, str]:
    """Whether the server draws, and which version it is."""
    service: Service = request.app.state.service
    if service.stopping:
        raise stopped()
    lost = service.workers.lost
    if lost:
        raise Refusal(
            "workers-lost",
            503,
            f"{lost} of {service.settings.workers} threads that draw have ended.",
            "Start the server again.",
        )
    return {"status": "ok", "version": __version__}


@private.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Counters in Prometheus' form."""
    service: Service = request.app.state.service
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
