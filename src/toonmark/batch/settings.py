"""The settings of a batch, and the counts of its results."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from toonmark.cartoon import LARGEST, SMALLEST
from toonmark.faces.choose import Faces

Format = Literal["png", "webp", "svg"]
Container = Literal["parquet", "shards"]

#: Photos a part, where there are many of them.
PART = 256


class Settings(BaseModel):
    """The settings that decide a batch's rows; a batch that goes on must have the same."""

    model_config = ConfigDict(frozen=True)

    #: The name of a style that ships, or of the file it was read from.
    style: str
    #: SHA-256 of the style pack.
    digest: str
    #: Edge of a drawing in pixels.
    size: int = Field(512, ge=SMALLEST, le=LARGEST)
    faces: Faces = "largest"
    format: Format = "png"
    transparent: bool = False
    #: Where drawings are: in the Parquet rows, or in tar files beside them (WebDataset).
    container: Container = "parquet"
    #: Photos whose rows make one file: what is lost, at most, when a worker is. What is listed is
    #: drawn by one worker a part.
    part: int = Field(PART, ge=1)


class Counts(BaseModel):
    """Counts of the photos that were read, by result."""

    photos: int = 0
    faces: int = 0
    #: Failures by kind: the name of an error of :mod:`toonmark.errors`, or WorkerCrash.
    failures: dict[str, int] = Field(default_factory=dict)

    def add(self, other: Counts) -> None:
        """Adds another part's."""
        self.photos += other.photos
        self.faces += other.faces
        for kind, count in other.failures.items():
            self.failures[kind] = self.failures.get(kind, 0) + count

    @property
    def failed(self) -> int:
        """Photos that could not be drawn."""
        return sum(self.failures.values())


def digest(content: bytes) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def first_difference(old: dict[str, Any], new: dict[str, Any]) -> str:
    """The name of a value in which two dictionaries differ; "" where they are equal."""
    return next((key for key in new if old.get(key) != new[key]), "")
