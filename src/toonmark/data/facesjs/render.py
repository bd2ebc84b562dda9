"""SVG to pixels."""

from __future__ import annotations

import io

import numpy as np

from toonmark.errors import MissingExtraError
from toonmark.landmarks import Array


def rasterise(document: str) -> Array:
    """The pixels of an SVG document with an opaque background: (H, W, 3) uint8 RGB.

    Raises:
        MissingExtraError: resvg-py is not installed.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise MissingExtraError("Drawing cartoons", "train") from error
    from PIL import Image

    png = bytes(resvg_py.svg_to_bytes(svg_string=document, skip_system_fonts=True))
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
