"""The settings of data augmentation: how strong each random change may be."""

from __future__ import annotations

from pydantic import Field

from toonmark.configuration import Frozen


class Augmentation(Frozen):
    """Random changes with the landmarks carried along, the same for every method."""

    mirror: bool = True
    degrees: float = Field(7.0, ge=0, le=180)
    zoom: tuple[float, float] = (0.92, 1.12)
    shift: float = Field(5.0, ge=0, description="pixels at 128")
    colour: float = Field(0.0, ge=0, le=1, description="random brightness, contrast, warmth")
    light: float = Field(
        0.0, ge=0, le=1, description="random light from one side on faces, in what is shown only"
    )
