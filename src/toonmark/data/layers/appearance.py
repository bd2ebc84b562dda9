"""Augmentation of portraits for layered styles: hair and clothes colour, light, glasses, crops.

Photos are (S, S, 3) float32 in [0, 1], and their layers (2S, 2S) uint8 of :class:`Layer`; points
are (5, 2) pixels of the photo. Layers stay as they are but where glasses are put on.
"""

from __future__ import annotations

import numpy as np

from toonmark.data.layers.drawn_features import draw_frames
from toonmark.data.layers.glasses import frames_at
from toonmark.data.layers.pen import Pen
from toonmark.landmarks import Array
from toonmark.models.drawing_layers import Layer
from toonmark.srgb import from_lab, to_lab

_HAIR = (Layer.TOP_DARK, Layer.TOP_LIGHT)
_CLOTHES = (Layer.BODY_DARK, Layer.BODY_MIDDLE, Layer.BODY_LIGHT)

#: How many of the dyed get a lightness, in L* of CIE Lab, that does not depend on their own, as
#: white cloth and white hair have; and how much of the contrast of their folds is left then.
_BLEACHED, _DARKEST, _LIGHTEST, _FOLDS = 0.4, 5.0, 98.0, 0.6


def dyed(values: Array, layers: Array, random: np.random.Generator) -> Array:
    """Hair, and clothes, in another colour now and then."""
    import cv2

    size = values.shape[0]
    hair = random.random() < 0.3
    clothes = random.random() < 0.3
    if not (hair or clothes):
        return values
    lab = to_lab(values, white=1)
    for wanted, kinds in ((hair, _HAIR), (clothes, _CLOTHES)):
        if wanted:
            own = np.isin(layers, kinds).astype(np.float32)
            share = cv2.GaussianBlur(
                cv2.resize(own, (size, size), interpolation=cv2.INTER_AREA), (0, 0), 0.8
            )[..., None]
            hue, strength = random.uniform(0, 2 * np.pi), abs(random.normal(0, 30))
            shift = [random.normal(0, 10), np.cos(hue) * strength, np.sin(hue) * strength]
            other = lab + np.array(shift, np.float32)
            if random.random() < _BLEACHED and share.any():
                mean = (share * lab).sum((0, 1)) / share.sum()
                light = random.uniform(_DARKEST, _LIGHTEST)
                # White is neutral: what is very light has hardly any hue.
                shift[1:] = (np.array(shift[1:]) * min(1, (_LIGHTEST - light) / 30)).tolist()
                other = (lab - mean) * _FOLDS + np.array([light, *shift[1:]], np.float32)
            lab = lab + share * (other - lab)
    lab[..., 0] = lab[..., 0].clip(0, 100)
    return from_lab(lab)


def alike(behind: Array, values: Array, layers: Array, random: np.random.Generator) -> Array:
    """A background, (S, S, 3) in [0, 1], in nearly the colour of the hair or of the clothes."""
    half = layers[::2, ::2]
    own = np.isin(half, _HAIR if random.random() < 0.5 else _CLOTHES)
    if not own.any():
        return behind
    mean, contrast = behind.mean((0, 1)), random.uniform(0.1, 0.6)
    near = values[own].mean(0) + random.normal(0, 0.04, 3)
    return np.asarray((near + contrast * (behind - mean)).clip(0, 1), np.float32)


def relit(values: Array, random: np.random.Generator) -> Array:
    """Warm, cold, dim or bright light, now and then from one side."""
    gain = np.exp(random.normal(0, 0.08, 3) + random.normal(0, 0.2))
    gamma = np.exp(random.normal(0, 0.2))
    values = np.clip(values, 0, 1) ** gamma * gain
    if random.random() < 0.3:  # a lamp at one side
        size = values.shape[0]
        angle = random.uniform(0, 2 * np.pi)
        y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
        side = np.tanh(2 * (np.cos(angle) * x + np.sin(angle) * y)) * random.normal(0, 0.3)
        values = values * np.exp(side)[..., None]
    return np.asarray(values.clip(0, 1), np.float32)


