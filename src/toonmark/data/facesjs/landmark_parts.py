"""Eyes, brows, nose and mouth: what the landmarks belong to.

Each function puts its part where the landmarks are wanted and gives back where they came to lie:
an eye is its pupil's centre, a mouth's corners are the ends of its drawing, a nose tip is the
point of its part that ``choices`` names. Wanted points are (5, 2) in the drawing's frame.
"""

from __future__ import annotations

import re

import numpy as np

from toonmark.data.facesjs import choices
from toonmark.data.facesjs.bounds import box_of, centre_of, ends_of
from toonmark.data.facesjs.canvas import Canvas, css_matrix, placed
from toonmark.data.facesjs.random_person import Person
from toonmark.faces.align import transform_points
from toonmark.landmarks import Array

#: The faint shadow under some mouths has the lips' shape.
_SHADOW = re.compile(r"opacity:\.05;mix-blend-mode:multiply;fill:#501414")


def eyes(canvas: Canvas, wanted: Array) -> list[Array]:
    """Draws eyes and brows; where the pupils' centres are, left then right: two (2,)."""
    person = canvas.person
    eye = (choices.EYES_WOMEN if person.woman else choices.EYES_MEN)[person.parts["eye"]]
    svg = canvas.parts["eye"][person.parts["eye"]]
    brow = canvas.parts["eyebrow"][person.parts["eyebrow"]]
    brow_centre = centre_of(brow)
    brow = brow.replace("$[hairColor]", person.colours["brow"])
    pupil = centre_of(svg, eye.pupil)
    svg = _wider_pupil(svg, eye.pupil, pupil, eye.wide)
    size = person.eye_size * eye.scale
    found = []
    for side, at in ((1, wanted[0]), (-1, wanted[1])):
        matrix = placed(pupil, at, side * size, size, side * person.eye_angle)
        canvas.draw("eye", matrix, svg)
        found.append(transform_points(pupil, matrix))
        above = at - [0, person.brow_height]
        canvas.draw(
            "eyebrow",
            placed(
                brow_centre, above, side * person.brow_size, person.brow_size,
                side * person.brow_angle,
            ),
            brow,
        )  # fmt: skip
    return found


def _wider_pupil(svg: str, element: int, centre: Array, factor: float) -> str:
    """facesjs' pupils are dots in some eyes; larger ones look kinder and read at 128 pixels."""
    if factor == 1:
        return svg
    shapes = re.findall(r"<[^>]+/>", svg)
    matrix = css_matrix(placed(centre, centre, factor))
    shapes[element] = f'<g transform="{matrix}">{shapes[element]}</g>'
    return "".join(shapes)


def mouth(canvas: Canvas, wanted: Array) -> list[Array]:
    """Draws the mouth; where its corners are, left then right: two (2,)."""
    person = canvas.person
    svg = canvas.parts["mouth"][person.parts["mouth"]]
    ends = np.array(ends_of(svg))
    across = wanted[4] - wanted[3]
    width = float(np.linalg.norm(across)) / (ends[1, 0] - ends[0, 0])
    matrix = placed(
        ends.mean(0), wanted[3:].mean(0), width, person.mouth_height,
        float(np.degrees(np.arctan2(across[1], across[0]))),
    )  # fmt: skip
    if person.woman and person.parts["mouth"] in choices.WITHOUT_LIPS:
        lips = re.sub(r"stroke:#000;stroke-width:5", _lip_stroke(person), svg)
        canvas.draw("mouth", matrix, lips)
    canvas.draw("mouth", matrix, _SHADOW.sub(f"fill:{person.colours['lips']}", svg), 0.9)
    return list(transform_points(ends, matrix))


def _lip_stroke(person: Person) -> str:
    return f"stroke:{person.colours['lips']};stroke-width:13;stroke-linejoin:round"


def nose(canvas: Canvas, wanted: Array) -> Array:
    """Draws the nose; where its tip is: (2,)."""
    person = canvas.person
    chosen = choices.NOSES[person.parts["nose"]]
    svg = canvas.parts["nose"][person.parts["nose"]]
    left, top, right, bottom = box_of(svg)
    tip = np.array([left + chosen.across * (right - left), top + chosen.down * (bottom - top)])
    size = chosen.scale * person.nose_size
    matrix = placed(tip, wanted[2], -size if person.nose_flip else size, size)
    canvas.draw("nose", matrix, svg, 0.85)
    return transform_points(tip, matrix)
