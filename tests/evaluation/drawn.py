"""Faces drawn for the tests: nobody's photo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from toonmark.landmarks import template_points

SIZE = 64
MakeSet = Callable[..., Path]
MakePack = Callable[..., Path]


def draw_face(rng: np.random.Generator, lightness: float, size: int = SIZE) -> np.ndarray:
    """Something with a head, hair, eyes and a mouth, on white: (size, size, 3) uint8."""
    picture = np.full((size, size, 3), 255, np.uint8)
    skin = tuple(int(c * lightness) for c in (235, 190, 160))
    hair = tuple(int(c) for c in rng.integers(0, 150, 3))
    scale = size / 128
    cv2.ellipse(picture, _at(64, 50, scale), _at(44, 44, scale), 0, 0, 360, hair, -1)
    cv2.ellipse(picture, _at(64, 76, scale), _at(38, 46, scale), 0, 0, 360, skin, -1)
    for x, y in template_points(size)[[0, 1]]:
        cv2.circle(picture, (round(x), round(y)), max(1, round(4 * scale)), (30, 30, 30), -1)
    left, right = template_points(size)[[3, 4]].round().astype(int)
    cv2.line(picture, tuple(map(int, left)), tuple(map(int, right)), (150, 40, 50), 2)
    noise = rng.integers(-6, 7, picture.shape) * (picture.min(-1, keepdims=True) < 250)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _at(x: float, y: float, scale: float) -> tuple[int, int]:
    return round(x * scale), round(y * scale)
