"""Decodes an image file to pixels through Pillow, and raises Toonmark's errors."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

from toonmark.cicp import code_points
from toonmark.errors import (
    ConfigurationError,
    EmptyFileError,
    ImageTooLargeError,
    MissingDecoderError,
    NotAnImageError,
    TruncatedImageError,
    UnreadableFileError,
)
from toonmark.jpeg import unread_kind
from toonmark.landmarks import Array
from toonmark.pillow_opening import decodes, libtiff, open_with_pillow
from toonmark.signatures import DECODERS, LENGTH, format_of, is_raw
from toonmark.srgb import DAMAGE, shown_size, upright_rgb
from toonmark.tiff import Decoder, Layout, layout_of, raw_file, read_deep, refusal

#: Pictures of more pixels are refused unless the environment's ``TOONMARK_MAX_PIXELS`` says
#: otherwise: 200 megapixels, more than cameras make; 600 MB as an array.
MAX_PIXELS = 200_000_000

#: A reduced reading keeps at least this many pixels on the longer side.
REDUCED_SIDE = 1500


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
    kind = _kind_of(start, name)
    own = max_pixels()
    most = own if limit is None else min(own, limit)
    with _reading(name, kind):
        said = code_points(file, kind)
        image = _open(file, kind, name)
        width, height = image.shown_size if isinstance(image, Layout) else image.size
        _check_size(width, height, most, own, name)
        if isinstance(image, Layout):
            return read_deep(file, image), 1
        reduction = 1
        if reduced and image.format in ("JPEG", "MPO"):
            reduction = _reduction(width, height)
            if reduction > 1:
                image.draft(None, (width // reduction, height // reduction))
        _load(image)
        return upright_rgb(image, said), reduction


def _kind_of(start: bytes, name: str) -> str | None:
    """The format by a file's first bytes, or None.

    Raises:
        NotAnImageError: a camera's raw file.
    """
    if is_raw(start):
        raise raw_file(name)
    return format_of(start)


def _check_size(width: int, height: int, most: int, own: int, name: str) -> None:
    if width * height > most:
        raise ImageTooLargeError(
            f"{name} has {width} × {height} pixels, more than the limit of {most:,}.",
            "Make it smaller, or raise the limit: set TOONMARK_MAX_PIXELS."
            if most == own
            else "Make it smaller.",
        )


def size_of(file: BinaryIO, name: str) -> tuple[int, int]:
    """Upright width and height.

    Only the file's start is read, but for a PNG: how it is turned may stand at its end, and is read
    with its pixels; so pictures beyond :func:`max_pixels` are refused.
    """
    kind = _kind_of(file.read(LENGTH), name)
    with _reading(name, kind):
        image = _open(file, kind, name)
        if isinstance(image, Layout):
            return image.shown_size
        width, height = image.size
        _check_size(width, height, max_pixels(), max_pixels(), name)
        return shown_size(image)


def area_of(file: BinaryIO, name: str) -> int:
    """The number of a picture's pixels; only the file's start is read, and nothing decoded."""
    kind = _kind_of(file.read(LENGTH), name)
    with _reading(name, kind):
        image = _open(file, kind, name)
        width, height = image.shown_size if isinstance(image, Layout) else image.size
        return int(width * height)


def from_pillow(image: Any) -> Array:
    """A Pillow picture, open or loaded, as (h, w, 3) uint8.

    A TIFF that is open and not loaded is read as its file would be, as far as its first picture
    goes: Pillow reads some wrongly.
    """
    unread = image.format == "TIFF" and image.tile and getattr(image, "fp", None) is not None
    if unread and image.tell() == 0:
        image.fp.seek(0)
        return decode(image.fp, "The picture", reduced=False)[0]
    with _reading("The picture", image.format):
        said = None
        if image.format == "PNG" and image.tile and getattr(image, "fp", None) is not None:
            before = image.fp.tell()
            said = code_points(image.fp, "PNG")
            image.fp.seek(before)
        if getattr(image, "tile", None) and getattr(image, "fp", None) is None:
            raise _closed()
        try:
            if image.mode == "La":  # which Pillow converts to one mode only
                image = image.convert("LA")
            _load(image)
        except ValueError as error:
            if "closed" in str(error):
                raise _closed() from error
            raise
        return upright_rgb(image, said)


def _closed() -> UnreadableFileError:
    return UnreadableFileError(
        "The Pillow picture is closed.", "Give it before it is closed, or give its file."
    )


def _load(image: Any) -> None:
    """Loads a picture's pixels.

    Of 16 bits a colour Pillow keeps the upper 8, but all of the colour that is transparent.
    """
    nothing = image.info.get("transparency")
    if isinstance(nothing, tuple) and any(
        ";16" in str(tile[3]) for tile in getattr(image, "tile", ())
    ):
        image.info["transparency"] = tuple(value >> 8 for value in nothing)
    image.load()


def _open(file: BinaryIO, kind: str | None, name: str) -> Any:
    """A Pillow picture, its pixels not loaded; or the layout of a TIFF that Pillow misreads.

    Raises:
        NotAnImageError: a sound TIFF or JPEG that nothing here reads.
    """
    if kind == "JPEG" and (what := unread_kind(file)):
        raise NotAnImageError(
            f"{name} is a JPEG {what}, which is not read.",
            "Save it as a PNG, or as a JPEG of 8 bits a colour.",
        )
    if kind != "TIFF":
        return open_with_pillow(file, kind)
    layout = layout_of(file, name)
    decoder = layout.decoder() if layout and layout.is_sound else Decoder.PILLOW
    if layout and decoder is None:
        raise refusal(layout, name)
    if decoder is Decoder.OPENCV:
        return layout
    from PIL import UnidentifiedImageError

    try:
        with libtiff(decoder is Decoder.LIBTIFF):
            return open_with_pillow(file, kind)
    except UnidentifiedImageError as error:
        if layout and layout.is_sound:
            raise refusal(layout, name) from error
        raise


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
        if kind in DECODERS and not decodes(kind):
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
    except DAMAGE as error:
        raise _damaged(name) from error


def _damaged(name: str) -> TruncatedImageError:
    return TruncatedImageError(
        f"{name} is damaged: it ends before the picture does.",
        "Copy or download it again.",
    )
