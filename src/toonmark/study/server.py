"""The page where people take a study, and the few requests behind it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from toonmark.errors import ToonmarkError
from toonmark.study.answers import Answer, Answers
from toonmark.study.errors import OlderAnswerError, UnknownRaterError, WrongAnswerError
from toonmark.study.order import drawing_order, group_order
from toonmark.study.study import Study, load, picture_path

_TYPES = {"page.html": "text/html", "page.css": "text/css", "page.js": "text/javascript"}
_STATUS = {UnknownRaterError: 404, OlderAnswerError: 409, WrongAnswerError: 422}
_POLICY = "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'"
_POLICY += "; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_Token = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class Given(BaseModel):
    """An answer as the page sends it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rater: str = Field(max_length=40)
    group: int = Field(ge=0)
    question: str = Field(max_length=80)
    picks: list[_Token] = Field(max_length=20)
    revision: int = Field(ge=1, lt=2**53)


def make_app(folder: Path) -> FastAPI:
    """The web application of a study.

    Raises:
        DamagedStudyError: the study cannot be used.
    """
    study = load(folder)
    answers = Answers(folder, study)
    tokens = {token for group in study.groups for token in (group.photo, *group.drawings)}
    app = FastAPI(title="Toonmark study", docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def careful(request: Request, proceed: Any) -> Response:
        response: Response = await proceed(request)
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"  # the address may hold a rater's code
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    @app.exception_handler(ToonmarkError)
    async def told(_request: Request, error: ToonmarkError) -> JSONResponse:
        status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
        return JSONResponse({"happened": error.happened, "remedy": error.remedy}, status)

    # Plain functions run in a pool of threads: a rater whose answer waits for the disk keeps
    # nobody else waiting.
    @app.get("/")
    def page() -> Response:
        return _static("page.html")

    @app.get("/{name}")
    def static(name: str) -> Response:
        return _static(name) if name in _TYPES else Response(status_code=404)

    @app.get("/pictures/{token}.png")
    def picture(token: Annotated[str, InPath(max_length=40)]) -> Response:
        if token not in tokens:
            return Response(status_code=404)
        kept = {"Cache-Control": "private, max-age=86400, immutable"}
        return FileResponse(picture_path(folder, token), headers=kept)

    @app.get("/api/study")
    def about() -> dict[str, int]:
        return {"questions": len(study.questions), "picks": study.picks}

    @app.post("/api/raters", status_code=201)
    def begin() -> dict[str, Any]:
        return _view(study, answers, answers.new_rater())

    @app.get("/api/raters/{rater}")
    def go_on(rater: Annotated[str, InPath(max_length=40)]) -> dict[str, Any]:
        return _view(study, answers, rater)

    @app.put("/api/answers")
    def give(given: Given) -> dict[str, int]:
        values = given.model_dump()
        answers.give(Answer(**{**values, "picks": tuple(values["picks"])}))
        return {"revision": given.revision}

    return app


def _static(name: str) -> Response:
    content = (resources.files("toonmark.study") / "page" / name).read_bytes()
    return Response(content, media_type=_TYPES[name])


def _view(study: Study, answers: Answers, rater: str) -> dict[str, Any]:
    """All that one rater's page needs: their order, what they answered; no method's name."""
    given: dict[int, dict[str, Any]] = {}
    for answer in answers.of(rater):
        own = {"picks": answer.picks, "revision": answer.revision}
        given.setdefault(answer.group, {})[answer.question] = own
    return {
        "rater": rater,
        "picks": study.picks,
        "questions": [{"name": n, "text": t} for n, t in study.questions.items()],
        "groups": [
            {
                "number": number,
                "photo": study.groups[number].photo,
                "drawings": drawing_order(study, rater, number),
                "answers": given.get(number, {}),
            }
            for number in group_order(study, rater)
        ],
    }
