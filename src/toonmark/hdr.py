"""Brings high dynamic range and wide gamuts to what ordinary screens show.

Drawings are made of, and for, ordinary colours. Reference white stays nearly white (203 cd/m²,
ITU-R BT.2408), what is darker stays as it is, and only what is brighter is compressed.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from toonmark.landmarks import Array

#: Transfers as numbers of ITU-T H.273: SMPTE ST 2084 and ARIB STD-B67.
PQ, HLG = 16, 18
#: And of numbers that are light itself.
LINEAR = 8
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
    """Whether a film or picture is not of ordinary colours."""
    return transfer in (PQ, HLG, LINEAR) or primaries in TO_BT709


def ordinary(pixels: Array, primaries: int, transfer: int) -> Array:
    """Pixels with the primaries and transfer of an ordinary film or picture.

    Args:
        pixels: (h, w, 3) RGB; uint16, 65535 for a signal of 1, or uint8.
        primaries, transfer: numbers of H.273.

    Returns:
        (h, w, 3) uint8 RGB.
    """
    bright = transfer in (PQ, HLG)
    # Who writes such a film and names no primaries means those of BT.2020.
    matrix = TO_BT709.get(9 if bright and primaries in (0, 2) else primaries)
    return _converted(pixels, _linear(transfer), matrix, transfer)


def calibrated(pixels: Array, gamma: float | None, places: Sequence[float] | None) -> Array:
    """Pixels that a picture describes by numbers of its own (PNG's chunks gAMA and cHRM), as sRGB.

    Args:
        pixels: (h, w, 3) uint8 RGB.
        gamma: the power of light that the signal is; that of sRGB where it is None.
        places: CIE x and y of white, red, green and blue; those of sRGB where they are None, or
            are of no colours.
    """
    steps = np.arange(_STEPS, dtype=np.float32) / (_STEPS - 1)
    table = _linear(0) if gamma is None else steps ** np.float32(1 / gamma)
    return _converted(pixels, table, None if places is None else _to_bt709(places))


def _to_bt709(places: Sequence[float]) -> Array | None:
    """Linear light of other primaries to BT.709's, (3, 3); white stays white (Bradford)."""
    if min(places[1::2]) <= 0:
        return None
    try:
        ours, theirs = _to_xyz(SRGB), _to_xyz(places)
        white = [m.sum(axis=1) @ _BRADFORD.T for m in (theirs, ours)]
        adapted = np.linalg.inv(_BRADFORD) @ np.diag(white[1] / white[0]) @ _BRADFORD
        matrix = np.linalg.inv(ours) @ adapted @ theirs
    except np.linalg.LinAlgError:
        return None
    return matrix if np.isfinite(matrix).all() else None


def _to_xyz(places: Sequence[float]) -> Array:
    x, y = np.array(places, np.float64).reshape(4, 2).T
    columns = np.stack([x, y, 1 - x - y])
    return np.asarray(columns[:, 1:] * np.linalg.solve(columns[:, 1:], columns[:, 0] / y[0]))


#: CIE x and y of sRGB's white, red, green and blue.
SRGB = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def _converted(pixels: Array, table: Array, matrix: object, transfer: int = 0) -> Array:
    """To (h, w, 3) uint8 RGB, by a table of the signal's light, (4096,), and a matrix or None."""
    import cv2

    bright = transfer in (PQ, HLG)
    result = np.empty(pixels.shape, np.uint8)
    rows = max(1, _BAND // pixels.shape[1])
    for row in range(0, pixels.shape[0], rows):
        band = pixels[row : row + rows]
        light = table[(band if band.dtype == np.uint16 else band * np.uint16(257)) >> 4]
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
    """The factor of a pixel whose strongest colour is so bright; white is 1."""
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
    elif transfer == LINEAR:
        light = signal
    else:  # as screens have it, near enough
        light = np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


@functools.cache
def _signal() -> Array:
    """The signal of each light from 0 to white, (16384,) uint8."""
    light = np.arange(4 * _STEPS) / (4 * _STEPS - 1)
    signal = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * signal).astype(np.uint8))
