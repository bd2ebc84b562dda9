"""Opens images with Pillow: allowed formats only, global settings changed under a lock."""

from __future__ import annotations

import contextlib
import importlib
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

from toonmark.errors import MissingDecoderError
from toonmark.signatures import DECODERS

#: Names of the formats that are read. Not all that Pillow knows: some run other programs.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "PPM", "WEBP", "TIFF", "AVIF", "JPEG2000", "QOI", "ICO")

#: Modules that teach Pillow a format, and its name there.
_PLUGINS = {"HEIC": "pillow_heif", "JPEG XL": "pillow_jxl"}
_PILLOW_NAMES = {"HEIC": "HEIF", "JPEG XL": "JXL"}

_opening = threading.Lock()
_choosing = threading.Lock()


def open_with_pillow(file: BinaryIO, kind: str | None) -> Any:
    """A Pillow picture, its pixels not loaded.

    Raises:
        MissingDecoderError: what decodes this kind is installed, and does not work.
        OSError: what Pillow raises for a file that it does not know, or that is damaged.
    """
    from PIL import Image

    file.seek(0)
    if kind in ("JPEG", "PNG", "GIF", "BMP"):
        formats = [kind]  # spares the import of all the others
    else:
        Image.init()
        if kind in _PLUGINS:
            _load_plugin(kind)
        formats = [name for name in (*FORMATS, *_PILLOW_NAMES.values()) if name in Image.OPEN]
    # Pillow has a limit of its own, below ours and one for the whole process. It is out of the
    # way while a header is parsed; what is larger than our limit is never decoded.
    with _opening:
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(file, formats=formats)
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _load_plugin(kind: str) -> None:
    """Imports what teaches Pillow a format; leaves it where that is not installed.

    Raises:
        MissingDecoderError: it is installed, and does not work.
    """
    try:
        module: Any = importlib.import_module(_PLUGINS[kind])
    except ModuleNotFoundError as error:
        if error.name == _PLUGINS[kind]:
            return
        raise _broken(kind, error) from error
    except (ImportError, OSError) as error:  # a library of another system, or of none
        raise _broken(kind, error) from error
    if kind == "HEIC":
        module.register_heif_opener()


def _broken(kind: str, error: Exception) -> MissingDecoderError:
    return MissingDecoderError(
        f"The decoder for {kind}, {_PLUGINS[kind]}, cannot be loaded ({error}).",
        f"Install it again: pip install --force-reinstall '{DECODERS[kind]}'",
    )


@contextlib.contextmanager
def libtiff(wanted: bool) -> Iterator[None]:
    """Pillow opens with libtiff even what is not compressed; a switch for the whole process."""
    from PIL import TiffImagePlugin

    with _choosing:
        before, TiffImagePlugin.READ_LIBTIFF = TiffImagePlugin.READ_LIBTIFF, wanted
        try:
            yield
        finally:
            TiffImagePlugin.READ_LIBTIFF = before


def decodes(kind: str) -> bool:
    """Whether Pillow has what decodes a format of :data:`DECODERS`."""
    from PIL import Image

    return _PILLOW_NAMES.get(kind, kind) in Image.OPEN
