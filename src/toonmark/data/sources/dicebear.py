"""DiceBear avatars: faces put together from fixed parts, as Cartoonset10k's are.

They stand in for that set, which cannot be had freely, and show its failure: every part lies
where it always does, so that nothing but colours and shapes is left to be learned, and the paper's
method fails. Points lie at fixed places too; they were read from the drawings on a grid, to about
one hundredth of the picture.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from toonmark.data.sources import Kept, Rejected
from toonmark.data.sources.cartoons import content_hash
from toonmark.data.sources.photos import crop_on_white
from toonmark.errors import DataError, MissingExtraError
from toonmark.faces.align import face_transform, transform_points
from toonmark.landmarks import FACE_TEMPLATE, Array


@dataclass(frozen=True)
class Style:
    """One of the styles that look straight ahead.

    Attributes:
        points: (5, 2) shares of the picture.
        options: leaves out what hides eyes or mouth.
    """

    points: tuple[tuple[float, float], ...]
    options: Mapping[str, Any] = field(default_factory=dict)


STYLES = {
    "avataaars": Style(
        ((0.405, 0.4), (0.593, 0.4), (0.5, 0.475), (0.442, 0.557), (0.558, 0.557)),
        {
            "accessoriesVariant": ["prescription01", "prescription02", "round"],
            "eyesVariant": ["default", "side", "squint", "surprised", "happy"],
            "mouthVariant": ["concerned", "default", "serious", "smile", "twinkle", "sad"],
        },
    ),
    "big-ears": Style(((0.412, 0.638), (0.59, 0.638), (0.5, 0.7), (0.452, 0.81), (0.548, 0.81))),
    "personas": Style(
        ((0.395, 0.44), (0.605, 0.44), (0.5, 0.545), (0.445, 0.64), (0.555, 0.64)),
        {
            "eyesVariant": ["glasses", "happy", "open"],
            "mouthVariant": ["bigSmile", "frown", "lips", "smile", "smirk"],
        },
    ),
    "toon-head": Style(
        ((0.405, 0.528), (0.6, 0.528), (0.5, 0.6), (0.452, 0.665), (0.548, 0.665)),
        {"eyesVariant": ["bow", "happy", "humble", "wide"]},
    ),
}


class DiceBear:
    """Avatars of one style; avatar ``i`` is the one of the seed ``i``.

    Args:
        style: a name in :data:`STYLES`.
        count: how many.
        size: edge of the crops in pixels.

    Raises:
        MissingExtraError: ``dicebear-core`` or ``dicebear-styles`` is not installed.
    """

    duplicates = 0

    def __init__(self, style: str = "avataaars", count: int = 10_000, size: int = 128) -> None:
        if style not in STYLES:
            raise DataError(
                f"DiceBear's {style} is not drawn: its faces do not look straight ahead.",
                f"Choose one of: {', '.join(STYLES)}.",
            )
        try:
            import dicebear
            import resvg_py
        except ModuleNotFoundError as error:
            raise MissingExtraError("Drawing DiceBear's avatars", "train") from error
        try:
            text = resources.files("dicebear_styles").joinpath(f"{style}.json").read_text("utf-8")
        except (ModuleNotFoundError, FileNotFoundError) as error:
            raise MissingExtraError("Drawing DiceBear's avatars", "train") from error
        definition = json.loads(text)
        self.style, self.count, self.size = style, count, size
        self.title = f"DiceBear {style}"
        self.terms = str(definition.get("meta", {}).get("license", {}).get("text", "not stated"))
        self._avatar, self._style = dicebear.Avatar, dicebear.Style(definition)
        self._svg_to_bytes = resvg_py.svg_to_bytes
        # Drawn at twice the size that the crop shows, for smooth edges.
        points = np.array(STYLES[style].points)
        eyes, template = points[1, 0] - points[0, 0], FACE_TEMPLATE[1, 0] - FACE_TEMPLATE[0, 0]
        self._edge = round(2 * size * template / eyes)

    def configuration(self) -> Mapping[str, Any]:
        """See :class:`~toonmark.data.sources.Source`; a larger count goes on with a set."""
        return {
            "source": "dicebear",
            "style": self.style,
            "size": self.size,
            "template": FACE_TEMPLATE.round(6).tolist(),
            "points": STYLES[self.style].points,
            "options": STYLES[self.style].options,
        }

    def photos(self) -> Iterator[tuple[str, None]]:
        """The seeds."""
        for seed in range(self.count):
            yield f"{seed:06d}", None

    def make(self, name: str, path: Path | None) -> Kept | Rejected:
        """Draws the avatar of a seed."""
        image = self._draw(name)
        points = np.array(STYLES[self.style].points) * self._edge - 0.5
        transform = face_transform(points, self.size)
        face = crop_on_white(image, transform, self.size)
        return Kept(face, transform_points(points, transform), content_hash(face))

    def _draw(self, seed: str) -> Array:
        from PIL import Image

        options = {"seed": seed, "size": self._edge, **STYLES[self.style].options}
        svg = self._avatar(self._style, options).to_string()
        with Image.open(io.BytesIO(bytes(self._svg_to_bytes(svg_string=svg)))) as drawn:
            layer = drawn.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        white.alpha_composite(layer)
        return np.array(white.convert("RGB").resize((self._edge, self._edge)))
