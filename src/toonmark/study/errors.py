"""Errors of user studies, each with its own type."""

from __future__ import annotations

from toonmark.errors import DataError


class StudyError(DataError):
    """A study cannot be made or used."""


class SameMethodError(StudyError):
    """Two methods of one name: their rows in the table could not be told apart."""


class MissingOutputsError(StudyError):
    """A method did not draw a photo that another one drew."""


class DifferentSizesError(StudyError):
    """Pictures of different sizes: raters would judge the resolution."""


class NotEnoughPhotosError(StudyError):
    """Fewer photos than groups."""


class StudyExistsError(StudyError):
    """There is a study in the folder already, perhaps with answers."""


class DamagedStudyError(StudyError):
    """The study file or a picture was changed, or is missing."""


class NoAnswersError(StudyError):
    """Nobody has answered yet."""


class UnknownRaterError(StudyError):
    """Nobody with this code takes part."""


class WrongAnswerError(StudyError):
    """An answer that the question does not allow."""


class OlderAnswerError(StudyError):
    """The question was answered meanwhile, from another tab or device."""
