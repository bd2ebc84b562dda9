"""TIFFs: what a file says it holds, and which decoder reads that rightly.

Pillow refuses floats in colour, reads 16-bit grey whose zero is white as its negative and floats
of the other byte order as noise, and scrambles planes of 16 bits and subsampled colours where
they are not compressed. So a TIFF's layout is looked at first: it goes to the decoder whose
pixels are those of tifffile, or is refused by what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO

import numpy as np

from toonmark.errors import NotAnImageError
from toonmark.landmarks import Array
from toonmark.srgb import by_profile, eight_bits, on_white

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _YCBCR = 0, 1, 2, 6
_COLOURS = {
    _WHITE_IS_ZERO: "grey",
    _BLACK_IS_ZERO: "grey",
    _RGB: "RGB",
    3: "a palette",
    4: "a mask",
    5: "inks",
    _YCBCR: "YCbCr",
    8: "CIE Lab",
    9: "ICC Lab",
    10: "ITU Lab",
    32803: "a camera's raw data",
    32844: "LogL",
    32845: "LogLuv",
    34892: "a camera's raw data",
}
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_NUMBERS = {
    _UNSIGNED: "whole numbers",
    _SIGNED: "numbers with a sign",
    _FLOAT: "floats",
    4: "numbers of no known kind",
    5: "complex numbers",
    6: "complex numbers",
}
#: Compressions that OpenCV's wheels unpack: none, LZW, deflate by both its numbers, PackBits.
_UNPACKED = {1, 5, 8, 32946, 32773}
_KIND, _OTHERS, _DNG_VERSION = 254, 330, 50706  # tags; others lie below the first picture
_PREVIEW = 1
_UNCOMPRESSED, _IN_PLANES, _PREMULTIPLIED, _TRANSPARENT = 1, 2, 1, 2


class Decoder(StrEnum):
    """The decoders that can read a layout."""

    PILLOW = "pillow"
    LIBTIFF = "libtiff"  # which Pillow otherwise asks only for what is compressed
    OPENCV = "opencv"


@dataclass(frozen=True)
class Layout:
    """The layout of a TIFF's first picture, by its tags.

    Attributes:
        width, height: of what is stored.
        orientation: how to turn it, 1 to 8.
        bits: of each sample.
        samples: for each pixel.
        photometric, numbers, compression: TIFF's own codes.
        planes: whether each sample has a plane of its own.
        extra: what each sample beyond the colours means.
        profile: the colour profile, if any.
    """

    width: int
    height: int
    orientation: int
    bits: tuple[int, ...]
    samples: int
    photometric: int
    numbers: int
    compression: int
    planes: bool
    extra: tuple[int, ...]
    profile: bytes | None

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height, upright."""
        turned = self.orientation in (5, 6, 7, 8)
        return (self.height, self.width) if turned else (self.width, self.height)

    @property
    def is_sound(self) -> bool:
        """Whether all of it exists in TIFF; else the file is damaged."""
        return (
            self.photometric in _COLOURS
            and self.numbers in _NUMBERS
            and set(self.bits) <= {1, 2, 4, 8, 10, 12, 14, 16, 24, 32, 64, 128}
            and min(self.width, self.height) > 0
        )

    def __str__(self) -> str:
        planes = " in planes" if self.planes else ""
        packed = "" if self.compression == _UNCOMPRESSED else f", compression {self.compression}"
        colours = _COLOURS.get(self.photometric, f"colours {self.photometric}")
        numbers = _NUMBERS.get(self.numbers, "numbers of no known kind")
        return f"{max(self.bits)}-bit {numbers} ({colours}{planes}{packed})"

    def decoder(self) -> Decoder | None:
        """The decoder that reads it rightly, as far as is known; None where none does."""
        deep, grey = max(self.bits), self.samples == 1
        if self.numbers == _FLOAT:
            of_grey = grey and self.photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO)
            of_colour = self.photometric == _RGB and self.samples in (3, 4) and not self.planes
            fits = set(self.bits) <= {32, 64} and (of_grey or of_colour)
            return Decoder.OPENCV if fits and self.compression in _UNPACKED else None
        if self.numbers == _SIGNED and not (grey and deep == 32):  # Pillow's own mode I
            return None
        if self.numbers == _UNSIGNED and deep >= 32:
            return None
        if self.photometric == _WHITE_IS_ZERO and deep == 16 and grey:
            return Decoder.OPENCV if self.compression in _UNPACKED else None
        if self.compression == _UNCOMPRESSED and (
            (self.planes and deep > 8) or self.photometric == _YCBCR
        ):
            return Decoder.LIBTIFF
        return Decoder.PILLOW


