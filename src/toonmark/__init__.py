"""Toonmark: cartoons of people, learned from unpaired pictures.

>>> from toonmark import Cartoonizer
>>> Cartoonizer("toon")("me.jpg")[0].save("me-toon.png", size=512)

How a style is made is in :mod:`toonmark.making`: ``train``, ``export``, ``evaluate``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from toonmark._version import __version__

if TYPE_CHECKING:
    from toonmark.blend import in_photo as in_photo
    from toonmark.blend import side_by_side as side_by_side
    from toonmark.cartoon import Cartoon
    from toonmark.cartoonizer import Cartoonizer
    from toonmark.data.dataset import Dataset
    from toonmark.errors import (
        ConfigurationError,
        DataError,
        FaceError,
        ImageError,
        MissingExtraError,
        OutputError,
        RunError,
        StyleError,
        ToonmarkError,
    )
    from toonmark.faces.detect import Face as Face
    from toonmark.faces.detect import find_faces as find_faces
    from toonmark.making import evaluate, export, train
    from toonmark.styles.metadata import StyleMetadata as StyleMetadata
    from toonmark.styles.pack import StylePack as StylePack
    from toonmark.styles.pack import list_styles as list_styles

__all__ = [
    "Cartoon",
    "Cartoonizer",
    "ConfigurationError",
    "DataError",
    "Dataset",
    "FaceError",
    "ImageError",
    "MissingExtraError",
    "OutputError",
    "RunError",
    "StyleError",
    "ToonmarkError",
    "__version__",
    "evaluate",
    "export",
    "train",
]

# Where each name lives: imported when it is asked for, so that `import toonmark` costs nothing.
_HOMES = {
    "toonmark.cartoon": ("Cartoon",),
    "toonmark.cartoonizer": ("Cartoonizer",),
    "toonmark.data.dataset": ("Dataset",),
    "toonmark.errors": tuple(name for name in __all__ if name.endswith("Error")),
    "toonmark.making": ("evaluate", "export", "train"),
    # Not advertised; here for those who have them from here.
    "toonmark.blend": ("in_photo", "side_by_side"),
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
