"""Post-processes a teacher's drawing: flat regions in the photo's colours, and an outline.

Three things that a generator does only nearly are done exactly: skin, hair and clothes get flat
colours, the person's own as the cartoons have them; where the photo shows plain skin nothing else
is drawn; and the figure ends where the person ends, with an outline.
"""

from __future__ import annotations

import numpy as np

from toonmark.data.drawings.drawing_regions import (
    HAIR,
    OTHER,
    SKIN,
    Regions,
    regions,
)
from toonmark.data.facesjs.person_colours import natural_hair, natural_skin
from toonmark.data.mask_shapes import closed, largest_piece
from toonmark.data.matte import matte_on_white
from toonmark.faces.axes import FaceCoordinates
from toonmark.faces.skin_and_hair import skin_colour
from toonmark.landmarks import Array
from toonmark.ranges import LEVELS, eight_bits, signed_to_unit, unit_to_signed
from toonmark.srgb import from_lab, to_lab
from toonmark.surroundings import IN_PHOTO

#: How far lightness goes from the drawing's to the photo's, whose light is in it: skin, hair,
#: everything else. Hue and strength of skin and hair go all the way.
_SKIN_LIGHT, _HAIR_LIGHT, _OTHER_LIGHT, _OTHER_HUE = 0.75, 0.8, 0.2, 0.6
#: A region's colour is made flat where it is this near to its median, by so much.
_NEAR, _FLAT = 14.0, 0.85
#: Grey hair: less strength of colour, and more light, than this.
_GREY, _GREY_LIGHT = 8.0, 32.0
#: Width of the outline and smoothing of the figure's edge, pixels at 128; the outline's grey.
_LINE, _SMOOTH, _INK = 2.4, 1.6, -0.86
#: Where the least channel is below this, in [-1, 1], a photo on white shows the person.
_PERSON = IN_PHOTO / LEVELS - 1
#: How much of what is not plain is taken from plain skin.
_PLAIN = 0.9


def finished(drawing: Array, photo: Array, points: Array) -> Array:
    """A drawing with the photo's colours in flat regions, on white, and with an outline.

    Args:
        drawing: (S, S, 3) float32 in [-1, 1].
        photo: (S, S, 3) float32 in [-1, 1], the person on white.
        points: (5, 2) pixels.

    Returns:
        (S, S, 3) float32 in [-1, 1].
    """
    seen, lab = (to_lab(signed_to_unit(one).clip(0, 1), white=1) for one in (photo, drawing))
    figure = photo.min(-1) < _PERSON
    parts = regions(lab, seen, figure, points, _skin(drawing, points))
    coloured = recoloured(lab, seen, figure, points, parts, _skin(photo, points)[0])
    plain = plain_skin(coloured, seen, figure, points, parts)
    return outlined(unit_to_signed(from_lab(plain)), edge_distance(photo))


def _skin(picture: Array, points: Array) -> Array:
    return skin_colour(eight_bits(picture), points)


def recoloured(
    lab: Array, seen: Array, figure: Array, points: Array, parts: Regions, lightness: float
) -> Array:
    """Flat regions in the person's colours: natural skin and hair, as the cartoons have them.

    Args:
        lab: (S, S, 3) L*a*b* of the drawing.
        seen: the same of the photo.
        figure: (S, S) bool, where the photo shows the person.
        points: (5, 2) pixels.
        parts: the drawing's regions.
        lightness: L* of the photo's skin, as it is measured on cheeks and forehead.

    Returns:
        (S, S, 3) L*a*b*.
    """
    import cv2

    size = lab.shape[0]
    drawn_skin = np.median(lab[parts.where(SKIN)], 0) if (parts.kinds == SKIN).any() else None
    skin_shift = hair_shift = drawn_hair = None
    if drawn_skin is not None and (cheeks := parts.where(SKIN) & figure).any():
        real = np.median(seen[cheeks], axis=0)
        real[0] = (real[0] + lightness) / 2
        skin_shift = (natural_skin(real) - drawn_skin) * [_SKIN_LIGHT, 1, 1]
    upper = parts.where(HAIR) & (FaceCoordinates.of(points, size).down < 0.2)
    upper = upper if upper.any() else parts.where(HAIR)
    if (upper & figure).any():
        drawn_hair, real = np.median(lab[upper], axis=0), np.median(seen[upper & figure], axis=0)
        grey = bool(np.hypot(real[1], real[2]) < _GREY and real[0] > _GREY_LIGHT)
        hair_shift = (natural_hair(real, grey) - drawn_hair) * [_HAIR_LIGHT, 1, 1]

    flat, shift = lab.copy(), np.zeros_like(lab)
    for k, kind in enumerate(parts.kinds):
        if parts.white[k]:
            continue
        own = parts.labels == k
        move = np.zeros(3)
        if kind == SKIN and skin_shift is not None:
            move = skin_shift
        elif kind == HAIR and hair_shift is not None:
            unlike = float(np.linalg.norm(parts.drawn[k] - drawn_hair))
            move = hair_shift * np.clip(1 - (unlike - 25) / 20, 0, 1)
        elif kind == OTHER and not np.isnan(parts.photo[k, 0]):
            move = (parts.photo[k] - parts.drawn[k]) * [_OTHER_LIGHT, _OTHER_HUE, _OTHER_HUE]
            move = move * min(1, parts.areas[k] / 40)
        shift[own] = move
        if parts.areas[k] > 60:
            rest = lab[own] - parts.drawn[k]
            far = np.linalg.norm(rest, axis=1, keepdims=True) / _NEAR
            flat[own] = parts.drawn[k] + rest * np.where(far < 1, 1 - _FLAT * (1 - far**2), 1)
    shift = cv2.GaussianBlur(shift, (0, 0), 0.8 * size / 128)
    # Lines stay black, teeth and the whites of eyes white.
    light = flat[..., :1]
    return np.asarray(
        flat + shift * np.clip((light - 8) / 18, 0, 1) * np.clip((97 - light) / 6, 0, 1)
    )


