"""Reads image files to upright 8-bit sRGB arrays, and writes arrays as PNG, JPEG or WebP.

Whatever a file holds (a phone's rotated JPEG, a palette, ink on paper, sixteen bits), what comes
out is upright 8-bit sRGB on white.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, cast

import numpy as np

from toonmark.cancellation import checkpoint
from toonmark.decoding import area_of, decode, from_pillow, size_of
from toonmark.errors import NotAnImageError, OutputNotWritableError, UnreadableFileError
from toonmark.files import write_bytes
from toonmark.landmarks import Array
from toonmark.srgb import from_array, on_white

if TYPE_CHECKING:
    from PIL.Image import Image

#: What the name of a picture in a folder ends in.
SUFFIXES = frozenset(
    (
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
        *(".ppm", ".pgm", ".avif", ".jp2", ".heic", ".heif", ".hif", ".jxl"),
    )
)

#: What a drawing's name may end in besides; :mod:`toonmark.svg` traces it.
SVG = ".svg"
#: What a name ends in, and the format that is then written.
WRITTEN = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


def pictures_in(folder: Path, below: bool = True) -> list[Path]:
    """The pictures of a folder, by their names; none where there is no folder.

    Args:
        below: in its folders too.

    Raises:
        UnreadableFileError: a name that is no text (not UTF-8), which no table could hold.
    """
    if not folder.is_dir():
        return []
    found = []
    for path in sorted(folder.rglob("*") if below else folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            continue
        try:
            str(path.relative_to(folder)).encode()
        except UnicodeEncodeError as error:
            shown = ascii(path.name)
            raise UnreadableFileError(
                f"A picture in {folder} has a name that is not UTF-8: {shown}.", "Rename it."
            ) from error
        found.append(path)
    return found


def upright_size(source: Path | bytes) -> tuple[int, int]:
    """Width and height of a picture as it is shown, from the start of its file.

    Args:
        source: the file, or its bytes.

    Raises:
        ImageError: one of its kinds, for what cannot be read.
    """
    if isinstance(source, bytes):
        return size_of(io.BytesIO(source), "The file")
    try:
        with open(source, "rb") as file:
            return size_of(file, source.name)
    except OSError as error:
        raise UnreadableFileError(
            f"{source} cannot be read ({os.strerror(error.errno or 5)}).",
            "Check its name and that you may read it.",
        ) from error


def area(source: bytes) -> int:
    """The number of a picture's pixels, by its header; nothing is decoded.

    Raises:
        ImageError: one of its kinds, for what cannot be read.
    """
    return area_of(io.BytesIO(source), "The file")


@dataclass(frozen=True)
class Photo:
    """A picture that was read.

    Attributes:
        pixels: (h, w, 3) uint8 RGB, upright.
        reduction: the file's picture is this many times larger than ``pixels``, each way; whole
            blocks of it, so that positions map exactly.
        source: what it was read from, to read it again in full.
    """

    pixels: Array
    reduction: int = 1
    source: Source | None = field(default=None, repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the file's picture, upright."""
        height, width = self.pixels.shape[:2]
        return width * self.reduction, height * self.reduction

    @property
    def to_full(self) -> Array:
        """The transform from ``pixels`` to the file's picture: (2, 3)."""
        shift = (self.reduction - 1) / 2
        return np.array([[self.reduction, 0, shift], [0, self.reduction, shift]], np.float64)

    def full(self) -> Photo:
        """The same at its full size; reads the file again if need be."""
        if self.reduction == 1 or self.source is None:
            return self
        return read(self.source)


#: Bytes that are read from a pipe, which has no end of its own.
PIPED = 1 << 30


def _rest_of(file: BinaryIO) -> bytes:
    """A binary file's bytes from where it stands; all of them if it stands at its end, as after
    a picture was saved into it.

    Raises:
        NotAnImageError: it is a file of text.
    """
    content = file.read()
    if not content and hasattr(file, "seekable") and file.seekable():
        file.seek(0)
        content = file.read()
    if not isinstance(content, bytes):
        raise NotAnImageError(
            "A file that was opened as text is no picture.", 'Open it with open(name, "rb").'
        )
    return content


