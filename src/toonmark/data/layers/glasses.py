"""Finds glasses by fitting the shape of a pair of frames to thin lines around the eyes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np

from toonmark.data.layers.face_regions import polygon
from toonmark.data.layers.mesh_parts import BROWS, LOWER_LIDS, OVAL, UPPER_LIDS
from toonmark.landmarks import Array
from toonmark.srgb import to_lab

#: Half the width of a lens, of the distance between the eyes; its height, of its width; how
#: angular it is (the exponent of a superellipse); how far it lies below the eye.
_WIDTHS, _HEIGHTS = (0.36, 0.40, 0.44, 0.48), (0.62, 0.74, 0.86, 1.0)
_CORNERS, _DROPS = (2.0, 2.8, 4.0), (-0.02, 0.04, 0.10)
#: Points of the cheeks below the glasses, the image's left first.
_CHEEKS = ((50, 205, 36, 101), (280, 425, 266, 330))
_ANGLES = np.linspace(0, 2 * np.pi, 72, endpoint=False)
_LOWER = np.sin(_ANGLES) > -0.35
#: From this score on there are glasses; below the other there are none, and between them nobody
#: knows. Of 240 portraits 23 scored more than the first, of whom one wore none, and 26 lay between;
#: of the 23 just below the second that were looked at, three wore some.
SURE, NONE = 12.0, 4.0
#: Below SURE, glasses are drawn from this score on if the bridge answers by this much, and the
#: score is so many times the cheeks' response: wrinkles have no bridge.
DRAWN, _BRIDGE, _ROUGH = 7.5, 12.0, 0.95
#: Lenses hide the eyes if most of what is in them is darker than this share of the skin's grey;
#: what shows no frame counts as lenses if it is darker than what is around it by the second share,
#: or, if it is no larger than an eye's socket, by the third.
_DARK, _CONTRAST, _SOCKET = 0.62, 0.35, 0.5
#: In frames that are surely there, lenses hide the eyes too if under both eyes their colour
#: (L*a*b*) is as much darker or lighter than the cheek, or of another hue than it in that light.
_DARKER, _LIGHTER, _HUE = 25.0, 10.0, 12.0


@dataclass(frozen=True, eq=False)
class Frames:
    """The shape of a pair of glasses.

    Attributes:
        lenses: two closed curves, (72, 2) pixels, the image's left first.
        bridge: (12, 2) pixels from lens to lens.
    """

    lenses: tuple[Array, Array]
    bridge: Array


@dataclass(frozen=True, eq=False)
class Glasses:
    """Frames as they were found.

    Attributes:
        frames: their shape.
        score: the mean response along the lenses' lower parts and the bridge, levels of 255.
        dark: whether the lenses hide the eyes.
        bridge: the response along the bridge alone.
        rough: how much the whole face answers like a thin line.
    """

    frames: Frames
    score: float
    dark: bool
    bridge: float = 0.0
    rough: float = 0.0

    @property
    def sure(self) -> bool:
        """Whether the teacher draws them."""
        clear = self.bridge > _BRIDGE and self.score > _ROUGH * self.rough
        return self.score >= SURE or (self.score >= DRAWN and clear)


def fitted(photo: Array, dense: Array) -> Glasses:
    """The pair of frames that fits a portrait best, whether there is one or not.

    Args:
        photo: (S, S, 3) uint8 RGB.
        dense: (468, 2) pixels, Face Mesh's points.
    """
    import cv2

    points = np.asarray(dense, np.float64)
    eyes = _eyes(points)
    apart = float(np.linalg.norm(eyes[1] - eyes[0]))
    response = _response(photo, points, apart)
    # Wrinkles are thin lines as well, but everywhere.
    cheeks = response[polygon(points[list(OVAL)], photo.shape[0])]
    rough = float(cheeks.mean()) if len(cheeks) else 0.0
    response = response - 1.2 * rough
    best: tuple[float, Frames] | None = None
    for width, tall, corner, drop in itertools.product(_WIDTHS, _HEIGHTS, _CORNERS, _DROPS):
        frames = frames_at(eyes, width, tall, corner, drop)
        sides = [_sampled(response, lens[_LOWER]).mean() for lens in frames.lenses]
        middle = _sampled(response, frames.bridge).mean()
        score = 0.65 * min(sides) + 0.1 * max(sides) + 0.25 * min(middle, 40)
        if best is None or score > best[0]:
            best = (float(score), frames)
    assert best is not None
    score, frames = best
    light = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    bridge = float(_sampled(response, frames.bridge).mean())
    return Glasses(frames, score, _dark(light, frames.lenses, points), bridge, rough)


def worn(photo: Array, dense: Array) -> Glasses | None:
    """The glasses that a portrait wears, surely or perhaps (``sure``); None if it wears none.

    Lenses that hide the eyes have a weak line, or none, where their frame ends: they are found as
    two dark areas.

    Args:
        photo: (S, S, 3) uint8 RGB.
        dense: (468, 2) pixels, Face Mesh's points.
    """
    points, found = np.asarray(dense, np.float64), fitted(photo, dense)
    if (frames := _dark_lenses(photo, points)) is not None:
        return Glasses(frames, max(found.score, SURE), True)
    if found.score < NONE:
        return None
    hidden = found.sure and (found.dark or _tinted(photo, found.frames, points))
    return replace(found, dark=hidden)


def frames_at(eyes: Array, width: float, tall: float, corner: float, drop: float) -> Frames:
    """The shape of a pair of frames.

    Args:
        eyes: (2, 2) pixels, the image's left first.
        width: half a lens's width, of the distance between the eyes.
        tall: a lens's height, of its width.
        corner: the exponent of the lens's superellipse; 2 is round.
        drop: how far lenses lie below the eyes, of the distance between them.
    """
    apart = float(np.linalg.norm(eyes[1] - eyes[0]))
    across = (eyes[1] - eyes[0]) / max(apart, 1e-6)
    down = np.array([-across[1], across[0]])
    cosine, sine = np.cos(_ANGLES), np.sin(_ANGLES)
    x = width * np.sign(cosine) * abs(cosine) ** (2 / corner)
    y = width * tall * np.sign(sine) * abs(sine) ** (2 / corner) + drop
    # Lenses reach a little further out than in.
    left, right = (
        eye + apart * ((x + aside)[:, None] * across + y[:, None] * down)
        for eye, aside in zip(eyes, (-0.03, 0.03), strict=True)
    )
    t = np.linspace(-1, 1, 12)
    half = max(0.53 - width, 0.04)
    arch = drop - 0.06 - 0.04 * (1 - t**2)
    bridge = eyes.mean(0) + apart * ((t * half)[:, None] * across + arch[:, None] * down)
    return Frames((left, right), bridge)


def _response(photo: Array, points: Array, apart: float) -> Array:
    """The response of each pixel to a thin dark or bright line, without lids and brows."""
    import cv2

    grey = cv2.GaussianBlur(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
    edge = 2 * round(apart * 0.07) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (edge, edge))
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, disc).astype(np.float32)
    bright = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, disc).astype(np.float32)
    response = np.maximum(dark, 0.6 * bright)
    hidden = np.zeros(grey.shape, np.uint8)
    for side in (0, 1):
        lids = points[[*UPPER_LIDS[side], *LOWER_LIDS[side][::-1]]]
        for curve, reach in ((lids, 0.16), (points[list(BROWS[side])], 0.1)):
            own = np.zeros_like(hidden)
            cv2.fillPoly(own, [np.rint(curve).astype(np.int32)], 1)
            width = 2 * round(apart * reach / 2) + 1
            grown = cv2.dilate(own, np.ones((width, width), np.uint8))
            hidden = np.maximum(hidden, grown).astype(np.uint8)
    response[hidden > 0] = 0
    return np.asarray(cv2.GaussianBlur(response, (0, 0), apart * 0.02))


def _sampled(values: Array, points: Array) -> Array:
    size = values.shape[0]
    x, y = np.rint(points).astype(int).clip(0, size - 1).T
    return np.asarray(values[y, x])


def _eyes(points: Array) -> Array:
    """The middles of the eyes: (2, 2) pixels."""
    return np.stack([points[[*UPPER_LIDS[k], *LOWER_LIDS[k]]].mean(0) for k in (0, 1)])


def _dark_lenses(photo: Array, points: Array) -> Frames | None:
    """The pair of frames whose lenses stand out most from what is around them, if they are dark."""
    import cv2

    scale = 256 / photo.shape[0]
    small = cv2.resize(photo, (256, 256), interpolation=cv2.INTER_AREA)
    grey, own = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), (points + 0.5) * scale - 0.5
    eyes, light = _eyes(own), grey.astype(np.float32)
    best: tuple[float, tuple[float, ...]] | None = None
    for shape in itertools.product(_WIDTHS, _HEIGHTS, _CORNERS, _DROPS):
        contrasts = []
        for lens in frames_at(eyes, *shape).lenses:
            middle = lens.mean(0)
            inner, outer = (
                _sampled(light, middle + (lens - middle) * grown)[_LOWER].mean()
                for grown in (0.88, 1.16)
            )
            contrasts.append(outer - inner)
        if best is None or min(contrasts) > best[0]:
            best = (float(min(contrasts)), shape)
    assert best is not None
    skin, least = _skin_grey(grey, own), best[1][:2] == (_WIDTHS[0], _HEIGHTS[0])
    if best[0] < (_SOCKET if least else _CONTRAST) * skin or not _dark(
        grey, frames_at(eyes, *best[1]).lenses, own
    ):
        return None
    return frames_at(_eyes(points), *best[1])


def _tinted(photo: Array, frames: Frames, points: Array) -> bool:
    """Whether what is under both eyes, within the lenses, has not the cheeks' colour."""
    import cv2

    lab = to_lab(cv2.GaussianBlur(photo, (0, 0), 2.0))
    rows = np.arange(photo.shape[0])[:, None]
    ways = np.zeros((2, 3), bool)
    for side, lens in enumerate(frames.lenses):
        lids = points[[*UPPER_LIDS[side], *LOWER_LIDS[side][::-1]]]
        middle, tall = lens.mean(0), float(np.ptp(lens[:, 1]))
        within = polygon(middle + (lens - middle) * 0.8, photo.shape[0])
        within &= (rows > lids[:, 1].max() + 0.08 * tall) & ~polygon(lids, photo.shape[0])
        if within.sum() < 20:
            return False
        seen = np.median(lab[within], axis=0)
        cheek = np.median(_sampled(lab, points[list(_CHEEKS[side])]), axis=0)
        hue = np.linalg.norm(seen[1:] - cheek[1:] * np.clip(seen[0] / max(cheek[0], 1), 0, 1.3))
        away = cheek[0] - seen[0]
        ways[side] = away > _DARKER, away < -_LIGHTER, hue > _HUE
    return bool(ways.all(0).any())


def _skin_grey(grey: Array, points: Array) -> float:
    return float(np.median(_sampled(grey, points[[50, 280, 4, 205, 425, 151]])))


def _dark(grey: Array, lenses: tuple[Array, Array], points: Array) -> bool:
    import cv2

    skin = _skin_grey(grey, points)
    for lens in lenses:
        own = np.zeros(grey.shape, np.uint8)
        middle = lens.mean(0)
        cv2.fillPoly(own, [np.rint(middle + (lens - middle) * 0.8).astype(np.int32)], 1)
        if float(np.quantile(grey[own > 0], 0.8)) > _DARK * skin:
            return False
    return True
