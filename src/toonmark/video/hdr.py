"""High dynamic range and wide gamuts as ordinary screens show them.

Drawings are made of, and for, ordinary colours. Reference white stays nearly white (203 cd/m²,
ITU-R BT.2408), what is darker stays as it is, and only what is brighter is compressed.
"""

from __future__ import annotations

import functools

import numpy as np

from toonmark.landmarks import Array

#: Transfers as numbers of ITU-T H.273: SMPTE ST 2084 and ARIB STD-B67.
PQ, HLG = 16, 18
#: Luminances in cd/m²: of diffuse white, and of the screens that such films are made on.
WHITE, PEAK = 203.0, 1000.0
#: Of white, in linear light, from which on brightness is compressed.
KNEE = 0.75
#: To the primaries of BT.709, from those of these numbers of H.273 (BT.2020; P3, both its whites).
_P3 = ((1.2249, -0.2247, -0.0002), (-0.0420, 1.0419, 0.0001), (-0.0197, -0.0786, 1.0983))
TO_BT709 = {
    9: ((1.6605, -0.5876, -0.0729), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1188)),
    11: _P3,
    12: _P3,
}
#: Luminance of BT.2020's red, green and blue.
_LUMINANCE = np.array([[0.2627, 0.6780, 0.0593]], np.float32)

#: Steps of the tables, and pixels that are converted at a time, to stay in the cache.
_STEPS, _BAND = 2**12, 2**16


def is_special(primaries: int, transfer: int) -> bool:
    """Whether a film is not of ordinary colours."""
    return transfer in (PQ, HLG) or primaries in TO_BT709


def ordinary(pixels: Array, primaries: int, transfer: int) -> Array:
    """Pixels with the primaries and transfer of an ordinary film.

    Args:
        pixels: (h, w, 3) uint16 RGB, 65535 for a signal of 1.
        primaries, transfer: numbers of H.273.

    Returns:
        (h, w, 3) uint8 RGB.
    """
    import cv2

    bright = transfer in (PQ, HLG)
    # Who writes such a film and names no primaries means those of BT.2020.
    matrix = TO_BT709.get(9 if bright and primaries in (0, 2) else primaries)
    result = np.empty(pixels.shape, np.uint8)
    rows = max(1, _BAND // pixels.shape[1])
    for row in range(0, pixels.shape[0], rows):
        light = _linear(transfer)[pixels[row : row + rows] >> 4]
        if transfer == HLG:  # what a screen makes of the camera's light
            luminance = cv2.transform(light, _LUMINANCE)
            light *= cv2.merge([np.float32(PEAK / WHITE) * cv2.pow(luminance, 0.2)] * 3)
        if matrix is not None:
            light = cv2.transform(light, np.array(matrix, np.float32))
        light = np.maximum(light, 0)
        if bright:
            light *= cv2.merge([_compression(light.max(axis=2))] * 3)
        steps = np.minimum(light * np.float32(4 * _STEPS - 1), 4 * _STEPS - 1)
        result[row : row + rows] = _signal()[steps.astype(np.uint16)]
    return result


def _compression(most: Array) -> Array:
    """What a pixel is multiplied by, whose strongest colour is so bright; white is 1."""
    room = 1 - KNEE
    over = np.maximum(most - KNEE, 0) / room
    end = (PEAK / WHITE - KNEE) / room
    # Reinhard et al. (2002), equation 4, of what lies over the knee.
    compressed = KNEE + room * np.minimum(over * (1 + over / end**2) / (1 + over), 1)
    return np.where(most > KNEE, compressed / np.maximum(most, KNEE), 1).astype(np.float32)


@functools.cache
def _linear(transfer: int) -> Array:
    """Light of each signal, (4096,) float32: 1 is white; of HLG, the scene's, 1 is the most."""
    signal = np.arange(_STEPS) / (_STEPS - 1)
    if transfer == PQ:
        power = signal ** (1 / 78.84375)
        base = np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
        light = 10_000 / WHITE * base ** (1 / 0.1593017578125)
    elif transfer == HLG:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    else:  # as screens have it, near enough
        light = np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


@functools.cache
def _signal() -> Array:
    """The signal of each light from 0 to white, (16384,) uint8."""
    light = np.arange(4 * _STEPS) / (4 * _STEPS - 1)
    signal = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * signal).astype(np.uint8))