def layout_of(file: BinaryIO, name: str) -> Layout | None:
    """The layout of a TIFF's first picture, or None where its tags do not say.

    Raises:
        NotAnImageError: a TIFF of 64 bits with the larger byte first, which Pillow cannot open; or
            a camera's raw file.
        ValueError, LookupError, TypeError, OSError, struct.error: damaged tags.
    """
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    file.seek(0)
    head = file.read(8)
    if head.startswith(b"MM\x00+"):
        raise _refused(name, "64-bit places with the larger byte first")
    if head.startswith(b"II+"):
        head += file.read(8)
    tags = ImageFileDirectory_v2(head)
    file.seek(tags.next)
    tags.load(file)
    # Its first picture is but a preview, and so small that it would be drawn badly.
    if _DNG_VERSION in tags or (_OTHERS in tags and tags.get(_KIND) == _PREVIEW):
        raise raw_file(name)

    def number(tag: int, default: int) -> int:
        value = tags.get(tag, default)
        value = value[0] if isinstance(value, tuple) and value else value
        return value if isinstance(value, int) else default

    def numbers(tag: int, default: tuple[int, ...]) -> tuple[int, ...]:
        value = tags.get(tag, default)
        value = value if isinstance(value, tuple) else (value,)
        return tuple(v for v in value if isinstance(v, int)) or default

    placed = 273 in tags or 324 in tags  # in strips or tiles
    if not placed or not isinstance(tags.get(256), int) or not isinstance(tags.get(257), int):
        return None
    profile: Any = tags.get(34675)
    samples = number(277, 1)
    return Layout(
        width=tags[256],
        height=tags[257],
        orientation=number(274, 1),
        bits=numbers(258, (1,)),
        samples=samples,
        photometric=number(262, _WHITE_IS_ZERO),
        numbers=number(339, _UNSIGNED),
        compression=number(259, _UNCOMPRESSED),
        planes=number(284, 1) == _IN_PLANES and samples > 1,
        extra=numbers(338, ()),
        profile=profile if isinstance(profile, bytes) else None,
    )


def raw_file(name: str) -> NotAnImageError:
    """The error for what a camera wrote before it made a picture of it."""
    return NotAnImageError(
        f"{name} is a camera's raw file, which is not read.",
        "Save it as a JPEG or PNG in the program that came with the camera.",
    )


def refusal(layout: Layout, name: str) -> NotAnImageError:
    """The error for a layout that nothing here reads."""
    return _refused(name, str(layout))


def _refused(name: str, what: str) -> NotAnImageError:
    return NotAnImageError(
        f"{name} is a TIFF of {what}, which is not read.",
        "Save it as a PNG, or as a TIFF of 8 or 16 bits a colour.",
    )


def read_deep(file: BinaryIO, layout: Layout) -> Array:
    """Decodes what :data:`Decoder.OPENCV` reads: upright (h, w, 3) uint8.

    Floats are colours as they are shown, 1 is white, unless their size says 255 or 65535.

    Raises:
        ValueError: the file is damaged.
    """
    import cv2
    from PIL import Image

    file.seek(0)
    content = np.frombuffer(file.read(), np.uint8)
    # It prints what is raised here. Before OpenCV 4.13 the function was another module's.
    set_level: Any = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
    before = set_level(0)
    try:
        pixels: Any = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)  # which turns it upright
    except cv2.error as error:
        raise ValueError("OpenCV cannot decode it") from error
    finally:
        set_level(before)
    width, height = layout.shown_size
    if pixels is None or pixels.shape[:2] != (height, width):
        raise ValueError("OpenCV cannot decode it")
    values = np.asarray(pixels)
    values = values[..., None] if values.ndim == 2 else values
    colours = values[..., 2::-1] if values.shape[2] >= 3 else values
    if layout.photometric == _WHITE_IS_ZERO:
        colours = (1 if layout.numbers == _FLOAT else 65535) - colours
    shown = eight_bits(colours)
    if shown.shape[2] == 1:
        shown = np.repeat(shown, 3, axis=2)
    if values.shape[2] == 4 and layout.extra and layout.extra[0] in (_PREMULTIPLIED, _TRANSPARENT):
        alpha = np.clip(np.nan_to_num(values[..., 3:]), 0, 1)
        if layout.extra[0] == _PREMULTIPLIED:
            shown = np.rint(np.clip(shown + 255 * (1 - alpha), 0, 255)).astype(np.uint8)
        else:
            alpha = np.rint(255 * alpha).astype(np.uint8)
            shown = on_white(np.concatenate([shown, alpha], axis=2))
    if layout.profile:
        shown = np.array(by_profile(Image.fromarray(np.ascontiguousarray(shown)), layout.profile))
    return np.ascontiguousarray(shown)