def _rise(values: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))))


def _features(own_axes: FaceCoordinates) -> Array:
    """(S, S) in [0, 1]: where eyes with their brows, nose and mouth are."""
    aside, down, soft = abs(own_axes.aside), own_axes.down, 0.04

    def box(width: float, top: float, bottom: float) -> Array:
        inside = _rise((width - aside) / soft) * _rise((down - top) / soft)
        return np.asarray(inside * _rise((bottom - down) / soft))

    eyes = _rise((aside - 0.14) / soft) * box(0.86, -1.06, -0.36)
    return np.asarray(np.clip(eyes + box(0.34, -0.42, 0.14) + box(0.56, 0.2, 0.64), 0, 1))


def plain_skin(lab: Array, seen: Array, figure: Array, points: Array, parts: Regions) -> Array:
    """Within the face and beside its features: where the photo shows skin, skin's flat colour.

    False beards and lines of hard light go; real beards and fringes, which have other colours than
    the skin in the photo too, stay.

    Args:
        lab: (S, S, 3) L*a*b* of the drawing.
        seen: the same of the photo.
        figure: (S, S) bool, where the photo shows the person.
        points: (5, 2) pixels.
        parts: the drawing's regions.

    Returns:
        (S, S, 3) L*a*b*.
    """
    import cv2

    size = lab.shape[0]
    own_axes, scale = FaceCoordinates.of(points, size), size / 128
    skin = parts.where(SKIN) & (own_axes.radius < 1.1) & figure
    if skin.sum() < 50 * scale**2:
        return lab
    drawn, real = np.median(lab[skin], axis=0), np.median(seen[skin], axis=0)
    # Light changes lightness most.
    weights = np.array([0.5, 1, 1])
    smooth = cv2.GaussianBlur(seen, (0, 0), 1.2 * scale)
    unlike_skin = np.linalg.norm((smooth - real) * weights, axis=-1)
    share = _rise((16 - unlike_skin) / 2.5)
    hair = parts.where(HAIR) & (own_axes.radius > 1) & figure
    if hair.sum() > 60 * scale**2:
        colour = np.median(seen[hair], axis=0)
        if np.linalg.norm((colour - real) * weights) > 10:
            unlike_hair = np.linalg.norm((smooth - colour) * weights, axis=-1)
            share = share * _rise((unlike_hair - unlike_skin) / 3)
    within = np.maximum(
        _rise((0.6 - own_axes.radius) / 0.03), _inside(skin, scale) * (own_axes.radius < 1.05)
    )
    place = cv2.GaussianBlur(within * share * (1 - _features(own_axes)), (0, 0), 0.7 * scale)
    return np.asarray(lab + (drawn - lab) * (_PLAIN * place)[..., None])


def _inside(skin: Array, scale: float) -> Array:
    """(S, S) in [0, 1]: what the skin encloses, without the outline around it."""
    import cv2

    framed = np.pad(closed(skin, round(3 * scale)).astype(np.uint8), 1)
    cv2.floodFill(framed, None, (0, 0), 2)
    filled = (framed[1:-1, 1:-1] != 2).astype(np.uint8)
    edge = 2 * round(2 * scale) + 1
    inner = cv2.erode(filled, np.ones((edge, edge), np.uint8)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(inner, (0, 0), 0.8 * scale))


def edge_distance(photo: Array) -> Array:
    """The depth of each pixel inside the person's smoothed edge: (S, S), in pixels at 128.

    Of several figures the largest counts. The picture's own border is no edge.

    Args:
        photo: (S, S, 3) float32 in [-1, 1], on white.
    """
    import cv2

    size, fine, margin = photo.shape[0], 4, 16 * photo.shape[0] // 128
    values = eight_bits(photo)
    matte = cv2.copyMakeBorder(
        matte_on_white(values), margin, margin, margin, margin, cv2.BORDER_REPLICATE
    )
    large = cv2.resize(matte, None, fx=fine, fy=fine, interpolation=cv2.INTER_LINEAR)
    inside = cv2.GaussianBlur(large, (0, 0), _SMOOTH * fine * size / 128) > 0.5
    inside = largest_piece(inside)
    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)
    beyond = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 5)
    signed = np.where(inside, depth - 0.5, 0.5 - beyond).astype(np.float32) / fine
    small = cv2.resize(signed, None, fx=1 / fine, fy=1 / fine, interpolation=cv2.INTER_AREA)
    return np.asarray(small[margin : margin + size, margin : margin + size] * (128 / size))


def outlined(picture: Array, distance: Array) -> Array:
    """White outside of the figure, and a black line along its edge.

    Args:
        picture: (S, S, 3) float32 in [-1, 1].
        distance: (S, S) from :func:`edge_distance`.

    Returns:
        (S, S, 3) float32 in [-1, 1].
    """
    inside = np.clip(distance + 0.5, 0, 1)[..., None]
    line = inside * np.clip(_LINE + 0.5 - distance, 0, 1)[..., None]
    figure = picture * inside + (1 - inside)
    return np.asarray(figure * (1 - line) + np.minimum(figure, _INK) * line, np.float32)
