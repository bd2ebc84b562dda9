"""The result of drawing: one cartoon of a face, and where in its photo that was."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from toonmark import cutout, pictures, svg, tuning
from toonmark.errors import OutputError, OutputNotWritableError
from toonmark.faces.photo_quality import Flaw
from toonmark.files import write_bytes
from toonmark.landmarks import Array
from toonmark.tuning import Tuning

#: The picture that is written: the drawing alone, in place of the face in its photo, or beside it.
Output = Literal["crop", "in-photo", "side-by-side"]
#: The least and the most pixels of a cartoon's edge.
SMALLEST, LARGEST = 16, 4096

_FLAWS: dict[Flaw, str] = {
    "cut": "is cut off by the photo's edge: what is missing is guessed.",
    "dark": "is nearly black in the photo: it is drawn, but take one with more light.",
    "bright": "is blown out in the photo: it is drawn, but take one with less light.",
}


@dataclass(frozen=True, eq=False)
class Cartoon:
    """One face, drawn.

    Attributes:
        image: (s, s, 3) uint8 RGB, the cartoon, on white.
        crop: (s, s, 3) uint8 RGB, the face as the style saw it.
        number: which face of its photo it is, counted from the left, beginning with 1; None where
            only the largest was looked for.
        box: x, y of the upper left corner, width and height of the face in the photo's pixels.
        points: (5, 2) float64 landmarks in the photo's pixels, in the order of
            :data:`toonmark.landmarks.NAMES`.
        score: how sure the detector is, 0 to 1; 1 for landmarks that were given.
        transform: (2, 3), from the photo's pixels to the crop's.
        yaw, roll: degrees by which the face is turned to the image's right and leans clockwise.
        turned: whether it is turned too far to be drawn well.
        flaw: "cut" off by the photo's edge, nearly black ("dark"), blown out ("bright"), or "".
        parts: (2, p, p) uint8: of how many in 255 a pixel of the image is skin, and hair; or None,
            of styles that do not say it.
        outline: (s, s, 3) uint8 RGB, the image without the photo that is mixed into it, along which
            it is cut out; or None: along itself.
    """

    image: Array
    crop: Array
    number: int | None
    box: tuple[float, float, float, float]
    points: Array
    score: float
    transform: Array
    yaw: float
    roll: float
    turned: bool
    flaw: Flaw = ""
    parts: Array | None = None
    outline: Array | None = None

    @property
    def face_size(self) -> float:
        """The longer side of the face's box in the photo's pixels."""
        return max(self.box[2:])

    @property
    def warning(self) -> str:
        """A warning about how it was drawn; empty if all is well."""
        name = "The face" if self.number is None else f"Face {self.number}"
        if self.turned:
            return (
                f"{name} is turned {abs(self.yaw):.0f}° to the side: it is drawn, but "
                "frontal faces are drawn better."
            )
        return f"{name} {_FLAWS[self.flaw]}" if self.flaw else ""

    def tuned(
        self, lines: float = 1.0, *, skin: float = 0.0, hair: float = 0.0, strength: float = 1.0
    ) -> Cartoon:
        """A copy with other lines, skin, hair or strength; by default the cartoon itself.

        Args:
            lines: their width, 0.5 to 2.
            skin, hair: how much lighter, -1 to 1; brows go with the skin, beards and what covers
                the head with the hair. Only of styles that say where they are: comic and flat.
            strength: how much is drawn, 0 to 1; the rest is the photo.

        Raises:
            TuningError: one is out of its range, or this style does not say where skin and hair
                are.
        """
        wanted = Tuning(lines, skin, hair, strength)
        if wanted == tuning.AS_DRAWN:
            return self
        drawn = replace(wanted, strength=1)
        image = outline = tuning.tuned(self.image, drawn, self.crop, self.parts)
        if self.outline is not None:
            outline = tuning.tuned(self.outline, drawn, self.crop, self.parts)
        image = tuning.mixed(image, strength, self.crop, outline)
        return replace(self, image=image, outline=None if image is outline else outline)

    def resized(self, size: int, transparent: bool = False) -> Array:
        """The cartoon at another size: (size, size, 3) uint8, or 4 channels when transparent.

        Raises:
            OutputError: the size is not between 16 and 4096 pixels.
        """
        _check_size(size)
        if transparent:
            return cutout.figure(self.image, size, self.outline)
        return cutout.resized(self.image, size)

    def save(
        self, path: str | os.PathLike[str], size: int | None = None, transparent: bool = False
    ) -> None:
        """Writes a PNG, JPEG, WebP or SVG, whole or not at all.

        Args:
            path: the format is what the name ends in; ``.svg`` needs the extra ``svg``.
            size: edge in pixels, 16 to 4096; the style's own unless told otherwise.
            transparent: without the white around the figure (not JPEG).

        Raises:
            OutputError: the place cannot be written to, the disk is full, there is no such size,
                or the format has no transparency.
            MissingExtraError: an SVG is asked for, and what traces it is not installed.
        """
        suffix = Path(path).suffix
        # Encoded first: what cannot be drawn touches no disk.
        write_bytes(path, self.encoded(suffix, size, transparent))

    def encoded(self, suffix: str, size: int | None = None, transparent: bool = False) -> bytes:
        """The bytes of the file that :meth:`save` writes to a name with this suffix (".png").

        Raises:
            OutputError, MissingExtraError: as :meth:`save`.
        """
        if transparent and pictures.WRITTEN.get(suffix.lower()) == "JPEG":
            raise OutputNotWritableError(
                "A JPEG has no transparency.", "End the name in .png or .webp."
            )
        size = len(self.image) if size is None else size
        if suffix.lower() == pictures.SVG:
            _check_size(size)
            return svg.traced(self.image, size, transparent, self.outline).encode()
        return pictures.encode(self.resized(size, transparent), suffix)


def _check_size(size: int) -> None:
    if not SMALLEST <= size <= LARGEST:
        raise OutputError(
            f"A cartoon of {size} pixels is not made.",
            f"Choose a size from {SMALLEST} to {LARGEST}.",
        )