def degraded(values: Array, random: np.random.Generator) -> Array:
    """Small, soft, noisy and grey photos."""
    import cv2

    size = values.shape[0]
    kind = random.random()
    if kind < 0.15:
        small = int(size * random.uniform(0.25, 0.7))
        reduced = cv2.resize(values, (small, small), interpolation=cv2.INTER_AREA)
        values = cv2.resize(reduced, (size, size), interpolation=cv2.INTER_LINEAR)
    elif kind < 0.3:
        values = values + random.normal(0, random.uniform(0, 0.06), values.shape)
    elif kind < 0.36:
        values = np.repeat(values.mean(-1, keepdims=True), 3, -1)
    return np.clip(values, 0, 1).astype(np.float32)


def cut(values: Array, points: Array, random: np.random.Generator) -> Array:
    """A photo whose edge lies inside the frame: white beyond one to four straight lines."""
    size = values.shape[0]
    face = (points.min(0), points.max(0))
    room = face[1][0] - face[0][0]
    y, x = np.mgrid[:size, :size]
    tilt = np.tan(np.deg2rad(random.normal(0, 5)))
    x, y = x + tilt * (y - size / 2), y - tilt * (x - size / 2)
    seen = np.ones((size, size), bool)
    sides = random.random(4) < (0.4, 0.4, 0.55, 0.45)
    # How far from the outermost points photos are cut: a face that fills its photo, or more.
    least, most = 0.45, 1.6
    if sides[0]:
        seen &= x >= face[0][0] - room * random.uniform(least, most)
    if sides[1]:
        seen &= x <= face[1][0] + room * random.uniform(least, most)
    if sides[2]:
        seen &= y >= face[0][1] - room * random.uniform(0.5, 2.0)
    if sides[3]:
        seen &= y <= face[1][1] + room * random.uniform(0.4, 1.6)
    return np.where(seen[..., None], values, 1).astype(np.float32)


def with_glasses(values: Array, layers: Array, points: Array, random: np.random.Generator) -> Array:
    """Puts glasses on: the photo is returned, its layers are changed."""
    import cv2

    eyes = points[:2]
    shape = (random.uniform(0.36, 0.48), random.uniform(0.6, 1.0), random.uniform(2, 4.5))
    drop = random.uniform(0, 0.1)
    dark = random.random() < 0.2
    thick = random.uniform(0.7, 2.0)
    pen = Pen(layers, np.zeros((0, 2)))
    draw_frames(pen, frames_at((eyes + 0.5) * 2 - 0.5, *shape, drop), dark, 1.3)
    frames, size = frames_at(eyes, *shape, drop), values.shape[0]
    colour = np.clip(abs(random.normal(0.12, 0.25)) + random.normal(0, 0.12, 3), 0, 1)
    canvas = np.ascontiguousarray(values, np.float32)
    width = max(1, round(thick * 0.0075 * size))
    curves = [np.rint(lens * 16).astype(np.int32) for lens in frames.lenses]
    if dark or random.random() < 0.3:
        tint = canvas.copy()
        cv2.fillPoly(tint, curves, tuple(float(c) for c in colour * 0.6), cv2.LINE_AA, 4)
        share = random.uniform(0.75, 0.97) if dark else random.uniform(0.05, 0.2)
        canvas = canvas + share * (tint - canvas)
    shown = tuple(float(c) for c in colour)
    cv2.polylines(canvas, curves, True, shown, width, cv2.LINE_AA, 4)
    bridge = np.rint(frames.bridge * 16).astype(np.int32)
    cv2.polylines(canvas, [bridge], False, shown, width, cv2.LINE_AA, 4)
    for lens, aside in zip(frames.lenses, (-1, 1), strict=True):
        outer = lens[lens[:, 0].argmin() if aside < 0 else lens[:, 0].argmax()]
        end = outer + np.array([aside * 0.14 * np.linalg.norm(eyes[1] - eyes[0]), -2])
        arm = np.rint(np.stack([outer - [0, 2], end]) * 16).astype(np.int32)
        cv2.polylines(canvas, [arm], False, shown, width, cv2.LINE_AA, 4)
    return canvas
