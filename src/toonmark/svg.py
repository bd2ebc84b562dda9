"""A drawing as shapes: SVG, for a vector editor.

The tracing is vtracer's (extra ``svg``). It fits splines to areas of one colour, so flat drawings
become few, clean shapes.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from toonmark import cutout, pictures
from toonmark.errors import MissingExtraError
from toonmark.landmarks import Array

#: Edge in pixels at which drawings are traced.
TRACED_AT = 512
#: A document is traced more coarsely if it has more bytes than this.
LARGEST_FILE = 60_000
#: Colours, and the edge in pixels of what is left out, from fine to coarse.
_STEPS = ((20, 6), (20, 8), (16, 8), (16, 10), (14, 10), (12, 10), (12, 20), (8, 30))


def traced(image: Array, size: int, transparent: bool = False) -> str:
    """Traces a drawing.

    Args:
        image: (S, S, 3) uint8 RGB on white.
        size: width and height that the document says it has, in pixels.
        transparent: without the white around the figure.

    Returns:
        the document's text, at most :data:`LARGEST_FILE` bytes of it where the drawing is flat.

    Raises:
        MissingExtraError: vtracer is not installed.

    Example:
        >>> import numpy as np
        >>> traced(np.full((64, 64, 3), 255, np.uint8), 256).count("<path")
        1
    """
    vtracer = _library()
    edge = max(TRACED_AT, len(image))
    pixels = (cutout.figure if transparent else cutout.resized)(image, edge)
    text = ""
    for colours, speckle in _STEPS:
        text = vtracer.convert_raw_image_to_svg(
            pictures.encode(_flat(pixels, colours), ".png"),
            img_format="png",
            colormode="color",
            hierarchical="stacked",
            mode="spline",
            color_precision=8,
            layer_difference=0,
            filter_speckle=speckle,
            path_precision=1,
        )
        if len(text) <= LARGEST_FILE:
            break
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {edge} {edge}" '
    return re.sub(r"<svg[^>]*>", f'{head}width="{size}" height="{size}">', text, count=1)


def _flat(pixels: Array, colours: int) -> Array:
    """A picture, (S, S, 3 or 4) uint8, in few colours, each pixel there or not.

    The half colours of soft edges would each become a shape of their own.
    """
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    few = picture.quantize(
        colours, Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE
    ).convert("RGB")
    if pixels.shape[2] == 3:
        return np.asarray(few)
    solid = pixels[..., 3:] > 127
    there = np.where(solid, np.uint8(255), np.uint8(0))
    return np.concatenate([np.where(solid, np.asarray(few), np.uint8(0)), there], axis=-1)


def _library() -> Any:
    try:
        import vtracer
    except ModuleNotFoundError as error:
        raise MissingExtraError("Writing SVG", "svg") from error
    return vtracer
