"""Samples the parameters of one picture's augmentation, which NumPy or torch then applies.

:class:`toonmark.data.sampling.Sampler` applies it to one picture, in NumPy;
:class:`toonmark.training.batch_sampling.BatchSampler` to a batch at once, in torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toonmark.data.degradation import enlarged_noise
from toonmark.landmarks import Array


@dataclass(frozen=True)
class Tint:
    """A change of brightness, contrast and warmth, the same for all views of a sample.

    Attributes:
        gain: (3,) factors of red, green and blue.
        gamma: the exponent before them.
    """

    gain: Array
    gamma: float

    @classmethod
    def drawn(cls, random: np.random.Generator, strength: float) -> Tint | None:
        """Draws one of this strength; None for 0."""
        if not strength:
            return None
        gain = np.exp(random.normal(0, 0.15 * strength, 3) + random.normal(0, 0.2 * strength))
        return cls(gain, np.exp(random.normal(0, 0.25 * strength)))

    def on(self, picture: Array) -> Array:
        """A picture of (..., 3) in [0, 1], float32, with it."""
        changed = np.clip(picture, 0, 1) ** self.gamma * self.gain
        return np.asarray(changed.clip(0, 1).astype(np.float32))


@dataclass(frozen=True)
class Light:
    """Light from one side, and patches of it: what a lamp or a window does to a face.

    The cycle is to restore the face without it, so that a drawing need not keep it.

    Attributes:
        strength: of all of it.
        angle: from where, in radians.
        side: how much brighter that side is.
        cells: (k, k, 1) float32, patches on a coarse grid.
        patches: how strong they are.
    """

    strength: float
    angle: float
    side: float
    cells: Array
    patches: float

    @classmethod
    def drawn(cls, random: np.random.Generator, strength: float) -> Light | None:
        """Draws one of this strength; None for 0."""
        if not strength:
            return None
        angle, side = random.uniform(0, 2 * np.pi), random.normal(0, 0.35)
        edge = int(random.integers(3, 8))
        cells = random.standard_normal((edge, edge, 1), np.float32)
        return cls(strength, angle, side, cells, random.uniform(0, 0.25))

    def on(self, picture: Array) -> Array:
        """A picture of (S, S, 3) in [0, 1], float32, in it."""
        size = picture.shape[0]
        x, y = np.meshgrid(*2 * [np.linspace(-1, 1, size, dtype=np.float32)])
        side = np.tanh(2 * (np.cos(self.angle) * x + np.sin(self.angle) * y)) * self.side
        patches = enlarged_noise(self.cells, size) * self.patches
        gain = np.exp(self.strength * (side[..., None] + patches))
        return np.asarray((picture * gain).clip(0, 1).astype(np.float32))


@dataclass(frozen=True)
class Changes:
    """All that is drawn for one sample.

    Attributes:
        mirrored: whether the picture is first mirrored.
        transform: (2, 3), from the picture, mirrored or not, to the sample.
        landmarks: (5, 2) float32, in pixels of the sample.
        tint: of all its views, if there is one.
        own: whether what is shown is the photo with its own background.
        light: on what is shown, if there is any.
        background: (S, S, 3) float32 in [0, 1], put behind what is shown; or none.
    """

    mirrored: bool
    transform: Array
    landmarks: Array
    tint: Tint | None
    own: bool
    light: Light | None
    background: Array | None
