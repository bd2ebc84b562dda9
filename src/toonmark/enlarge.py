"""Makes a drawn picture larger and keeps its lines sharp, as if it had been drawn that large.

A plain filter turns a two-pixel outline into a soft, jagged band. A cartoon is flat colours with
sharp borders, so each pixel near a border is moved towards the colour of the side it lies on
(a toggle mapping: Kramer and Bruckner 1975), by a soft step so that edges stay smooth.
"""

from __future__ import annotations

import functools

import numpy as np

from toonmark.landmarks import Array

#: From this enlargement on; below, a plain filter does as well.
LEAST = 1.5
#: Standard deviation of the smoothing, and reach of a border, in pixels of the small picture.
SMOOTH, REACH = 0.28, 0.75
#: Steepness of the step between the two sides of a border.
STEEP = 10.0
#: Contrast (0 to 255) from which on a border is sharpened, and over which it fades in: below it
#: there is only shading.
CONTRAST, FADE = 12, 40


def enlarged(image: Array, size: int) -> Array:
    """A square drawing, larger.

    Args:
        image: (s, s, 3) uint8 RGB.
        size: edge in pixels, at least ``LEAST`` times s.

    Returns:
        (size, size, 3) uint8.
    """
    import cv2

    scale = size / image.shape[0]
    plain = cv2.resize(image, (size, size), interpolation=cv2.INTER_CUBIC)
    plain = cv2.GaussianBlur(plain, (0, 0), SMOOTH * scale)
    reach = 2 * round(REACH * scale) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    light = cv2.cvtColor(plain, cv2.COLOR_RGB2GRAY)
    low, high = cv2.erode(light, disc), cv2.dilate(light, disc)
    contrast = high - low
    place = cv2.divide(light - low, np.maximum(contrast, 1), scale=255)
    side = cv2.merge([cv2.LUT(place, _steps())] * 3)
    dark, bright = cv2.erode(plain, disc), cv2.dilate(plain, disc)
    sharp = cv2.add(dark, cv2.multiply(bright - dark, side, scale=1 / 255))
    weight = cv2.merge([cv2.LUT(contrast, _weights())] * 3)
    return cv2.add(
        cv2.multiply(sharp, weight, scale=1 / 255),
        cv2.multiply(plain, 255 - weight, scale=1 / 255),
    )


@functools.cache
def _steps() -> Array:
    """Where between dark and bright a pixel was, to where it is moved: 256 uint8."""
    place = np.arange(256) / 255
    step = 1 / (1 + np.exp(-STEEP * (place - 0.5)))
    step = (step - step[0]) / (step[-1] - step[0])
    return np.rint(255 * step).astype(np.uint8)


@functools.cache
def _weights() -> Array:
    """The sharpening of a border, by its contrast: 256 uint8."""
    return np.rint(255 * np.clip((np.arange(256) - CONTRAST) / FADE, 0, 1)).astype(np.uint8)
