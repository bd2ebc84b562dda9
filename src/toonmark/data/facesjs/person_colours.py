"""A person's colours, with the frequencies that the faces have."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from toonmark.data.facesjs import choices, population
from toonmark.landmarks import Array


@lru_cache(maxsize=1)
def _mixture() -> tuple[Array, Array, Array, list[Array]]:
    weights = np.array([component[0] for component in population.SKIN_AND_HAIR])
    long_hair = np.array([component[1] for component in population.SKIN_AND_HAIR])
    means = np.array([component[2] for component in population.SKIN_AND_HAIR])
    factors = [
        np.linalg.cholesky(population.lower_triangle(component[3], 6))
        for component in population.SKIN_AND_HAIR
    ]
    return np.cumsum(weights) / weights.sum(), long_hair, means, factors


def skin_and_hair(rng: np.random.Generator) -> tuple[Array, Array, bool]:
    """L*a*b* of skin and hair, and whether the hair is long."""
    edges, long_hair, means, factors = _mixture()
    which = int(np.searchsorted(edges, rng.random(), side="right").clip(0, len(means) - 1))
    noise = rng.standard_normal(6)
    noise *= min(1.0, 3.3 / float(np.linalg.norm(noise)))
    colours = means[which] + factors[which] @ noise
    skin, hair = colours[:3], colours[3:]
    grey = bool(rng.random() < 0.07)
    return natural_skin(skin), natural_hair(hair, grey), bool(rng.random() < long_hair[which])


def natural_skin(skin: Array) -> Array:
    """The same lightness; hue and strength without a photo's colour casts."""
    strength, hue = np.hypot(skin[1], skin[2]), np.degrees(np.arctan2(skin[2], skin[1]))
    hue = np.clip(52 + 0.6 * (hue - 49), 43, 63)
    lightness = np.clip(skin[0], 28, 90)
    # Light and dark skin is paler than what lies between.
    usual = np.interp(lightness, [28, 45, 60, 75, 90], [20, 27, 32, 28, 16])
    strength = np.clip(usual + 0.5 * (strength - usual), 0.85 * usual, 1.3 * usual)
    return _from_polar(lightness, strength, hue)


def natural_hair(hair: Array, grey: bool) -> Array:
    """The same lightness; between red and yellow, or grey."""
    strength, hue = np.hypot(hair[1], hair[2]), np.degrees(np.arctan2(hair[2], hair[1]))
    lightness = np.clip(hair[0], 6, 84)
    # Dark yellow looks green: the lighter, the yellower hair may be.
    hue = np.clip(hue, np.interp(lightness, [10, 55, 75], [38, 50, 66]), 61 + 0.23 * lightness)
    if grey and lightness > 25:
        strength = min(strength, 4.0)
    else:
        least = np.interp(lightness, [6, 20, 35, 60], [1, 6, 13, 18])
        strength = np.clip(strength, least, 45)
    return _from_polar(lightness, strength, hue)


def _from_polar(lightness: float, strength: float, hue: float) -> Array:
    """L*a*b* from lightness, chroma and hue in degrees: (3,)."""
    hue = np.radians(hue)
    return np.array([lightness, strength * np.cos(hue), strength * np.sin(hue)])


def palette(rng: np.random.Generator, skin: Array, hair: Array, woman: bool) -> dict[str, str]:
    """CSS colours by name, from skin's and hair's L*a*b*."""
    # Brows and beards of light hair are darker than it; dark ones are the same.
    brow = hair * [0.75, 1.0, 1.0] if hair[0] > 25 else hair
    made_up = woman and rng.random() < 0.6
    lips = skin + ([-24, 26, 6] if made_up else [-14, 13, 3])
    if made_up:
        lips = lips + rng.uniform([-8, -8, -6], [6, 10, 6])
    cloth = choices.CLOTH_COLOURS[int(rng.integers(len(choices.CLOTH_COLOURS)))]
    collar = choices.CLOTH_COLOURS[int(rng.integers(len(choices.CLOTH_COLOURS)))]
    return {
        "skin": css(skin),
        "hair": css(hair),
        "brow": css(brow),
        "lips": css(lips),
        "cloth": cloth,
        "collar": collar,
    }


def css(lab: Array) -> str:
    """``#rrggbb`` of an L*a*b* colour (D65), clipped to what sRGB can show."""
    height = (lab[0] + 16) / 116
    xyz = np.array([height + lab[1] / 500, height, height - lab[2] / 200])
    xyz = np.where(xyz > 6 / 29, xyz**3, 3 * (6 / 29) ** 2 * (xyz - 4 / 29))
    xyz = xyz * [0.95047, 1.0, 1.08883]
    linear = xyz @ np.array(
        [[3.2406, -0.9689, 0.0557], [-1.5372, 1.8758, -0.2040], [-0.4986, 0.0415, 1.0570]]
    )
    linear = np.clip(linear, 0, 1)
    encoded = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    return "#" + "".join(f"{round(float(value) * 255):02x}" for value in encoded)
