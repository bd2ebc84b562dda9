"""The answers, as OpenAPI describes them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

_REF = "#/components/schemas/{model}"


class Problem(BaseModel):
    """The error of a request (RFC 9457)."""

    type: str = Field(description="urn:toonmark:problem: and a name for programs.")
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What happened.")
    remedy: str = Field(description="What to do.")


class DrawnFace(BaseModel):
    """One face of a photo, in the photo's pixels."""

    number: int | None = Field(description="From the left; null where only the largest is wanted.")
    box: list[float] = Field(min_length=4, max_length=4, description="x, y, width, height.")
    points: list[list[float]] = Field(min_length=5, max_length=5, description="x, y each.")
    score: float = Field(ge=0, le=1, description="How sure the detector is.")
    yaw: float = Field(description="Degrees to the image's right.")
    roll: float = Field(description="Degrees clockwise.")
    warning: str = Field(description="What is to be said about the drawing, if anything.")
    cartoon: str = Field("", description="A data URL of a PNG; not for output=in-photo.")


class KeptPhoto(BaseModel):
    """A photo that can be drawn without being sent again."""

    photo: str = Field(description="Its handle, for /cartoonize?photo=HANDLE.")
    seconds: float = Field(description="After which it is forgotten.")


class Drawing(BaseModel):
    """The answer as JSON."""

    style: str
    width: int = Field(description="Of the photo, upright.")
    height: int
    faces: list[DrawnFace]
    image: str = Field("", description="A data URL of a PNG; for output=in-photo.")


def problems(**meanings: str) -> dict[int | str, dict[str, Any]]:
    """Responses of a route.

    Args:
        meanings: of statuses, by names such as ``on_404``.
    """
    content = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}
    return {
        int(name.removeprefix("on_")): {"description": meaning, "content": content}
        for name, meaning in meanings.items()
    }


#: Everywhere, and where a token is asked for.
EVERYWHERE = problems(on_421="The server does not go by that name.", on_500="Our own fault.")
GUARDED = problems(on_401="No token, or a wrong one.", on_429="Too many wrong tokens.")

#: A request that brings a photo; and one that may name a kept one instead.
PHOTO: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The picture's bytes, or a form with a file.",
        "content": {
            "image/*": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"image": {"type": "string", "format": "binary"}},
                    "required": ["image"],
                    "additionalProperties": False,
                }
            },
        },
    }
}
PHOTO_OR_HANDLE = {"requestBody": {**PHOTO["requestBody"], "required": False}}

#: A drawing: a PNG, or JSON.
DRAWN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A PNG, or JSON or SVG if that is what Accept asks for.",
        "content": {
            "image/png": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {"schema": {"$ref": _REF.format(model="Drawing")}},
            "image/svg+xml": {"schema": {"type": "string"}},
        },
    },
    **problems(
        on_400="A damaged or empty picture, or a form without a file.",
        on_403="A page of another site sent it.",
        on_404="No such style, or no such photo any more.",
        on_408="The upload took too long.",
        on_413="Too many bytes or pixels.",
        on_415="No picture, or in a format that is not read.",
        on_422="No usable face, a wrong option, or too much to draw.",
        on_501="SVG, and what traces it is not installed.",
        on_503="The queue is full; Retry-After says when to come back.",
        on_504="Drawing took too long.",
    ),
}


def add_to(schema: dict[str, Any]) -> dict[str, Any]:
    """Adds the models that are named above to an OpenAPI schema."""
    models = schema.setdefault("components", {}).setdefault("schemas", {})
    for model in (Problem, Drawing):
        own = model.model_json_schema(ref_template=_REF)
        models.update(own.pop("$defs", {}))
        models[model.__name__] = own
    return schema
