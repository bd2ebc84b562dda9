"""Errors, each with its own type; those of measuring and of the user study are in their packages.

Every error says in one sentence what happened and in one what to do about it. The command line
prints both and exits with status 2; programs can catch :class:`ToonmarkError` or a single kind.
"""

from __future__ import annotations

import importlib
from typing import Any


class ToonmarkError(Exception):
    """Base of all errors that Toonmark raises on purpose.

    Attributes:
        happened: one sentence on what went wrong.
        remedy: one sentence on what to do.
    """

    def __init__(self, happened: str, remedy: str) -> None:
        super().__init__(f"{happened} {remedy}")
        self.happened = happened
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[ToonmarkError], tuple[str, str]]:
        return type(self), (self.happened, self.remedy)


class MissingExtraError(ToonmarkError, ImportError):
    """A part of Toonmark needs packages that an extra installs."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs packages that are not installed.",
            f"Install them with: pip install 'toonmark[{extra}]'",
        )
        self.extra = extra

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return ToonmarkError, (self.happened, self.remedy)


def imported(package: str, what: str, extra: str) -> Any:
    """A package that an extra installs.

    Args:
        package: its module's name.
        what: what needs it, for people: the beginning of a sentence.
        extra: Toonmark's extra that has it.

    Raises:
        MissingExtraError: it is not installed.
        RuntimeBrokenError: it is, and cannot be loaded.
    """
    try:
        return importlib.import_module(package)
    except (ImportError, OSError) as error:  # the latter where a library of the system is missing
        if isinstance(error, ModuleNotFoundError) and error.name == package:
            raise MissingExtraError(what, extra) from error
        raise RuntimeBrokenError(
            f"{what} needs {package}, which is installed and cannot be loaded ({error}).",
            f"Install it again: pip install --force-reinstall 'toonmark[{extra}]'",
        ) from error


class PillowTooNewError(ToonmarkError):
    """A detector silently finds nothing with the Pillow that is installed."""


# Pictures ------------------------------------------------------------------------------------


class RuntimeBrokenError(ToonmarkError):
    """ONNX Runtime is not installed; or it or what an extra installs is broken."""


class ImageError(ToonmarkError):
    """A picture cannot be read."""


class UnreadableFileError(ImageError):
    """There is no such file, or it may not be read."""


class NotAnImageError(ImageError):
    """The file is no picture in a format that can be read."""


class EmptyFileError(ImageError):
    """The file has no bytes."""


class TruncatedImageError(ImageError):
    """The file ends before the picture does."""


class ImageTooLargeError(ImageError):
    """More pixels than the limit: a decompression bomb, or a picture to be made smaller first."""


class MissingDecoderError(ImageError):
    """The format is known, but its decoder is not installed (HEIC, for one)."""


class VideoError(ImageError):
    """The file holds no moving picture, or is damaged."""


# Faces ---------------------------------------------------------------------------------------


class FaceError(ToonmarkError):
    """The picture was read, but there is no usable face."""


class NoFaceError(FaceError):
    """No face was found."""


class FaceTooSmallError(FaceError):
    """The face has too few pixels to draw."""


class LandmarksError(FaceError):
    """Landmarks that were given do not fit the picture."""


class SmallFaceWarning(UserWarning):
    """Some of the faces that were asked for are too small to draw: they are left out."""


class PoorPhotoWarning(UserWarning):
    """The face is cut off, nearly black or blown out: it is drawn, but not well."""


class TurnedFaceWarning(PoorPhotoWarning):
    """The face is turned far to one side: it is drawn, but not well."""


# Styles --------------------------------------------------------------------------------------


class StyleError(ToonmarkError):
    """A style pack cannot be used."""


class UnknownStyleError(StyleError):
    """No style of this name ships, and no such file exists."""


class CorruptStyleError(StyleError):
    """The file is damaged, or no ONNX model at all."""


class OtherDrawingError(StyleError):
    """A runtime does not draw what it should."""


class WrongStyleError(StyleError):
    """An ONNX model, but not a Toonmark style pack, or one from a newer Toonmark."""


# Output --------------------------------------------------------------------------------------


class OutputError(ToonmarkError):
    """A result cannot be written."""


class OutputNotWritableError(OutputError):
    """The place for the results does not let itself be written to."""


class TuningError(OutputError):
    """A drawing cannot be tuned so."""


class DiskFullError(OutputError):
    """No room was left; nothing half-written stays behind."""


class BatchError(ToonmarkError):
    """A batch of photos cannot be begun, or gone on with."""


# Data and training ---------------------------------------------------------------------------


class DataError(ToonmarkError):
    """A data set cannot be used."""


class MissingWeightsError(DataError):
    """A network's weights are not on this machine."""


class UnreadableBackgroundWarning(UserWarning):
    """A picture for backgrounds cannot be read: it is left out."""


class ConfigurationError(ToonmarkError):
    """A configuration is wrong, or not the one that a run was started with."""


class RunError(ToonmarkError):
    """A run directory cannot be used."""


class DivergedError(ToonmarkError):
    """A loss term became NaN or infinite; the last good checkpoint is kept."""


class ExportError(ToonmarkError):
    """A network could not be exported, or the exported graph disagrees with it."""
