"""Portraits and their layers for training, each a pure function of the seed and its number.

A layer's colour is taken from the photo, so photos may change colour at will: hair and clothes are
dyed, light is warm, cold, dim. Photos are cut at random, whose whole layers are known; backgrounds
change; glasses and masks are put on. All pictures of a set are held in memory, half a megabyte
each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toonmark.colour import from_lab, to_lab
from toonmark.data.backgrounds import Backgrounds
from toonmark.data.dataset import Dataset
from toonmark.data.layers.features import draw_frames
from toonmark.data.layers.glasses import frames_at
from toonmark.data.layers.masks import with_mask
from toonmark.data.layers.pen import Pen
from toonmark.data.split import Rule
from toonmark.data.streams import Stream
from toonmark.errors import DataError
from toonmark.faces.align import compose, invert, transform_points
from toonmark.landmarks import Array, mirror
from toonmark.models.layer import UNKNOWN, Layer
from toonmark.ranges import signed

#: Folders of a set of layers beside its images.
LAYERS, MATTES = "layers", "mattes"

_HAIR = (Layer.TOP_DARK, Layer.TOP_LIGHT)
_CLOTHES = (Layer.BODY_DARK, Layer.BODY_MIDDLE, Layer.BODY_LIGHT)

#: How many portraits wear a mask.
MASKED = 0.08

#: How many of the dyed get a lightness, in L* of CIE Lab, that does not depend on their own, as
#: white cloth and white hair have; and how much of the contrast of their folds is left then.
_BLEACHED, _DARKEST, _LIGHTEST, _FOLDS = 0.4, 5.0, 98.0, 0.6

#: How many of the backgrounds that are changed have the colour of hair or clothes before them.
_CAMOUFLAGED = 0.4

#: From a photo's pixels to those of its layers, of which there are twice as many each way.
_DOUBLE = np.array([[2, 0, 0.5], [0, 2, 0.5]], np.float64)


@dataclass(frozen=True, eq=False)
class LayerSample:
    """One portrait.

    Attributes:
        photo: (S, S, 3) float32 in [-1, 1], white beyond the photo's edge.
        landmarks: (5, 2) float32 pixels.
        layers: (2S, 2S) uint8 of :class:`Layer`, or UNKNOWN.
    """

    photo: Array
    landmarks: Array
    layers: Array


class LayerSampler:
    """Draws augmented portraits from a set that `toonmark data layers` made.

    Args:
        folders: the sets.
        size: edge of the photos in pixels; layers have twice as many.
        held_out: the validation part instead of the training part.
        split: by which rule a picture is of one of them.
    """

    def __init__(
        self,
        folders: Sequence[str],
        size: int,
        *,
        held_out: bool = False,
        split: Rule = "name",
        seed: int = 0,
    ) -> None:
        import cv2

        self.size, self.seed = size, seed
        self.backgrounds = Backgrounds()
        self._photos: list[Array] = []
        self._mattes: list[Array] = []
        self._layers: list[Array] = []
        self._points: list[Array] = []
        for folder in folders:
            dataset = Dataset.open(folder)
            training, kept = dataset.split(split)
            for i in kept if held_out else training:
                image = dataset.image(int(i))
                points = (dataset.points[i] + 0.5) * size / image.shape[0] - 0.5
                self._points.append(points.astype(np.float32))
                self._photos.append(cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA))
                name = Path(dataset.names[int(i)]).with_suffix(".png")
                for kind, kept_in, edge, how in (
                    (MATTES, self._mattes, size, cv2.INTER_AREA),
                    (LAYERS, self._layers, 2 * size, cv2.INTER_NEAREST),
                ):
                    kept_in.append(_read(dataset.folder / kind / name, edge, how))
        if not self._photos:
            raise DataError(
                f"No pictures for {'validation' if held_out else 'training'} in "
                f"{', '.join(folders)}.",
                "Make a larger set of layers.",
            )

    def __len__(self) -> int:
        return len(self._photos)

    def plain(self, place: int) -> LayerSample:
        """Portrait ``place`` of this part as it is."""
        photo = signed(self._photos[place])
        return LayerSample(photo, self._points[place], self._layers[place])

    def at(self, number: int) -> LayerSample:
        """The picture of this number; each epoch in a new order."""
        epoch, within = divmod(number, len(self._photos))
        shuffled = np.random.default_rng([self.seed, Stream.ORDER, epoch])
        order = shuffled.permutation(len(self._photos))
        random = np.random.default_rng([self.seed, Stream.PICTURE, number])
        return self.draw(int(order[within]), random)

    def draw(self, place: int, random: np.random.Generator) -> LayerSample:
        """Portrait ``place``, changed at random."""
        import cv2

        size, plain = self.size, self.plain(place)
        photo, matte, layers = self._photos[place], self._mattes[place], plain.layers
        points = plain.landmarks.astype(np.float64)
        if random.random() < 0.5:
            photo, matte, layers = photo[:, ::-1], matte[:, ::-1], layers[:, ::-1]
            points = mirror(points, size)
        transform = _jitter(random, size)
        white = (255, 255, 255)
        photo = cv2.warpAffine(
            np.ascontiguousarray(photo), transform, (size, size), borderValue=white
        )
        matte = cv2.warpAffine(np.ascontiguousarray(matte), transform, (size, size))
        layers = cv2.warpAffine(
            np.ascontiguousarray(layers),
            compose(compose(invert(_DOUBLE), transform), _DOUBLE),
            (2 * size, 2 * size),
            flags=cv2.INTER_NEAREST,
            borderValue=UNKNOWN,
        )
        points = transform_points(points, transform)
        values = photo.astype(np.float32) / 255
        unseen = photo.min(-1) == 255
        alpha = matte.astype(np.float32)[..., None] / 255
        values = _dyed(values, layers, random)
        if random.random() < 0.45:
            behind = self.backgrounds(random, size)
            if random.random() < _CAMOUFLAGED:
                behind = _alike(behind, values, layers, random)
            values = np.where(unseen[..., None], values, behind + alpha * (values - behind))
        bare = not (layers == Layer.GLASSES).any() and _eyes_known(layers, points)
        if bare and random.random() < 0.2:
            values = _with_glasses(values, layers, points, random)
        if random.random() < MASKED:
            values = with_mask(values, layers, points, random)
        values = _relit(values, random)
        values = np.where(unseen[..., None], 1, _degraded(values, random))
        if random.random() < 0.5:
            values = _cut(values, points, random)
        moved = points + random.normal(0, 0.012 * size / 5, points.shape)
        photo = (np.clip(values, 0, 1) * 2 - 1).astype(np.float32)
        return LayerSample(photo, moved.astype(np.float32), layers)


def _read(path: Path, size: int, how: int) -> Array:
    import cv2

    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise DataError(f"{path} cannot be read.", "Make the set of layers again.")
    if image.shape[0] != size:
        image = cv2.resize(image, (size, size), interpolation=how)
    return np.asarray(image)


def _jitter(random: np.random.Generator, size: int) -> Array:
    """A random similarity about the middle: the points of a detector are never quite right."""
    angle, zoom = np.deg2rad(random.normal(0, 5)), np.exp(random.uniform(-0.2, 0.2))
    middle = np.array([(size - 1) / 2, (size - 1) / 2])
    cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
    linear = np.array([[cosine, -sine], [sine, cosine]])
    shift = random.normal(0, 0.03 * size, 2)
    return np.column_stack([linear, middle + shift - linear @ middle])


def _eyes_known(layers: Array, points: Array) -> bool:
    x, y = np.rint(points[:2].mean(0) * 2).astype(int).clip(0, layers.shape[0] - 1)
    return bool(layers[y, x] != UNKNOWN)


def _dyed(values: Array, layers: Array, random: np.random.Generator) -> Array:
    """Hair, and clothes, in another colour now and then."""
    import cv2

    size = values.shape[0]
    hair = random.random() < 0.3
    clothes = random.random() < 0.3
    if not (hair or clothes):
        return values
    lab = to_lab(values, white=1)
    for wanted, kinds in (
        (hair, _HAIR),
        (clothes, _CLOTHES),
    ):
        if wanted:
            own = np.isin(layers, kinds).astype(np.float32)
            share = cv2.GaussianBlur(
                cv2.resize(own, (size, size), interpolation=cv2.INTER_AREA), (0, 0), 0.8
            )[..., None]
            hue, strength = random.uniform(0, 2 * np.pi), abs(random.normal(0, 30))
            shift = [random.normal(0, 10), np.cos(hue) * strength, np.sin(hue) * strength]
            dyed = lab + np.array(shift, np.float32)
            if random.random() < _BLEACHED and share.any():
                mean = (share * lab).sum((0, 1)) / share.sum()
                light = random.uniform(_DARKEST, _LIGHTEST)
                # White is neutral: what is very light has hardly any hue.
                shift[1:] = (np.array(shift[1:]) * min(1, (_LIGHTEST - light) / 30)).tolist()
                dyed = (lab - mean) * _FOLDS + np.array([light, *shift[1:]], np.float32)
            lab = lab + share * (dyed - lab)
    lab[..., 0] = lab[..., 0].clip(0, 100)
    return from_lab(lab)


def _alike(behind: Array, values: Array, layers: Array, random: np.random.Generator) -> Array:
    """A background, (S, S, 3) in [0, 1], in nearly the colour of the hair or of the clothes."""
    half = layers[::2, ::2]
    own = np.isin(half, _HAIR if random.random() < 0.5 else _CLOTHES)
    if not own.any():
        return behind
    mean, contrast = behind.mean((0, 1)), random.uniform(0.1, 0.6)
    near = values[own].mean(0) + random.normal(0, 0.04, 3)
    return np.asarray((near + contrast * (behind - mean)).clip(0, 1), np.float32)


def _relit(values: Array, random: np.random.Generator) -> Array:
    gain = np.exp(random.normal(0, 0.08, 3) + random.normal(0, 0.2))
    gamma = np.exp(random.normal(0, 0.2))
    values = np.clip(values, 0, 1) ** gamma * gain
    if random.random() < 0.3:  # a lamp at one side
        size = values.shape[0]
        angle = random.uniform(0, 2 * np.pi)
        y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
        side = np.tanh(2 * (np.cos(angle) * x + np.sin(angle) * y)) * random.normal(0, 0.3)
        values = values * np.exp(side)[..., None]
    return np.asarray(values.clip(0, 1), np.float32)


def _degraded(values: Array, random: np.random.Generator) -> Array:
    """Small, soft, noisy and grey photos."""
    import cv2

    size = values.shape[0]
    kind = random.random()
    if kind < 0.15:
        small = int(size * random.uniform(0.25, 0.7))
        reduced = cv2.resize(values, (small, small), interpolation=cv2.INTER_AREA)
        values = cv2.resize(reduced, (size, size), interpolation=cv2.INTER_LINEAR)
    elif kind < 0.3:
        values = values + random.normal(0, random.uniform(0, 0.06), values.shape)
    elif kind < 0.36:
        values = np.repeat(values.mean(-1, keepdims=True), 3, -1)
    return np.clip(values, 0, 1).astype(np.float32)


def _cut(values: Array, points: Array, random: np.random.Generator) -> Array:
    """A photo whose edge lies inside the frame: white beyond one to four straight lines."""
    size = values.shape[0]
    face = (points.min(0), points.max(0))
    room = face[1][0] - face[0][0]
    y, x = np.mgrid[:size, :size]
    tilt = np.tan(np.deg2rad(random.normal(0, 5)))
    x, y = x + tilt * (y - size / 2), y - tilt * (x - size / 2)
    seen = np.ones((size, size), bool)
    sides = random.random(4) < (0.4, 0.4, 0.55, 0.45)
    # How far from the outermost points photos are cut: a face that fills its photo, or more.
    least, most = 0.45, 1.6
    if sides[0]:
        seen &= x >= face[0][0] - room * random.uniform(least, most)
    if sides[1]:
        seen &= x <= face[1][0] + room * random.uniform(least, most)
    if sides[2]:
        seen &= y >= face[0][1] - room * random.uniform(0.5, 2.0)
    if sides[3]:
        seen &= y <= face[1][1] + room * random.uniform(0.4, 1.6)
    return np.where(seen[..., None], values, 1).astype(np.float32)


def _with_glasses(
    values: Array, layers: Array, points: Array, random: np.random.Generator
) -> Array:
    """Puts glasses on: the photo is returned, its layers are changed."""
    import cv2

    eyes = points[:2]
    shape = (random.uniform(0.36, 0.48), random.uniform(0.6, 1.0), random.uniform(2, 4.5))
    drop = random.uniform(0, 0.1)
    dark = random.random() < 0.2
    thick = random.uniform(0.7, 2.0)
    pen = Pen(layers, np.zeros((0, 2)))
    draw_frames(pen, frames_at((eyes + 0.5) * 2 - 0.5, *shape, drop), dark, 1.3)
    frames, size = frames_at(eyes, *shape, drop), values.shape[0]
    colour = np.clip(abs(random.normal(0.12, 0.25)) + random.normal(0, 0.12, 3), 0, 1)
    canvas = np.ascontiguousarray(values, np.float32)
    width = max(1, round(thick * 0.0075 * size))
    curves = [np.rint(lens * 16).astype(np.int32) for lens in frames.lenses]
    if dark or random.random() < 0.3:
        tint = canvas.copy()
        cv2.fillPoly(tint, curves, tuple(float(c) for c in colour * 0.6), cv2.LINE_AA, 4)
        share = random.uniform(0.75, 0.97) if dark else random.uniform(0.05, 0.2)
        canvas = canvas + share * (tint - canvas)
    shown = tuple(float(c) for c in colour)
    cv2.polylines(canvas, curves, True, shown, width, cv2.LINE_AA, 4)
    bridge = np.rint(frames.bridge * 16).astype(np.int32)
    cv2.polylines(canvas, [bridge], False, shown, width, cv2.LINE_AA, 4)
    for lens, aside in zip(frames.lenses, (-1, 1), strict=True):
        outer = lens[lens[:, 0].argmin() if aside < 0 else lens[:, 0].argmax()]
        end = outer + np.array([aside * 0.14 * np.linalg.norm(eyes[1] - eyes[0]), -2])
        arm = np.rint(np.stack([outer - [0, 2], end]) * 16).astype(np.int32)
        cv2.polylines(canvas, [arm], False, shown, width, cv2.LINE_AA, 4)
    return canvas
