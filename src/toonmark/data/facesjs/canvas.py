"""SVG groups and the matrices that place them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from toonmark.data.facesjs.parts import Parts
from toonmark.data.facesjs.random_person import Person
from toonmark.faces.align import scale_of
from toonmark.landmarks import Array

_STROKE = re.compile(r"(stroke-width[=:]\"?)([\d.]+)")


@dataclass
class Canvas:
    """SVG groups, back to front."""

    parts: Parts
    person: Person
    groups: list[str] = field(default_factory=list)

    def draw(self, family: str, matrix: Array, svg: str | None = None, line: float = 1.0) -> None:
        """Adds a part under a (2, 3) matrix; strokes keep their width in the frame, times line."""
        if svg is None:
            name = self.person.parts.get(family)
            if name is None:
                return
            svg = self.parts[family][name]
        factor = line * self.person.line / scale_of(matrix)
        svg = _STROKE.sub(lambda m: f"{m[1]}{float(m[2]) * factor:.2f}", self._coloured(svg))
        self.groups.append(f'<g transform="{css_matrix(matrix)}">{svg}</g>')

    def _coloured(self, svg: str) -> str:
        colours = self.person.colours
        for placeholder, colour in (
            ("$[skinColor]", colours["skin"]),
            ("$[hairColor]", colours["hair"]),
            ("$[primary]", colours["cloth"]),
            ("$[secondary]", colours["collar"]),
            ("$[accent]", colours["collar"]),
        ):
            svg = svg.replace(placeholder, colour)
        return svg


def css_matrix(matrix: Array) -> str:
    """A (2, 3) matrix as SVG writes it."""
    return "matrix(" + " ".join(f"{value:.4f}" for value in matrix.T.ravel()) + ")"


def placed(local: Array, at: Array, x: float, y: float | None = None, angle: float = 0) -> Array:
    """The matrix that scales by x, y, turns by degrees, and brings ``local`` to ``at``: (2, 3)."""
    y = abs(x) if y is None else y
    turn = np.deg2rad(angle)
    linear = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ np.diag(
        [x, y]
    )
    return np.column_stack([linear, at - linear @ local])
