"""Errors and warnings of evaluation, each with its own type."""

from __future__ import annotations

from toonmark.errors import DataError


class SamePackNameError(DataError):
    """Two packs of one name: their rows in a table could not be told apart."""


class UnknownExtractorError(DataError):
    """No feature extractor of this name."""


class UnknownFinderError(DataError):
    """No finder of points of this name."""


class NotEnoughPicturesError(DataError):
    """Too few pictures are left to measure anything."""


class MeasurementWarning(UserWarning):
    """A number was measured, but means less than it seems; the text says why."""
