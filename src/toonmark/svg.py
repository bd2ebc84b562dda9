"""A drawing as shapes: SVG, for a vector editor.

The tracing is vtracer's (extra ``svg``). It fits splines to areas of one colour, so flat drawings
become few, clean shapes.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from toonmark import cutout
from toonmark.errors import MissingExtraError
from toonmark.landmarks import Array

#: Edge in pixels at which drawings are traced.
TRACED_AT = 512
#: A document is traced more coarsely if it has more bytes than this.
LARGEST_FILE = 60_000
#: Bits of a colour's channels, and the edge in pixels of what is left out, from fine to coarse.
_STEPS = ((6, 4), (6, 8), (5, 12), (4, 20))


def traced(image: Array, size: int, transparent: bool = False) -> str:
    """Traces a drawing.

    Args:
        image: (S, S, 3) uint8 RGB on white.
        size: width and height that the document says it has, in pixels.
        transparent: without the white around the figure.

    Returns:
        the document's text, at most :data:`LARGEST_FILE` bytes of it if the drawing is flat.

    Raises:
        MissingExtraError: vtracer is not installed.

    Example:
        >>> import numpy as np
        >>> traced(np.full((64, 64, 3), 255, np.uint8), 256).count("<path")
        1
    """
    vtracer = _library()
    edge = max(TRACED_AT, len(image))
    if transparent:
        pixels = cutout.figure(image, edge)
        alpha = np.where(pixels[..., 3:] > 127, 255, 0)
        pixels = np.where(alpha > 0, np.concatenate([pixels[..., :3], alpha], axis=-1), 0)
    else:
        drawing = cutout.resized(image, edge)
        pixels = np.concatenate([drawing, np.full_like(drawing[..., :1], 255)], axis=-1)
    colours = [tuple(pixel) for pixel in pixels.reshape(-1, 4).tolist()]
    text = ""
    for precision, speckle in _STEPS:
        text = vtracer.convert_pixels_to_svg(
            colours,
            (edge, edge),
            colormode="color",
            hierarchical="stacked",
            mode="spline",
            color_precision=precision,
            layer_difference=8,
            filter_speckle=speckle,
            path_precision=1,
        )
        if len(text) <= LARGEST_FILE:
            break
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {edge} {edge}" '
    return re.sub(r"<svg[^>]*>", f'{head}width="{size}" height="{size}">', text, count=1)


def _library() -> Any:
    try:
        import vtracer
    except ModuleNotFoundError as error:
        raise MissingExtraError("Writing SVG", "svg") from error
    return vtracer
