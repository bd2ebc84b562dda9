"""The metadata of a style pack."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from toonmark._version import __version__
from toonmark.landmarks import FACE_TEMPLATE, SIGMA_AT_128

#: The ONNX metadata key under which the one JSON string is stored.
KEY = "toonmark"

#: What this Toonmark writes, and the newest that it reads.
FORMAT_VERSION: Final = 2

Point = tuple[float, float]


def _template() -> tuple[Point, Point, Point, Point, Point]:
    left_eye, right_eye, nose, mouth_left, mouth_right = (
        (float(x), float(y)) for x, y in FACE_TEMPLATE
    )
    return left_eye, right_eye, nose, mouth_left, mouth_right


class StyleMetadata(BaseModel):
    """Written as JSON into a style pack, and read back when it is opened.

    Fields that a later minor version adds are ignored by this one; a change that makes old
    readers draw wrongly raises ``format_version``.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    #: 2 where ``outside`` is "white", which format 1 did not know; 1 otherwise.
    format_version: Literal[1, 2] = 1
    #: Short, for the command line: lower case, digits, hyphens.
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    #: For people.
    title: str = Field(min_length=1)
    #: The style's own version, not Toonmark's.
    version: str = "1.0"
    #: An SPDX expression, or the name of a licence.
    licence: str = ""
    #: What the training data ask of those who use the style.
    terms: str = ""
    description: str = ""
    #: Edge of the square crop in pixels.
    size: int = Field(ge=16, le=4096)
    #: Where the five points lie in the crop, as fractions of its edge.
    template: tuple[Point, Point, Point, Point, Point] = Field(default_factory=_template)
    #: What the crop shows beyond the photo's edge: its outermost pixels, repeated, or white.
    outside: Literal["edge", "white"] = "edge"
    #: Whether the graph also says where skin and hair are, in an output called ``parts``.
    parts: bool = False
    #: Standard deviation, in pixels of a 128-pixel crop, of the heatmaps that the graph draws.
    sigma_at_128: float = Field(default=SIGMA_AT_128, gt=0)
    #: Data sets, iterations, preset, and whatever else made the weights.
    training: dict[str, Any] = Field(default_factory=dict)
    #: Measured scores, each with its extractor and number of pictures.
    scores: dict[str, Any] = Field(default_factory=dict)
    toonmark_version: str = __version__
    created: datetime = Field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    @model_validator(mode="after")
    def _format_fits(self) -> StyleMetadata:
        if self.outside != "edge" and self.format_version < 2:
            raise ValueError("a pack with white beyond the photo's edge has format 2")
        return self

    @property
    def fill(self) -> float | None:
        """The colour beyond the edge of a uint8 photo, for :func:`toonmark.faces.align.crop`."""
        return 255.0 if self.outside == "white" else None
