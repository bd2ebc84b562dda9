"""Vectorises a drawing: traces its flat areas to SVG with vtracer.

The tracing is vtracer's (extra ``svg``). It fits splines to areas of one colour, so flat drawings
become few, clean shapes. The page does the same (``web/src/vision/shapes.js``), with the settings
that it has from here.
"""

from __future__ import annotations

import importlib.util
import re
from typing import Any

import numpy as np

from toonmark import cutout, pictures
from toonmark.cancellation import checkpoint
from toonmark.errors import imported
from toonmark.landmarks import Array
from toonmark.srgb import to_lab

#: Edge in pixels at which drawings are traced.
TRACED_AT = 512
#: A document is traced more coarsely if it has more bytes than this.
LARGEST_FILE = 60_000
#: How far apart colours are (CIE76), the edge in pixels of a median filter, and that of shapes that
#: are left out: from fine to coarse.
_STEPS = ((4, 1, 4), (4, 7, 4), (5, 9, 4), (8, 9, 4), (12, 11, 4), (18, 11, 5), (32, 11, 20))
#: What differs this much (CIE76) from what is around it is no speck: the white of an eye.
_SPECK = 25.0
#: A drawing's colours are told by places where neighbours differ by at most this, of 255.
_EVEN = 10
#: Ink on paper: how far its channels are apart, of 255, and how much of it is an even grey. It is
#: traced at so many times the size, for lines are narrow.
_NEUTRAL, _FLAT, _FINER = 12, 0.02, 3
#: The most colours that are looked at, by area, and that are kept.
_LOOKED_AT, _KEPT = 1000, 48
#: What vtracer is told, beside the edge of shapes that are left out: of areas, and of ink.
_BOTH = {
    "hierarchical": "stacked",
    "corner_threshold": 60,
    "splice_threshold": 45,
    "max_iterations": 10,
    "color_precision": 8,
    "layer_difference": 0,
}
_AREAS = _BOTH | {
    "colormode": "color",
    "mode": "spline",
    "length_threshold": 6.0,
    "path_precision": 1,
}
_LINES = _BOTH | {
    "colormode": "binary",
    "mode": "polygon",
    "length_threshold": 4.0,
    "filter_speckle": 4,
    "path_precision": 0,
}


def is_available() -> bool:
    """Whether what traces is installed."""
    return importlib.util.find_spec("vtracer") is not None


def settings() -> dict[str, Any]:
    """All of the above, by the names that the page has for them."""
    return {
        "tracedAt": TRACED_AT,
        "largestFile": LARGEST_FILE,
        "steps": _STEPS,
        "speck": _SPECK,
        "even": _EVEN,
        "neutral": _NEUTRAL,
        "flat": _FLAT,
        "finer": _FINER,
        "lookedAt": _LOOKED_AT,
        "kept": _KEPT,
        "areas": _AREAS,
        "lines": _LINES,
    }


def traced(image: Array, size: int, transparent: bool = False, outline: Array | None = None) -> str:
    """Traces a drawing.

    Args:
        image: (S, S, 3) uint8 RGB on white.
        size: width and height that the document says it has, in pixels.
        transparent: without the white around the figure.
        outline: (S, S, 3) uint8 RGB, what it is cut out along, if that is not the drawing.

    Returns:
        the document's text, at most :data:`LARGEST_FILE` bytes of it where the drawing is flat;
        where it is in ink, as many as its lines need.

    Raises:
        MissingExtraError: vtracer is not installed.
        RuntimeBrokenError: it is, and cannot be loaded.

    Example:
        >>> import numpy as np
        >>> traced(np.full((64, 64, 3), (200, 40, 40), np.uint8), 256).count("<path")
        1
    """
    vtracer = _library()
    edge = max(TRACED_AT, len(image))
    plain = cutout.resized(image, edge)
    pixels = cutout.figure(image, edge, outline, plain) if transparent else plain
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 '
    if _is_ink(plain):
        fine = _FINER * edge
        lines = _engraved(plain, pixels[..., 3] if transparent else None)
        return f'{head}{fine} {fine}">\n{lines}</svg>\n'
    text = ""
    for apart, median, speckle in _STEPS:
        checkpoint()
        text = vtracer.convert_raw_image_to_svg(
            pictures.encode(_flat(pixels, apart, median), ".png"),
            img_format="png",
            filter_speckle=speckle,
            **_AREAS,
        )
        if len(text) <= LARGEST_FILE:
            break
    return re.sub(r"<svg[^>]*>", f'{head}{edge} {edge}">', text, count=1)


