"""Toonmark: cartoons of people, learned from unpaired pictures.

>>> from toonmark import Cartoonizer  # doctest: +SKIP
>>> Cartoonizer("toon")("me.jpg")[0].save("me-toon.png", size=512)  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from toonmark._version import __version__

if TYPE_CHECKING:
    from toonmark.blend import in_photo, side_by_side
    from toonmark.cartoon import Cartoon
    from toonmark.cartoonizer import Cartoonizer
    from toonmark.errors import FaceError, ImageError, OutputError, StyleError, ToonmarkError
    from toonmark.faces.detect import Face, find_faces
    from toonmark.styles.metadata import StyleMetadata
    from toonmark.styles.pack import StylePack, list_styles

__all__ = [
    "Cartoon",
    "Cartoonizer",
    "Face",
    "FaceError",
    "ImageError",
    "OutputError",
    "StyleError",
    "StyleMetadata",
    "StylePack",
    "ToonmarkError",
    "__version__",
    "find_faces",
    "in_photo",
    "list_styles",
    "side_by_side",
]

# Where each name lives: imported when it is asked for, so that `import toonmark` costs nothing.
_HOMES = {
    "toonmark.blend": ("in_photo", "side_by_side"),
    "toonmark.cartoon": ("Cartoon",),
    "toonmark.cartoonizer": ("Cartoonizer",),
    "toonmark.errors": ("FaceError", "ImageError", "OutputError", "StyleError", "ToonmarkError"),
    "toonmark.faces.detect": ("Face", "find_faces"),
    "toonmark.styles.metadata": ("StyleMetadata",),
    "toonmark.styles.pack": ("StylePack", "list_styles"),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
