"""A request's options, and what is answered: a picture, or everything as JSON."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import partial

import numpy as np

from toonmark import blend, pictures
from toonmark.cartoon import SMALLEST, Cartoon
from toonmark.errors import ImageError
from toonmark.faces.align import scale_of
from toonmark.faces.choose import Faces, faces_of
from toonmark.landmarks import Array
from toonmark.pictures import Photo
from toonmark.tuning import AS_DRAWN, Tuning
from toonmark.web.accept import Kind
from toonmark.web.problems import Refusal

#: How often faces that lie close together may cover a whole photo with their crops.
_LAYERS = 4


class Output(StrEnum):
    """The pictures that can be answered."""

    crop = "crop"
    in_photo = "in-photo"
    side_by_side = "side-by-side"


@dataclass(frozen=True)
class Options:
    """The options of a request.

    Attributes:
        size: edge of a cartoon in pixels.
        faces: which.
        landmarks: (n, 5, 2) to draw instead of what a detector finds, or None.
        kind: a PNG or an SVG of one drawing, or JSON: all of what was found, the cartoons as data
            URLs of PNGs.
        tuning: what is changed in the drawings.
    """

    size: int
    faces: Faces
    output: Output
    transparent: bool
    landmarks: Array | None
    kind: Kind
    tuning: Tuning = AS_DRAWN

    @property
    def known_faces(self) -> int:
        """The least number of faces to draw, as far as it is known before any are found."""
        return len(self.landmarks) if self.faces == "all" and self.landmarks is not None else 1


@dataclass(frozen=True)
class Answer:
    """A finished body."""

    body: bytes
    media_type: str
    faces: int


def check_names(given: Iterable[str], known: Sequence[str]) -> None:
    """Refuses options that do not exist: they would do nothing, and nobody would know.

    Raises:
        Refusal: one of those given is not known; it names the one that is most like it.
    """
    for name in given:
        if name not in known:
            near = get_close_matches(name[:64].lower(), known, 1)
            raise Refusal(
                "unknown-option",
                422,
                f"There is no option {name[:64]}.",
                f"Use {near[0] if near else 'one of ' + ', '.join(known)}; see /docs.",
            )


def which_face(text: str) -> Faces:
    """``largest``, ``all``, or a number from 1.

    Raises:
        Refusal: it is none of these.
    """
    faces = faces_of(text)
    if faces is None:
        raise _wrong("face", "it is largest, all, or a number: 1 is the leftmost face")
    return faces


def points(text: str) -> Array | None:
    """Landmarks from ``x,y,x,y,...``: ten numbers a face, in the upright photo's pixels.

    Raises:
        Refusal: they are not.
    """
    if not text:
        return None
    try:
        numbers = np.array([float(part) for part in text.split(",")])
    except ValueError:
        raise _wrong("points", "they are numbers with commas between") from None
    if len(numbers) % 10 or len(numbers) > 320 or not np.isfinite(numbers).all():
        raise _wrong("points", "they are ten numbers a face: x,y of five points")
    return numbers.reshape(-1, 5, 2)


def check(options: Options) -> None:
    """Refuses what does not go together.

    Raises:
        Refusal: transparent with a photo around, an SVG with one or of one, or one picture of
            several faces.
    """
    if options.transparent and options.output is not Output.crop:
        raise _wrong("transparent", "it goes with output=crop only")
    if options.kind is Kind.svg and options.output is not Output.crop:
        raise _wrong("output", "an SVG (Accept: image/svg+xml) is of a cartoon alone: crop")
    if options.kind is Kind.svg and options.tuning.strength < 1:
        raise _wrong("strength", "an SVG has no photo in it")
    if (
        options.faces == "all"
        and options.kind is not Kind.json
        and options.output is not Output.in_photo
    ):
        raise _wrong("face", "all faces come as JSON (Accept: application/json), or in-photo")


def check_work(options: Options, faces: int, most: int) -> None:
    """Refuses to draw more than a server does at once; before it is begun.

    Args:
        faces: how many are drawn.
        most: the server's ``max_drawn``. Every pixel counts the same, transparent or not.

    Raises:
        Refusal: it is more; it says up to which size it would not be.
    """
    if options.output is Output.in_photo:
        return  # its cartoons are as large as the faces in the photo; see check_covered
    squares = 2 if options.output is Output.side_by_side else 1
    if squares * faces * options.size**2 <= most:
        return
    cartoons = "A cartoon" if faces == 1 else f"{faces} cartoons"
    kind = ", beside the photo," if squares == 2 else ""
    largest = math.isqrt(most // (squares * faces))
    smaller = f"Ask for size={largest} at most" if largest >= SMALLEST else "Ask for a smaller size"
    raise Refusal(
        "too-much-drawing",
        422,
        f"{cartoons} of {options.size} pixels{kind} {'is' if faces == 1 else 'are'} more than "
        "this server draws at once.",
        f"{smaller}{', or for fewer faces' if faces > 1 else ''}.",
    )


def check_covered(photo: Photo, cartoons: Sequence[Cartoon], most: int) -> None:
    """Refuses to put cartoons into a photo that lie on each other many times over.

    Args:
        most: the server's ``max_drawn``.

    Raises:
        Refusal: they do, as no people in a photo can; but points that are given can be anywhere.
    """
    width, height = photo.size
    sides = [len(one.image) / scale_of(one.transform) for one in cartoons]
    covered = sum(min(side**2, width * height) for side in sides)
    if covered > _LAYERS * width * height + most:
        raise Refusal(
            "too-much-drawing",
            422,
            f"The faces cover the photo {covered / (width * height):.0f} times.",
            "Give points of faces that lie beside each other, or of fewer.",
        )


def pixels_of(upload: bytes, max_pixels: int) -> int:
    """The number of pixels to decode, by the photo's header; 0 if :func:`read` will refuse it."""
    try:
        pixels = pictures.area(upload)
    except ImageError:
        return 0
    return pixels if pixels <= max_pixels else 0


