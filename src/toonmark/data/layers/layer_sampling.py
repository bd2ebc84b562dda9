"""Loads and augments portraits with their layer maps, deterministically from the seed.

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

from toonmark.data.backgrounds import Backgrounds
from toonmark.data.dataset import Dataset
from toonmark.data.layers.appearance import alike, cut, degraded, dyed, relit, with_glasses
from toonmark.data.layers.face_masks import with_mask
from toonmark.data.random_streams import Stream
from toonmark.data.split import Rule
from toonmark.errors import DataError
from toonmark.faces.align import compose, invert, transform_points, warped
from toonmark.landmarks import Array, mirror
from toonmark.models.drawing_layers import UNKNOWN, Layer
from toonmark.ranges import signed, unit, unit_to_signed

#: Folders of a set of layers beside its images.
LAYERS, MATTES = "layers", "mattes"

#: How many portraits wear a mask.
MASKED = 0.08

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
        doubled = compose(compose(invert(_DOUBLE), transform), _DOUBLE)
        photo = warped(photo, transform, size, cv2.INTER_LINEAR, 255)
        matte = warped(matte, transform, size, cv2.INTER_LINEAR, 0)
        layers = warped(layers, doubled, 2 * size, cv2.INTER_NEAREST, UNKNOWN)
        points = transform_points(points, transform)
        values = unit(photo)
        unseen = photo.min(-1) == 255
        alpha = unit(matte)[..., None]
        values = dyed(values, layers, random)
        if random.random() < 0.45:
            behind = self.backgrounds(random, size)
            if random.random() < _CAMOUFLAGED:
                behind = alike(behind, values, layers, random)
            values = np.where(unseen[..., None], values, behind + alpha * (values - behind))
        bare = not (layers == Layer.GLASSES).any() and _eyes_known(layers, points)
        if bare and random.random() < 0.2:
            values = with_glasses(values, layers, points, random)
        if random.random() < MASKED:
            values = with_mask(values, layers, points, random)
        values = relit(values, random)
        values = np.where(unseen[..., None], 1, degraded(values, random))
        if random.random() < 0.5:
            values = cut(values, points, random)
        moved = points + random.normal(0, 0.012 * size / 5, points.shape)
        photo = unit_to_signed(np.clip(values, 0, 1)).astype(np.float32)
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
