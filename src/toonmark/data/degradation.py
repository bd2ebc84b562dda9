"""Synthetic degradation of clean cartoons, to train a denoiser on generator-like faults.

All is drawn from one NumPy generator, so that a picture is a pure function of its seed.
"""

from __future__ import annotations

import cv2
import numpy as np

from toonmark.landmarks import Array

#: Edges of the grids that noise is drawn on, at 128 pixels, and its standard deviation there.
_NOISES = ((128, 0.25), (64, 0.25), (32, 0.25), (16, 0.2), (8, 0.15))


def see_through(under: Array, over: Array, random: np.random.Generator, most: float) -> Array:
    """One picture shows through another in places.

    Args:
        under, over: (S, S, 3) float32.
        random: decides where and how much.
        most: the largest share of ``over`` anywhere.
    """
    cells = int(random.integers(4, 10))
    share = np.clip(smooth_noise(random, len(under), cells, 1) * 0.5 + 0.1, 0, 1)
    return (under + share * random.uniform(0, most) * (over - under)).astype(np.float32)


def degraded(clean: Array, other: Array, random: np.random.Generator, strength: float) -> Array:
    """A cartoon with the faults of a generator's drawings.

    Wavy lines, parts of another drawing, blur in places, noise of all scales, chequers; each now
    and then, each only in a part of the picture.

    Args:
        clean: (S, S, 3) float32 in [-1, 1].
        other: another cartoon, whose parts are left over.
        random: decides everything.
        strength: 1 is what early generators do; 0 changes nothing.

    Returns:
        (S, S, 3) float32, a little beyond [-1, 1] at most.
    """
    if not strength:
        return clean
    picture: Array = clean
    size = len(picture)

    def now_and_then(share: float) -> float:
        return float(random.random() < share) * random.random() * strength

    def somewhere(cells: int, offset: float) -> Array:
        return np.clip(smooth_noise(random, size, cells, 1) * 0.5 + offset, 0, 1)

    if amount := now_and_then(0.4):
        share = np.clip(smooth_noise(random, size, 8, 1) * 0.8 - 0.5, 0, 1)
        picture = picture + min(amount, 1.0) * share * (other - picture)
    if amount := now_and_then(0.7):
        picture = _waved(picture, random, amount)
    if amount := now_and_then(0.6):
        blurred = cv2.GaussianBlur(picture, (0, 0), (0.5 + 2 * amount) * size / 128)
        picture = picture + somewhere(5, 0.2) * (blurred - picture)
    for cells, deviation in _NOISES:
        if amount := now_and_then(0.5):
            noise = smooth_noise(random, size, max(2, cells * size // 128), 3)
            picture = picture + amount * deviation * somewhere(4, 0.5) * noise
    for period in (2, 4):
        if amount := now_and_then(0.3):
            tile = random.standard_normal((period, period, 3), np.float32)
            chequer = np.tile(tile, (size // period, size // period, 1))
            picture = picture + np.float32(0.15 * amount) * somewhere(4, 0.0) * chequer
    return np.clip(picture, -1.2, 1.2).astype(np.float32)


def smooth_noise(random: np.random.Generator, size: int, cells: int, channels: int) -> Array:
    """Gaussian noise on a coarse grid, enlarged: (S, S, channels) float32."""
    return enlarged_noise(random.standard_normal((cells, cells, channels), np.float32), size)


def enlarged_noise(noise: Array, size: int) -> Array:
    """A coarse grid smoothly enlarged: (k, k, channels) to (S, S, channels), float32."""
    channels = noise.shape[2]
    if len(noise) != size:
        larger = cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC)
        noise = larger.astype(np.float32, copy=False)
    return noise.reshape(size, size, channels)


def _waved(picture: Array, random: np.random.Generator, amount: float) -> Array:
    size = len(picture)
    shift = 0.7 * smooth_noise(random, size, 12, 2) + 0.5 * smooth_noise(random, size, 32, 2)
    shift *= amount * size / 128
    place = np.mgrid[:size, :size].astype(np.float32)
    waved = cv2.remap(
        np.ascontiguousarray(picture, np.float32),
        place[1] + shift[..., 0],
        place[0] + shift[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return waved.astype(np.float32, copy=False)
