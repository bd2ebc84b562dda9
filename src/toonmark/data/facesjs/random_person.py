"""A random person: colours, parts and proportions, as the face set has them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from toonmark.data.facesjs import choices, population
from toonmark.data.facesjs.choices import Weights
from toonmark.data.facesjs.person_colours import palette, skin_and_hair
from toonmark.landmarks import Array

Generator = np.random.Generator


@dataclass(frozen=True)
class Person:
    """Everything that the picture of one person depends on.

    Attributes:
        points: (5, 2) where the landmarks will be, pixels of a 128-pixel picture.
        parts: part family to part name; families that are absent are not drawn.
        colours: ``skin``, ``hair``, ``brow``, ``lips``, ``cloth``, ``collar``: CSS colours.
        head_width, head_height: factors on facesjs' head; the hair's, and those of the hair behind
            the head, come on top of them.
        Everything else: sizes as factors, angles in degrees, shifts in the drawing's units.
    """

    points: Array
    woman: bool
    parts: dict[str, str]
    colours: dict[str, str]
    head_width: float
    head_height: float
    hair_width: float
    hair_height: float
    behind_width: float
    behind_height: float
    body_width: float
    ear_size: float
    eye_size: float
    eye_angle: float
    brow_size: float
    brow_angle: float
    brow_height: float
    nose_size: float
    nose_flip: bool
    mouth_height: float
    hair_flip: bool
    stubble: float
    line: float


def person(seed: int, index: int, plain: bool = False) -> Person:
    """The ``index``-th person of a seed; independent of how many others are drawn.

    Args:
        seed, index: decide everything.
        plain: no glasses, no goatees, fewer beards.
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, index])))
    points = _landmarks(rng)
    skin, hair, long_hair = skin_and_hair(rng)
    woman = bool(rng.random() < (0.97 if long_hair else 0.22))
    eye_distance = points[1, 0] - points[0, 0]
    mouth_width = (points[4, 0] - points[3, 0]) / eye_distance
    # People who smile have wide mouths: half of the faces show teeth.
    smiling = bool(rng.random() < 1 / (1 + np.exp(-(mouth_width - 0.83) / 0.05)))
    parts = _parts(rng, woman, long_hair, hair, smiling, plain)
    stubble = 0.0
    if not woman and "facialHair" not in parts and rng.random() < (0.18 if plain else 0.3):
        stubble = float(rng.uniform(0.06, 0.16))
    return Person(
        points=points,
        woman=woman,
        parts=parts,
        colours=palette(rng, skin, hair, woman),
        head_width=_normal(rng, 0.85, 0.025, 2) if woman else _normal(rng, 0.875, 0.03, 2),
        head_height=_normal(rng, 1.08, 0.025, 2),
        hair_width=_normal(rng, 1.1 if long_hair else 1.06, 0.03, 2),
        hair_height=_normal(rng, 1.12, 0.04, 2),
        behind_width=_normal(rng, 1.48, 0.12, 2),
        behind_height=_normal(rng, 1.2, 0.07, 2),
        body_width=_normal(rng, 1.06, 0.05, 2) if woman else _normal(rng, 1.24, 0.05, 2),
        ear_size=float(rng.uniform(0.5, 0.75) if woman else rng.uniform(0.6, 0.9)),
        eye_size=_normal(rng, 0.95, 0.06, 2),
        eye_angle=_normal(rng, 1.0, 2.5, 2),
        brow_size=_normal(rng, 0.92 if woman else 0.97, 0.05, 2),
        brow_angle=_normal(rng, 3.0, 2.5, 2),
        brow_height=_normal(rng, 41.0 if woman else 38.0, 3.5, 2),
        nose_size=_normal(rng, 1.05 if woman else 1.2, 0.1, 2),
        nose_flip=bool(rng.random() < 0.5),
        mouth_height=_normal(rng, 1.12, 0.1, 2),
        hair_flip=bool(rng.random() < 0.5),
        stubble=stubble,
        line=_normal(rng, 1.2, 0.06, 2),
    )


def _normal(rng: Generator, mean: float, deviation: float, limit: float) -> float:
    return float(mean + deviation * np.clip(rng.standard_normal(), -limit, limit))


def _choose(rng: Generator, weights: Weights) -> str:
    names = list(weights)
    edges = np.cumsum([weights[name] for name in names])
    return names[int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))]


@lru_cache(maxsize=1)
def _landmark_factor() -> tuple[Array, Array]:
    covariance = population.lower_triangle(population.LANDMARK_COVARIANCE, 10)
    return np.array(population.LANDMARK_MEAN), np.linalg.cholesky(covariance)


def _landmarks(rng: Generator) -> Array:
    """Five points as the faces have them, and a little more roll, zoom and shift: (5, 2)."""
    mean, factor = _landmark_factor()
    noise = rng.standard_normal(10)
    # The rare far-out ones are errors of the faces' landmarks rather than faces.
    noise *= min(1.0, 4.2 / float(np.linalg.norm(noise)))
    points = (mean + factor @ noise).reshape(5, 2)
    angle = np.deg2rad(_normal(rng, 0, 1.3, 2))
    zoom = np.exp(_normal(rng, 0, 0.015, 2))
    turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shift = 0.5 * np.clip(rng.standard_normal(2), -2, 2)
    # The picture's middle stays where it is.
    return (points - 63.5) @ turn.T + 63.5 + shift


def _parts(
    rng: Generator, woman: bool, long_hair: bool, hair: Array, smiling: bool, plain: bool
) -> dict[str, str]:
    eyes = choices.EYES_WOMEN if woman else choices.EYES_MEN
    parts = {
        "head": _choose(rng, choices.HEADS_WOMEN if woman else choices.HEADS_MEN),
        "ear": _choose(rng, choices.EARS),
        "body": _choose(rng, choices.BODIES),
        "jersey": _choose(rng, choices.CLOTHES),
        "eye": _choose(rng, {name: eye.weight for name, eye in eyes.items()}),
        "eyebrow": _choose(rng, choices.BROWS_WOMEN if woman else choices.BROWS_MEN),
        "nose": _choose(rng, {name: nose.weight for name, nose in choices.NOSES.items()}),
        "mouth": _choose(rng, choices.MOUTHS_OPEN if smiling else choices.MOUTHS_CLOSED),
    }
    if long_hair:
        parts["hair"] = _choose(rng, choices.HAIR_LONG)
        parts["hairBg"] = _choose(rng, choices.HAIR_BEHIND)
    elif woman:
        parts["hair"] = _choose(rng, choices.HAIR_SHORT_WOMEN)
    elif rng.random() < 0.06:
        parts["hair"] = _choose(rng, choices.HAIR_BALD)
    else:
        dark = choices.HAIR_MEN_DARK if hair[0] < 18 else {}
        parts["hair"] = _choose(rng, choices.HAIR_MEN | dark)
    if not woman and rng.random() < (0.18 if plain else 0.3):
        parts["facialHair"] = _choose(rng, choices.BEARDS_PLAIN if plain else choices.BEARDS)
    if rng.random() < (0.025 if woman else 0.06) * (not plain):
        parts["glasses"] = _choose(rng, choices.GLASSES)
    if rng.random() < 0.04:
        parts["eyeLine"] = "line3" if rng.random() < 0.5 else "line4"
    if rng.random() < (0.14 if woman else 0.02):
        parts["miscLine"] = "blush"
    return parts
