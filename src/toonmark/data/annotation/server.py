"""The annotation page's server: local and small."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, Field

from toonmark.data.annotation.store import Annotations, State
from toonmark.errors import MissingExtraError, OutputError, ToonmarkError

if TYPE_CHECKING:
    from fastapi import FastAPI

STATIC = Path(__file__).with_name("static")

#: What a browser may ask the server as; another name is a web page that tries to reach us.
HOSTS = ("127.0.0.1", "localhost", "[::1]", "testserver")


class Saved(BaseModel):
    """A picture's points, as the page sends them."""

    name: str
    points: list[tuple[float, float]] = Field(min_length=5, max_length=5)
    state: State


def create_app(annotations: Annotations, hosts: tuple[str, ...] = HOSTS) -> FastAPI:
    """The application.

    Args:
        annotations: what is shown and kept.
        hosts: names under which it may be reached.

    Raises:
        MissingExtraError: the extra is not installed.
    """
    try:
        from fastapi import FastAPI, HTTPException
        from fastapi.responses import FileResponse, JSONResponse
        from fastapi.staticfiles import StaticFiles
        from starlette.middleware.trustedhost import TrustedHostMiddleware
    except ModuleNotFoundError as error:
        raise MissingExtraError("toonmark annotate", "web") from error

    app = FastAPI(title="Toonmark annotate", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))

    @app.exception_handler(ToonmarkError)
    def tell(_request: Any, error: ToonmarkError) -> JSONResponse:
        status = 507 if isinstance(error, OutputError) else 422
        return JSONResponse({"error": f"{error.happened} {error.remedy}"}, status)

    @app.get("/api/set")
    def describe() -> dict[str, Any]:
        pictures = []
        for name in annotations.order():
            entry = annotations.entries[name]
            pictures.append(
                {
                    "name": name,
                    "points": np.round(entry.points, 2).tolist(),
                    "state": entry.state,
                    "confidence": entry.confidence,
                }
            )
        return {"title": annotations.folder.resolve().name, "pictures": pictures}

    @app.get("/api/picture")
    def picture(name: str) -> FileResponse:
        if name not in annotations.entries:
            raise HTTPException(404, f"There is no picture {name}.")
        return FileResponse(annotations.images / name, headers={"Cache-Control": "no-cache"})

    @app.put("/api/points")
    def save(saved: Saved) -> dict[str, Any]:
        if saved.name not in annotations.entries:
            raise HTTPException(404, f"There is no picture {saved.name}.")
        annotations.save(saved.name, np.array(saved.points), saved.state)
        return {"done": annotations.count(), "of": len(annotations.entries)}

    app.mount("/", StaticFiles(directory=STATIC, html=True))
    return app
