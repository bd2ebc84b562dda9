"""One person's picture as SVG, and where its landmarks are.

facesjs' ``display.js`` puts parts together in a browser; this is the same composition with
explicit matrices, so that sizes and places vary continuously and the landmarks are known exactly.
"""

from __future__ import annotations

import re

import numpy as np

from toonmark.data.facesjs import choices
from toonmark.data.facesjs.bounds import centre_of
from toonmark.data.facesjs.canvas import Canvas, css_matrix, placed
from toonmark.data.facesjs.landmark_parts import eyes, mouth, nose
from toonmark.data.facesjs.parts import Parts
from toonmark.data.facesjs.random_person import Person
from toonmark.faces.align import compose, invert, similarity, transform_points
from toonmark.landmarks import FRAMES, Array, template_points

#: Where the mean face's points are in facesjs' 400 x 600 frame; the picture's mean points at 128.
_FRAME = np.array([[140, 310], [260, 310], [200, 382.6], [150.2, 428.7], [249.8, 428.7]])
_MIDDLE = np.array([200.0, 310.0])
_HEAD_EDGE = 147.0  # half a head's width where the ears are

#: How much wider and longer than facesjs' a body is, in each frame: it leaves the picture at the
#: bottom, as people do in photos.
_BODY = {"face": (1.0, 1.0), "portrait": (1.35, 2.0)}

_SHAVE = re.compile(r"<path fill=\"\$\[(face|head)Shave\]\"[^>]*/>")
_DOME = (
    '<path fill="$[hairColor]" stroke="#000" stroke-width="4" '
    'd="M50 420C30 240 85 95 200 95S370 240 350 420"/>'
)


def draw(person: Person, parts: Parts, size: int = 128, frame: str = "face") -> tuple[str, Array]:
    """An SVG document of ``size`` pixels, and the five landmarks in its pixels: (5, 2).

    The person's points say where the landmarks are wanted in the tight frame; the head, hair and
    body follow the similarity that fits the mean face to them.

    Args:
        frame: what the picture shows, one of :data:`toonmark.landmarks.FRAMES`.
    """
    tight, shown = template_points(128), template_points(128, FRAMES[frame])
    to_frame = np.eye(2, 3) if frame == "face" else similarity(tight, shown)
    to_picture = compose(similarity(_FRAME, person.points), to_frame)
    wanted = transform_points(transform_points(person.points, to_frame), invert(to_picture))
    canvas = Canvas(parts, person)
    _behind(canvas, wanted, _BODY[frame])
    pupils = eyes(canvas, wanted)
    corners = mouth(canvas, wanted)
    tip = nose(canvas, wanted)
    _before(canvas, wanted)
    # The centre of the first pixel is (0, 0) for us and (0.5, 0.5) for SVG.
    scale = size / 128
    to_pixels = to_picture * scale
    to_pixels[:, 2] += (scale - 1) / 2
    to_svg = to_pixels.copy()
    to_svg[:, 2] += 0.5
    document = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}">'
        f'<rect width="{size}" height="{size}" fill="#fff"/>'
        f'<g transform="{css_matrix(to_svg)}">{"".join(canvas.groups)}</g></svg>'
    )
    return document, transform_points(np.stack([*pupils, tip, *corners]), to_pixels)


def _head_matrix(person: Person, wanted: Array) -> Array:
    """facesjs' head around the eyes; a low mouth gets the chin that it needs."""
    mouth = float(wanted[3:, 1].mean()) - _MIDDLE[1]
    height = max(person.head_height, (mouth + 58) / 190)
    return placed(_MIDDLE, _MIDDLE, person.head_width, height)