Source: TypeAlias = "str | os.PathLike[str] | bytes | BinaryIO | Image | Array | Photo"


def read(source: Source, reduced: bool = False, max_pixels: int | None = None) -> Photo:
    """Reads a picture; of an animation, the first frame.

    Rotated as its EXIF data say, converted to sRGB by its colour profile, transparent parts on
    white.

    Args:
        source: a path, a file's bytes, a binary file, a Pillow picture, or an array: (h, w),
            (h, w, 1), (h, w, 3) RGB or (h, w, 4) RGBA; uint8, uint16, or float in [0, 1].
        reduced: read a JPEG of thousands of pixels at 1/2, 1/4 or 1/8 of its size, which is fast
            and takes little memory, where whole blocks allow it.
        max_pixels: of a file; None for 200 megapixels, or what ``TOONMARK_MAX_PIXELS`` says.

    Raises:
        ImageError: one of its kinds, for what cannot be read.
    """
    if hasattr(source, "__fspath__") or isinstance(source, str):
        path = Path(cast(str, source))
        if "\0" in str(path):
            raise UnreadableFileError(f"{str(path)!r} is no name of a file.", "Check the name.")
        try:
            with open(path, "rb") as file:
                whole = file if file.seekable() else io.BytesIO(file.read(PIPED))
                return Photo(*decode(whole, path.name, reduced, max_pixels), source)
        except OSError as error:
            if os.path.isdir(path):
                raise UnreadableFileError(
                    f"{path} is a folder.", "Name the pictures in it."
                ) from error
            raise UnreadableFileError(
                f"{str(path)[:200]} cannot be read ({os.strerror(error.errno or 5)}).",
                "Check its name and that you may read it.",
            ) from error
    if isinstance(source, Photo):
        return source
    if isinstance(source, bytes | bytearray | memoryview):
        return Photo(*decode(io.BytesIO(source), "The file", reduced, max_pixels), source)
    if isinstance(source, np.ndarray):
        return Photo(from_array(source))
    if hasattr(source, "read"):
        return read(_rest_of(cast(BinaryIO, source)), reduced, max_pixels)
    if hasattr(source, "getexif"):
        return Photo(from_pillow(source))
    raise NotAnImageError(
        f"A {type(source).__name__} is no picture.",
        "Give a path, bytes, a Pillow picture or a NumPy array.",
    )


def encode(pixels: Array, suffix: str, quality: int = 92) -> bytes:
    """A file's bytes: PNG, JPEG or WebP, as ``suffix`` says (".png").

    Args:
        pixels: (h, w, 3) or (h, w, 4) uint8; a JPEG has no transparency and gets white. PNG also
            takes grey ones, (h, w).

    Raises:
        OutputNotWritableError: the suffix is none of these.
    """
    from PIL import Image

    checkpoint()
    if suffix.lower() not in WRITTEN:
        raise OutputNotWritableError(
            f"{suffix or 'A name without a suffix'} is no format that is written.",
            f"End the name in one of {', '.join(WRITTEN)}.",
        )
    image_format = WRITTEN[suffix.lower()]
    if image_format == "PNG":
        return _png(pixels)
    options: dict[str, Any] = {"quality": quality}
    if image_format == "JPEG":
        pixels = on_white(pixels)
        options["subsampling"] = 0  # outlines in colour stay sharp
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, image_format, **options)
    return buffer.getvalue()


def _png(pixels: Array) -> bytes:
    """PNG with one filter for all rows: in two fifths of Pillow's time, 3 % larger."""
    import cv2

    options = [cv2.IMWRITE_PNG_COMPRESSION, 2, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG]
    if pixels.ndim == 3:
        swapped = cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
        pixels = cv2.cvtColor(np.ascontiguousarray(pixels), swapped)
    return cv2.imencode(".png", pixels, options)[1].tobytes()


def write(path: str | os.PathLike[str], pixels: Array, quality: int = 92) -> None:
    """Writes a picture whole or not at all; the format is what the name ends in.

    Raises:
        OutputNotWritableError, DiskFullError: see :func:`toonmark.files.written_whole`.
    """
    # Encoded first: Pillow's own writing hides why a write failed.
    write_bytes(path, encode(pixels, Path(path).suffix, quality))
