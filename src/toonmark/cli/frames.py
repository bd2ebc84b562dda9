"""The ``--frame`` that commands share."""

from __future__ import annotations

from enum import StrEnum


class Frame(StrEnum):
    """The frame of a crop: the paper's tight face, or the whole head and shoulders.

    The names are those of :data:`toonmark.landmarks.FRAMES`.
    """

    face = "face"
    portrait = "portrait"
