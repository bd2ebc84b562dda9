"""High dynamic range and wide gamuts, made of ordinary pictures by their standards' formulas."""

from __future__ import annotations

import numpy as np

from toonmark.hdr import HLG, PQ

#: Linear BT.709 to BT.2020 (ITU-R BT.2087), and to P3 with the white of screens.
BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
P3 = np.array([[0.8225, 0.1774, 0], [0.0332, 0.9669, 0], [0.0171, 0.0724, 0.9108]])


def linear(picture):
    x = picture / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def pq(light):
    y = np.clip(light / 10000, 0, 1) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


def hlg(light):
    """For a screen of 1000 cd/m² (ITU-R BT.2100)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    luminance = ((light / 1000) @ np.array([0.2627, 0.6780, 0.0593]))[..., None]
    scene = light / 1000 * np.maximum(luminance, 1e-9) ** (1 / 1.2 - 1)
    curved = a * np.log(np.maximum(12 * scene - b, 1e-9)) + c
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), curved)


def gamma(light):
    x = light / 203
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * x ** (1 / 2.4) - 0.055)


KINDS = {
    "HLG": (hlg, BT2020, (9, 9, HLG)),
    "PQ": (pq, BT2020, (9, 9, PQ)),
    "HLG of a matrix that is not said": (hlg, BT2020, (2, 9, HLG)),
    "wide": (gamma, BT2020, (9, 9, 14)),
    "P3": (gamma, P3, (1, 12, 1)),
}


def special(picture, kind):
    """An ordinary picture, its white at 203 cd/m², as (h, w, 3) uint16."""
    curve, primaries, _ = KINDS[kind]
    light = np.maximum(203 * linear(picture) @ primaries.T, 0)
    return np.rint(np.clip(curve(light), 0, 1) * 65535).astype(np.uint16)
