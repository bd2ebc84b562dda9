"""Random backgrounds for faces cut out on white, as augmentation against cluttered photos.

A generator that has only seen white around faces paints a photo's trees into the hair. Faces are
put over these before they enter it, while the cycle asks for the face on white: it learns to drop
the background by itself, and no matting network is needed when it is used.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from toonmark.errors import DataError, ImageError, UnreadableBackgroundWarning
from toonmark.landmarks import Array
from toonmark.pictures import read
from toonmark.ranges import unit

PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


class Backgrounds:
    """Draws backgrounds, or cuts them from pictures.

    Args:
        folders: pictures to cut from; none are needed.
        picture_share: how often a picture is taken when there are any.

    A picture that cannot be read is left out with an :class:`UnreadableBackgroundWarning`, and the
    next one that can be read stands in for it.

    Raises:
        DataError: a folder holds no pictures; or, when it is drawn, none of them can be read.
    """

    def __init__(self, folders: Sequence[str | Path] = (), picture_share: float = 0.5) -> None:
        self.paths: list[Path] = []
        self._unreadable: set[Path] = set()
        for folder in folders:
            found = sorted(
                path for path in Path(folder).rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES
            )
            if not found:
                raise DataError(
                    f"{folder} holds no pictures for backgrounds.",
                    "Name a folder with JPEG or PNG pictures, or leave backgrounds out.",
                )
            self.paths += found
        self.picture_share = picture_share if self.paths else 0.0

    def __call__(self, random: np.random.Generator, size: int) -> Array:
        """One background: (size, size, 3) float32 RGB in [0, 1]."""
        if random.random() < self.picture_share:
            picture = self._picture(random, size)
        else:
            picture = _DRAWN[random.integers(len(_DRAWN))](random, size)
        return _shaded(random, np.asarray(picture, np.float32))

    def _picture(self, random: np.random.Generator, size: int) -> Array:
        import cv2

        picture = self._read(int(random.integers(len(self.paths))))
        height, width = picture.shape[:2]
        side = max(1, int(min(height, width) * random.uniform(0.4, 1.0)))
        y, x = random.integers(height - side + 1), random.integers(width - side + 1)
        cut = cv2.resize(picture[y : y + side, x : x + side], (size, size), interpolation=3)
        cut = unit(cut)
        if random.random() < 0.5:
            cut = cut[:, ::-1]
        return _blurred(random, cut) if random.random() < 0.4 else cut

    def _read(self, index: int) -> Array:
        """Picture ``index`` or the first one after it that can be read: (H, W, 3) uint8 RGB."""
        for path in self.paths[index:] + self.paths[:index]:
            if path in self._unreadable:
                continue
            try:
                return read(path).pixels
            except ImageError:
                self._unreadable.add(path)
                warnings.warn(
                    f"{path} cannot be read, and is left out of the backgrounds.",
                    UnreadableBackgroundWarning,
                    stacklevel=2,
                )
        raise DataError(
            f"None of the {len(self.paths)} background pictures can be read "
            f"({self.paths[index]}, for one).",
            "Name a folder with whole JPEG, PNG or WebP pictures, or leave backgrounds out.",
        )


def _colour(random: np.random.Generator) -> Array:
    """A colour as rooms and streets have it: mostly pale in chroma, any lightness."""
    grey = random.uniform(0.02, 1.0)
    return np.clip(grey + random.normal(0, 0.12, 3), 0, 1).astype(np.float32)


def _plain(random: np.random.Generator, size: int) -> Array:
    return np.broadcast_to(_colour(random), (size, size, 3)).copy()


def _gradient(random: np.random.Generator, size: int) -> Array:
    import cv2

    angle = random.uniform(0, 2 * np.pi)
    steps = np.linspace(-0.5, 0.5, size, dtype=np.float32)
    across, down = steps * np.float32(np.cos(angle)), steps * np.float32(np.sin(angle))
    ramp = np.clip(across + down[:, None] + np.float32(0.5), 0, 1)
    first, second = _colour(random), _colour(random)
    # One number a pixel to three; NumPy stretches a last axis of 1 over 3 slowly.
    return np.asarray(cv2.transform(ramp, np.column_stack([second - first, first])))


def _noise(random: np.random.Generator, size: int) -> Array:
    """Cloudy to leafy: random grids of growing fineness, smoothly enlarged and added."""
    import cv2

    colour, picture = _colour(random), np.zeros((size, size, 3))
    strength, falloff = random.uniform(0.1, 0.35), random.uniform(0.4, 0.95)
    chroma = random.uniform(0, 0.6)
    for octave in range(2, 7):
        cells = random.normal(0, 1, (2**octave, 2**octave, 3)).astype(np.float32)
        grey = cells.mean(axis=2, keepdims=True) * np.sqrt(3)
        # OpenCV enlarges few cells much faster in double precision.
        cells = np.ascontiguousarray(strength * (chroma * cells + (1 - chroma) * grey), np.float64)
        picture += cv2.resize(cells, (size, size), interpolation=cv2.INTER_CUBIC)
        strength *= falloff
    return picture + colour


def _shapes(random: np.random.Generator, size: int) -> Array:
    """Furniture, windows, passers-by: boxes, discs and bars, often out of focus."""
    import cv2

    picture = np.ascontiguousarray(_gradient(random, size), np.float32)
    for _ in range(random.integers(3, 14)):
        colour = tuple(float(c) for c in _colour(random))
        x, y, w, h = (int(v) for v in random.uniform(-0.1, 1.0, 4) * size)
        kind = random.integers(3)
        if kind == 0:
            cv2.rectangle(picture, (x, y), (x + abs(w), y + abs(h)), colour, -1)
        elif kind == 1:
            cv2.circle(picture, (x, y), abs(w) // 3 + 2, colour, -1, cv2.LINE_AA)
        else:
            thick = int(random.integers(1, max(2, size // 12)))
            cv2.line(picture, (x, y), (w, h), colour, thick, cv2.LINE_AA)
    return _blurred(random, picture) if random.random() < 0.6 else picture


def _blurred(random: np.random.Generator, picture: Array) -> Array:
    import cv2

    sigma = float(random.uniform(0.005, 0.06)) * picture.shape[0]
    return cv2.GaussianBlur(np.ascontiguousarray(picture), (0, 0), sigma)


def _shaded(random: np.random.Generator, picture: Array) -> Array:
    """Brighter or darker, in [0, 1]."""
    import cv2

    gain, offset = random.uniform(0.6, 1.15), random.normal(0, 0.03, 3)
    shaded = cv2.transform(picture, np.column_stack([gain * np.eye(3), offset]))
    return np.asarray(np.clip(shaded, 0, 1, out=np.asarray(shaded)))


_DRAWN = (_plain, _gradient, _noise, _noise, _shapes, _shapes)