def check_picture(upload: bytes) -> None:
    """Refuses what is no picture, by its header.

    Raises:
        ImageError: one of its kinds.
    """
    pictures.area(upload)


def read(upload: bytes, options: Options, max_pixels: int) -> Photo:
    """Decodes an upload, at a fraction of its size where that will do.

    Raises:
        ImageError: one of its kinds.
    """
    return pictures.read(upload, options.output is Output.crop, max_pixels)


def finish(
    style: str, options: Options, most: int, photo: Photo, cartoons: list[Cartoon]
) -> Answer:
    """Makes the answer.

    Raises:
        Refusal: see :func:`check_work`: only now it is known how many faces there are.
    """
    check_work(options, len(cartoons), most)
    cartoons = [cartoon.tuned(**asdict(options.tuning)) for cartoon in cartoons]
    if options.output is Output.in_photo:
        check_covered(photo, cartoons, most)
    if options.kind is Kind.svg:
        shapes = cartoons[0].encoded(pictures.SVG, options.size, options.transparent)
        return Answer(shapes, Kind.svg, len(cartoons))
    if options.kind is Kind.png:
        return Answer(_png(photo, cartoons, options), Kind.png, len(cartoons))
    width, height = photo.size
    found = [_face(cartoon) for cartoon in cartoons]
    content = {"style": style, "width": width, "height": height, "faces": found}
    if options.output is Output.in_photo:
        content["image"] = _data_url(_png(photo, cartoons, options))
    else:
        for entry, cartoon in zip(found, cartoons, strict=True):
            entry["cartoon"] = _data_url(_png(photo, [cartoon], options))
    return Answer(json.dumps(content).encode(), Kind.json, len(cartoons))


def finisher(style: str, options: Options, most: int) -> Callable[[Photo, list[Cartoon]], Answer]:
    """``finish``, knowing what was asked for."""
    return partial(finish, style, options, most)


def _face(cartoon: Cartoon) -> dict[str, object]:
    return {
        "number": cartoon.number,
        "box": [round(value, 2) for value in cartoon.box],
        "points": [[round(float(x), 3), round(float(y), 3)] for x, y in cartoon.points],
        "score": round(cartoon.score, 4),
        "yaw": round(cartoon.yaw, 1),
        "roll": round(cartoon.roll, 1),
        "warning": cartoon.warning,
    }


def _png(photo: Photo, cartoons: list[Cartoon], options: Options) -> bytes:
    if options.output is Output.in_photo:
        pixels = blend.in_photo(photo.pixels, cartoons)
    elif options.output is Output.side_by_side:
        pixels = blend.side_by_side(photo.pixels, cartoons[0], options.size)
    else:
        pixels = cartoons[0].resized(options.size, options.transparent)
    return pictures.encode(pixels, ".png")


def _data_url(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _wrong(option: str, why: str) -> Refusal:
    return Refusal("wrong-option", 422, f"The option {option} is wrong: {why}.", "See /docs.")
