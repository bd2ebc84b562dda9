"""A picture file's bytes to pixels, through Pillow, with its failures told apart."""

from __future__ import annotations

import contextlib
import os
import struct
import threading
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from toonmark.colour import shown_size, upright_rgb
from toonmark.errors import (
    ConfigurationError,
    EmptyFileError,
    ImageTooLargeError,
    MissingDecoderError,
    NotAnImageError,
    TruncatedImageError,
)
from toonmark.landmarks import Array
from toonmark.signatures import DECODERS, LENGTH, format_of

#: Names of the formats that are read. Not all that Pillow knows: some run other programs.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "PPM", "WEBP", "TIFF", "AVIF", "JPEG2000", "QOI", "ICO")

#: Pictures of more pixels are refused unless the environment's ``TOONMARK_MAX_PIXELS`` says
#: otherwise: 200 megapixels, more than cameras make; 600 MB as an array.
MAX_PIXELS = 200_000_000

#: A reduced reading keeps at least this many pixels on the longer side.
REDUCED_SIDE = 1500

#: What Pillow's readers raise for a damaged file, beside OSError; AVIF's a RuntimeError.
_DAMAGE = (
    SyntaxError, ValueError, EOFError, LookupError, TypeError, ArithmeticError, RuntimeError,
    struct.error, zlib.error,
)  # fmt: skip

_opening = threading.Lock()


def max_pixels() -> int:
    """The limit in force.

    Raises:
        ConfigurationError: ``TOONMARK_MAX_PIXELS`` is no positive whole number.
    """
    text = os.environ.get("TOONMARK_MAX_PIXELS", "").replace("_", "").strip()
    if not text:
        return MAX_PIXELS
    if not text.isdecimal() or int(text) == 0:
        raise ConfigurationError(
            f"TOONMARK_MAX_PIXELS is {text!r}, which is no number of pixels.",
            f"Set it to a whole number such as {MAX_PIXELS}, or unset it.",
        )
    return int(text)


def decode(file: BinaryIO, name: str, reduced: bool, limit: int | None = None) -> tuple[Array, int]:
    """Gives the pixels and the reduction. OSErrors with a number come from the disk: they pass.

    Args:
        limit: pixels, where fewer than :func:`max_pixels` are wanted.
    """
    start = file.read(LENGTH)
    if not start:
        raise EmptyFileError(
            f"{name} is empty: it has no bytes.", "Copy or download the picture again."
        )
    kind = format_of(start)
    with _reading(name, kind):
        image = _open(file, kind)
        width, height = image.size
        own = max_pixels()
        most = own if limit is None else min(own, limit)
        if width * height > most:
            raise ImageTooLargeError(
                f"{name} has {width} × {height} pixels, more than the limit of {most:,}.",
                "Make it smaller, or raise the limit: set TOONMARK_MAX_PIXELS."
                if most == own
                else "Make it smaller.",
            )
        reduction = 1
        if reduced and image.format in ("JPEG", "MPO"):
            reduction = _reduction(width, height)
            if reduction > 1:
                image.draft(None, (width // reduction, height // reduction))
        image.load()
        return upright_rgb(image), reduction


def size_of(file: BinaryIO, name: str) -> tuple[int, int]:
    """Upright width and height; only the file's start is read."""
    kind = format_of(file.read(LENGTH))
    with _reading(name, kind):
        return shown_size(_open(file, kind))


def from_pillow(image: Any) -> Array:
    """A Pillow picture, open or loaded, as (h, w, 3) uint8."""
    with _reading("The picture", image.format):
        image.load()
        return upright_rgb(image)


def _open(file: BinaryIO, kind: str | None) -> Any:
    from PIL import Image

    file.seek(0)
    if kind in ("JPEG", "PNG", "GIF", "BMP"):
        formats = [kind]  # spares the import of all the others
    else:
        if kind == "HEIC":
            with contextlib.suppress(ImportError):
                import pillow_heif

                pillow_heif.register_heif_opener()
        Image.init()
        formats = [name for name in (*FORMATS, "HEIF") if name in Image.OPEN]
    # Pillow has a limit of its own, below ours and one for the whole process. It is out of the
    # way while a header is parsed; what is larger than our limit is never decoded.
    with _opening:
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(file, formats=formats)
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _reduction(width: int, height: int) -> int:
    for factor in (8, 4, 2):
        enough = max(width, height) >= factor * REDUCED_SIDE
        if enough and width % factor == 0 and height % factor == 0:
            return factor
    return 1


@contextlib.contextmanager
def _reading(name: str, kind: str | None) -> Iterator[None]:
    """Turns what Pillow raises for a file of this kind into our errors."""
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except UnidentifiedImageError as error:
        if kind in DECODERS:
            raise MissingDecoderError(
                f"{name} is {kind}, and no decoder for it is installed.",
                f"Save it as JPEG or PNG, or: pip install '{DECODERS[kind]}'",
            ) from error
        if kind is not None:
            raise _damaged(name) from error
        raise NotAnImageError(
            f"{name} is not a picture.", "Give a JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF."
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageTooLargeError(
            f"{name} has more pixels than its format may have.", "Make it smaller."
        ) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(name) from error
    except _DAMAGE as error:
        raise _damaged(name) from error


def _damaged(name: str) -> TruncatedImageError:
    return TruncatedImageError(
        f"{name} is damaged: it ends before the picture does.",
        "Copy or download it again.",
    )
