"""Builds the ASGI application: routes, middleware and error handlers."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from toonmark._version import __version__
from toonmark.errors import PoorPhotoWarning, SmallFaceWarning, ToonmarkError
from toonmark.web import api, page_routes, photo_routes, problems, schemas
from toonmark.web.headers import Guard
from toonmark.web.service import Service
from toonmark.web.settings import Settings
from toonmark.web.tokens import TokenRequired


def create_app(settings: Settings | None = None) -> FastAPI:
    """The page and the API.

    Example:
        >>> from toonmark.web.app import create_app
        >>> app = create_app()  # then: uvicorn module:app

    Raises:
        StyleError: a style pack cannot be used, or there is none.
        ConfigurationError: the token is too short, or cannot be sent.
    """
    settings = settings or Settings()
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        import cv2

        cv2.setNumThreads(1)  # requests run side by side, each on one core
        warnings.filterwarnings("ignore", module=r"PIL\.")  # about EXIF data nobody asked for
        warnings.simplefilter("ignore", PoorPhotoWarning)  # the answer says it
        warnings.simplefilter("ignore", SmallFaceWarning)
        service.start()
        yield
        service.workers.stop(patience=1)  # whoever waited has an answer by now

    app = FastAPI(
        title="Toonmark",
        summary="Turns a photo of a face into a cartoon of that person.",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # its own would load scripts from elsewhere
        redoc_url=None,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.state.service = service
    # Its method: the oldest FastAPI that is declared resolves no annotations of a callable object.
    guards = [Depends(TokenRequired(settings.token).__call__)] if settings.token else []
    for part in (api, photo_routes, page_routes):
        guarded = {**schemas.EVERYWHERE, **(schemas.GUARDED if guards else {})}
        app.include_router(part.private, dependencies=guards, responses=guarded)
        app.include_router(part.router, responses=schemas.EVERYWHERE)
    app.add_exception_handler(ToonmarkError, problems.on_toonmark_error)
    app.add_exception_handler(HTTPException, problems.on_http_error)
    app.add_exception_handler(RequestValidationError, problems.on_validation_error)
    app.add_exception_handler(Exception, problems.on_surprise)
    described = app.openapi
    app.openapi = lambda: schemas.add_to(described())  # type: ignore[method-assign]
    app.add_middleware(Guard, settings=settings)
    return app