def _behind(canvas: Canvas, wanted: Array, body_scale: tuple[float, float]) -> None:
    person = canvas.person
    head = _head_matrix(person, wanted)
    width = person.behind_width * choices.HAIR_BEHIND_WIDTH.get(person.parts.get("hairBg", ""), 1)
    behind = placed(_MIDDLE, _MIDDLE, head[0, 0] * width, head[1, 1] * person.behind_height)
    if "hairBg" in person.parts:
        # facesjs' hair behind the head ends in corners at the ears; a dome rounds it off. It is
        # drawn twice, so that only the outline of both together shows.
        dome = placed(_MIDDLE, _MIDDLE, behind[0, 0] * 0.97, head[1, 1] * person.hair_height * 1.03)
        canvas.draw("hairBg", dome, _DOME.replace('stroke-width="4"', 'stroke-width="9"'))
        canvas.draw("hairBg", _flipped(behind, person.hair_flip))
        canvas.draw("hairBg", dome, _DOME.replace('stroke="#000"', ""))
    # A long chin pushes the shoulders down.
    body = placed(np.array([200.0, 500]), np.array([200.0, 506 + 190 * (head[1, 1] - 1)]),
                  person.body_width * body_scale[0], body_scale[1])  # fmt: skip
    canvas.draw("body", body)
    canvas.draw("jersey", body)
    _head(canvas, head)
    _on_skin(canvas, wanted, head)


def _head(canvas: Canvas, head: Array) -> None:
    person = canvas.person
    ear = canvas.parts["ear"][person.parts["ear"]]
    for side in (1, -1):
        at = np.array([200 - side * _HEAD_EDGE * person.head_width, 328.0])
        canvas.draw("ear", placed(centre_of(ear), at, side * person.ear_size, person.ear_size))
    svg = canvas.parts["head"][person.parts["head"]]
    svg = _SHAVE.sub(
        lambda m: (
            m[0].replace("$[faceShave]", f"rgba(0,0,0,{person.stubble:.3f})")
            if m[1] == "face" and person.stubble
            else ""
        ),
        svg,
    )
    canvas.draw("head", head, svg)


def _on_skin(canvas: Canvas, wanted: Array, head: Array) -> None:
    person = canvas.person
    canvas.draw("eyeLine", np.eye(2, 3))
    if "miscLine" in person.parts:
        # Without the hatching: at 128 pixels it looks like scratches.
        blush = re.sub(r"<path[^>]*/>", "", canvas.parts["miscLine"][person.parts["miscLine"]])
        blush = blush.replace("#a15757", "#dd6a5c")
        canvas.draw("miscLine", np.array([[0.9, 0, 20], [0, 1, 18]]), blush)
    # A beard belongs to the mouth.
    beard = head.copy()
    beard[:, 2] += wanted[3:].mean(0) - transform_points(np.array([200.0, 438]), head)
    beard[0, 2] = head[0, 2]
    svg = canvas.parts["facialHair"].get(person.parts.get("facialHair", "none"), "")
    canvas.draw("facialHair", beard, svg.replace("$[hairColor]", person.colours["brow"]))


def _before(canvas: Canvas, wanted: Array) -> None:
    person = canvas.person
    head = _head_matrix(person, wanted)
    width, height = person.hair_width, person.hair_height
    if person.parts["hair"] in choices.HAIR_ON_THE_HEAD:
        width, height = 1.0, 1.0
    hair = placed(_MIDDLE, _MIDDLE, head[0, 0] * width, head[1, 1] * height)
    canvas.draw("hair", _flipped(hair, person.hair_flip))
    glasses = canvas.parts["glasses"].get(person.parts.get("glasses", "none"), "")
    if glasses:
        glasses = glasses.replace("$[primary]", "#333").replace(".5)", ".12)")
        # Neither glints, which are lost on small pictures, nor the straps of sports goggles.
        glasses = re.sub(r'<path fill="(none" stroke="#fff"|#333" stroke="#000" stroke-width="2" '
                         r'd="M350)[^>]*/>', "", glasses)  # fmt: skip
        spread = float(wanted[1, 0] - wanted[0, 0]) / 120
        middle = (wanted[0] + wanted[1]) / 2
        canvas.draw("glasses", placed(_MIDDLE, middle, 0.86 * spread, 0.95), glasses)


def _flipped(matrix: Array, flip: bool) -> Array:
    """The matrix after a mirror about the frame's middle line."""
    mirror = np.array([[-1.0, 0, 400], [0, 1, 0]])
    return compose(mirror, matrix) if flip else matrix