def _is_ink(image: Array) -> bool:
    """Whether a drawing, (S, S, 3) uint8, is lines of one dark colour on white, as in print."""
    even, light = _is_even(image), image.max(-1)
    grey = (light > 60) & (light < 235)
    return bool(np.ptp(image, axis=-1).max() <= _NEUTRAL and (even & grey).mean() < _FLAT)


def _engraved(image: Array, alpha: Array | None) -> str:
    """Paths of lines and of the paper under them, from a picture larger by :data:`_FINER`."""
    import cv2

    edge = _FINER * len(image)
    large = cv2.resize(image, (edge, edge), interpolation=cv2.INTER_CUBIC)
    paper = f'<rect width="{edge}" height="{edge}" fill="#ffffff"/>\n'
    if alpha is not None:
        figure = cv2.resize(alpha, (edge, edge), interpolation=cv2.INTER_LINEAR) > 127
        paper = _paths(figure, "#ffffff")
        large[~figure] = 255
    dark = image.reshape(-1, 3).min(0)
    lines = large.mean(-1) < (float(dark.mean()) + 255) / 2
    return paper + _paths(lines, "#{:02x}{:02x}{:02x}".format(*dark))


def _paths(mask: Array, colour: str) -> str:
    """A mask's shapes, as polygons of one colour."""
    picture = np.where(mask[..., None], np.uint8(0), np.uint8(255)).repeat(3, -1)
    text = _library().convert_raw_image_to_svg(
        pictures.encode(picture, ".png"), img_format="png", **_LINES
    )
    paths = re.findall(r"<path[^>]*/>", text)
    return "".join(f"{path}\n" for path in paths).replace("#000000", colour)


def _is_even(image: Array) -> Array:
    """Where a pixel, (S, S, 3) uint8, is like its neighbours: (S, S) bool."""
    import cv2

    square = np.ones((3, 3), np.uint8)
    spread = cv2.dilate(image, square).astype(np.int16) - cv2.erode(image, square)
    return np.asarray(spread.max(-1) <= _EVEN)


def _flat(pixels: Array, apart: float, median: int) -> Array:
    """A picture, (S, S, 3 or 4) uint8, in its few colours, without specks, each pixel there or not.

    The half colours of soft edges would each become a shape of their own: colours are those of
    even places, and an edge's pixel takes that of an even place beside it.
    """
    import cv2

    image = np.ascontiguousarray(pixels[..., :3])
    even = _is_even(image)
    if not even.any():
        even[:] = True
    colours = _told_apart(image[even], apart)
    aways = np.stack([((image - colour) ** 2).sum(-1) for colour in colours])
    nearest = aways.argmin(0)
    beside, far = nearest.copy(), np.full(even.shape, np.inf, np.float32)
    for number, away in enumerate(aways):
        own = even & (nearest == number)
        if own.any():
            colours[number] = image[own].mean(0)
        reached = cv2.dilate(own.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        better = reached & (away < far)
        beside[better], far[better] = number, away[better]
    chosen = np.where(even | np.isinf(far), nearest, beside)
    few = np.rint(colours).astype(np.uint8)[chosen]
    if median > 1:
        calm = _nearest(cv2.medianBlur(few, median), np.rint(colours))
        near = np.linalg.norm(to_lab(few) - to_lab(calm), axis=-1) < _SPECK
        few[near] = calm[near]
    if pixels.shape[2] == 3:
        return few
    solid = pixels[..., 3:] > 127
    there = np.where(solid, np.uint8(255), np.uint8(0))
    return np.concatenate([np.where(solid, few, np.uint8(0)), there], axis=-1)


def _nearest(image: Array, colours: Array) -> Array:
    """An image, (H, W, 3), in the nearest of colours, (k, 3): uint8."""
    aways = np.stack([((image - colour) ** 2).sum(-1) for colour in colours])
    return np.asarray(colours.astype(np.uint8)[aways.argmin(0)])


def _told_apart(colours: Array, apart: float) -> Array:
    """The commonest of colours, (n, 3) uint8, that are so far apart: (k, 3) float32."""
    kinds, counts = np.unique(colours // 4, axis=0, return_counts=True)
    kinds = kinds[np.argsort(-counts, kind="stable")][:_LOOKED_AT] * 4.0 + 2
    lab = to_lab(kinds[None])[0]
    kept = [0]
    for number in range(1, len(lab)):
        if np.linalg.norm(lab[kept] - lab[number], axis=1).min() >= apart:
            kept.append(number)
    return np.asarray(kinds[kept[:_KEPT]], np.float32)


def _library() -> Any:
    return imported("vtracer", "Writing SVG", "svg")
