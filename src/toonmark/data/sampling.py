"""Pictures for training, each a pure function of (seed, iteration, place in the batch).

Nothing random is remembered, so a run that was killed goes on with exactly the pictures it would
have seen, and any number of processes share one batch without overlap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toonmark.data.augmentation import Augmentation
from toonmark.data.backgrounds import Backgrounds
from toonmark.data.dataset import Dataset
from toonmark.data.degradation import smooth_noise
from toonmark.data.matte import lift, matte_on_white
from toonmark.data.relighting import evened
from toonmark.data.split import Rule
from toonmark.data.streams import Stream
from toonmark.enlarge import enlarged
from toonmark.errors import DataError
from toonmark.faces.align import compose, crop, similarity, transform_points
from toonmark.landmarks import Array, mirror


@dataclass(frozen=True)
class Sample:
    """One picture as training sees it.

    Attributes:
        image: (S, S, 3) float32 in [-1, 1], on white: what a real picture of the domain is.
        shown: the same with a background behind it (faces), or ``image`` itself.
        landmarks: (5, 2) float32 pixels.
        drawing: (S, S, 3) float32 in [-1, 1], of the same view, where the set has drawings.
    """

    image: Array
    shown: Array
    landmarks: Array
    drawing: Array | None = None

    def evened(self) -> Sample:
        """The same face with the same light on both sides; see :mod:`toonmark.data.relighting`."""
        image, shown = (evened(one, self.landmarks) for one in (self.image, self.shown))
        return Sample(image, shown, self.landmarks, self.drawing)


class Sampler:
    """Draws augmented pictures from folders with landmarks.

    Args:
        folders: data sets of one domain.
        size: edge of the pictures in pixels.
        augmentation: see :class:`toonmark.data.augmentation.Augmentation`.
        backgrounds: put behind faces with probability ``background_share``.
        photos: sets of the same crops with the backgrounds that they were photographed before. Half
            of the faces of these names that get a background get their own.
        drawings: sets of drawings of the same crops (`toonmark data drawings`), one of every face.
        held_out: use the validation part instead of the training part.
        split: by which rule a picture is of one of them.
        noise: strength of blur, noise and coarse blocks on what is shown.
    """

    def __init__(
        self,
        folders: Sequence[str],
        size: int,
        augmentation: Augmentation,
        *,
        backgrounds: Backgrounds | None = None,
        background_share: float = 0.0,
        photos: Sequence[str] = (),
        drawings: Sequence[str] = (),
        held_out: bool = False,
        split: Rule = "name",
        noise: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.size, self.augmentation, self.seed = size, augmentation, seed
        self.backgrounds, self.background_share = backgrounds, background_share
        self.noise = noise
        self.items: list[tuple[Dataset, int]] = []
        for folder in folders:
            dataset = Dataset.open(folder)
            training, kept = dataset.split(split)
            self.items += [(dataset, int(i)) for i in (kept if held_out else training)]
        self.photos = {
            name: (dataset, i)
            for dataset in map(Dataset.open, photos)
            for i, name in enumerate(dataset.names)
        }
        self.drawings = {
            _unsuffixed(name): (dataset, i)
            for dataset in map(Dataset.open, drawings)
            for i, name in enumerate(dataset.names)
        }
        if not self.items:
            raise _no_pictures(folders, held_out)
        if drawings:
            self._check_drawings(drawings)

    def _check_drawings(self, folders: Sequence[str]) -> None:
        """Sees that each face has one drawing, and that it is its own."""
        owners: dict[str, Path] = {}
        lacking = []
        for dataset, i in self.items:
            name = _unsuffixed(dataset.names[i])
            if name not in self.drawings:
                lacking.append(f"{dataset.folder}: {dataset.names[i]}")
            elif owners.setdefault(name, dataset.images) != dataset.images:
                raise DataError(
                    f"Faces in {owners[name]} and in {dataset.images} are both called {name}, and "
                    "drawings are known by their names.",
                    "Rename the pictures of one set, and draw it again.",
                )
        if lacking:
            raise DataError(
                f"{len(lacking)} of {len(self.items)} faces have no drawing in "
                f"{', '.join(folders)} ({lacking[0]}, for one).",
                "Draw that set too, with `toonmark data drawings`.",
            )

    def __len__(self) -> int:
        return len(self.items)

    def at(self, iteration: int, place: int, batch: int) -> Sample:
        """The picture of ``place`` in the ``batch`` of ``iteration``; each epoch in a new order."""
        number = iteration * batch + place
        epoch, within = divmod(number, len(self.items))
        order = np.random.default_rng([self.seed, Stream.ORDER, epoch]).permutation(len(self.items))
        random = np.random.default_rng([self.seed, Stream.PICTURE, number])
        return self.draw(int(order[within]), random)

    def plain(self, index: int) -> Sample:
        """Picture ``index`` without augmentation or background."""
        image, points = self._read(index)
        scaled = scaling(image, self.size)
        picture = crop(image.astype(np.float32) / 127.5 - 1, scaled, self.size)
        points = transform_points(points, scaled).astype(np.float32)
        return Sample(picture, picture, points)

    def draw(self, index: int, random: np.random.Generator) -> Sample:
        """Picture ``index``, changed at random."""
        image, points = self._read(index)
        mirrored = self.augmentation.mirror and random.random() < 0.5
        if mirrored:
            image, points = image[:, ::-1], mirror(points, image.shape[1])
        transform = compose(scaling(image, self.size), self._jitter(random))
        points = transform_points(points, transform).astype(np.float32)
        behind = self.backgrounds is not None and random.random() < self.background_share
        recoloured = _recolouring(random, self.augmentation.colour)
        if self.backgrounds is None:
            # A cartoon: its drawn edges stay as they are.
            white = crop(image.astype(np.float32) / 255, transform, self.size)
            shown = white = recoloured(white)
        else:
            layer = crop(lift(image, matte_on_white(image)), transform, self.size)
            colour, alpha = layer[..., :3], layer[..., 3:]
            colour = recoloured(colour) * (alpha > 0)
            white = colour + (1 - alpha)
            if behind and self._has_photo(index) and random.random() < 0.5:
                photo = self._photo(index, image.shape)
                photo = photo[:, ::-1] if mirrored else photo
                own = recoloured(crop(photo.astype(np.float32) / 255, transform, self.size))
                shown = _lit(own, random, self.augmentation.light)
            else:
                lit = _lit(colour, random, self.augmentation.light)
                shown = lit + (1 - alpha) * (self.backgrounds(random, self.size) if behind else 1)
        if self.noise:
            shown = _degraded(shown, random, self.noise)
        drawing = self._drawing(index, mirrored, transform, max(image.shape[:2]))
        return Sample(white * 2 - 1, np.clip(shown, 0, 1) * 2 - 1, points, drawing)

    def _read(self, index: int) -> tuple[Array, Array]:
        dataset, i = self.items[index]
        return dataset.image(i), dataset.points[i]

    def _has_photo(self, index: int) -> bool:
        dataset, i = self.items[index]
        return dataset.names[i] in self.photos

    def _photo(self, index: int, shape: tuple[int, ...]) -> Array:
        """The same crop with its own background."""
        dataset, i = self.items[index]
        photos, k = self.photos[dataset.names[i]]
        photo = photos.image(k)
        if photo.shape != shape:
            raise DataError(
                f"{photos.path(k)} has {photo.shape[1]}x{photo.shape[0]} pixels, and the face of "
                f"that name in {dataset.folder} {shape[1]}x{shape[0]}.",
                "Make both sets with the same --size.",
            )
        return photo

    def _drawing(self, index: int, mirrored: bool, transform: Array, edge: int) -> Array | None:
        """The same view of the face's drawing; ``transform`` is the photo's, of ``edge`` pixels."""
        dataset, i = self.items[index]
        found = self.drawings.get(_unsuffixed(dataset.names[i]))
        if found is None:
            return None
        drawing = found[0].image(found[1])
        drawing = drawing[:, ::-1] if mirrored else drawing
        # Twice as large first: turned by a bilinear filter at its own size, lines would blur.
        large = enlarged(np.ascontiguousarray(drawing), 2 * drawing.shape[0])
        view = compose(scaling(large, edge), transform)
        return np.asarray(crop(large.astype(np.float32) / 127.5 - 1, view, self.size), np.float32)

    def _jitter(self, random: np.random.Generator) -> Array:
        """A random similarity about the picture's middle, in pixels of the crop."""
        settings, middle = self.augmentation, (self.size - 1) / 2
        angle = np.deg2rad(random.uniform(-settings.degrees, settings.degrees))
        zoom = np.exp(random.uniform(*np.log(settings.zoom)))
        shift = random.uniform(-1, 1, 2) * settings.shift * self.size / 128
        cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
        linear = np.array([[cosine, -sine], [sine, cosine]])
        offset = middle + shift - linear @ [middle, middle]
        return np.column_stack([linear, offset])


def _no_pictures(folders: Sequence[str], held_out: bool) -> DataError:
    """The error for sets whose pictures are all in the other part."""
    count = sum(len(Dataset.open(folder)) for folder in folders)
    where = ", ".join(folders) or "no folder"
    if count == 0:
        return DataError(
            f"There are no pictures in {where}.", "Name folders with pictures and a landmarks.csv."
        )
    if held_out:
        happened = f"Of the {count} picture(s) in {where} none is held out to measure with."
    else:
        happened = f"{where} has {count} picture(s), held out to measure with: none is to train on."
    return DataError(happened, "Add pictures: about one in ten is held out, by its name.")


def _unsuffixed(name: str) -> str:
    """By what a face's drawing is known: its file's name in the set without the ending."""
    return Path(name).with_suffix("").as_posix()


def scaling(image: Array, size: int) -> Array:
    """The transform that brings a picture, made square at its right or below, to ``size`` pixels.

    Returns:
        (2, 3).
    """
    side = max(image.shape[:2])
    corners = np.array([[-0.5, -0.5], [side - 0.5, side - 0.5]])
    return similarity(corners, np.array([[-0.5, -0.5], [size - 0.5, size - 0.5]]))


def _recolouring(random: np.random.Generator, strength: float) -> Callable[[Array], Array]:
    """One random change of brightness, contrast and warmth, the same for all views of a sample."""
    if not strength:
        return lambda picture: picture
    gain = np.exp(random.normal(0, 0.15 * strength, 3) + random.normal(0, 0.2 * strength))
    gamma = np.exp(random.normal(0, 0.25 * strength))

    def recoloured(picture: Array) -> Array:
        return (np.clip(picture, 0, 1) ** gamma * gain).clip(0, 1).astype(np.float32)

    return recoloured


def _lit(picture: Array, random: np.random.Generator, strength: float) -> Array:
    """Light from one side, and patches of it: what a lamp or a window does to a face.

    The cycle is to restore the face without it, so that a drawing need not keep it.
    """
    if not strength:
        return picture
    size = picture.shape[0]
    angle = random.uniform(0, 2 * np.pi)
    x, y = np.meshgrid(*2 * [np.linspace(-1, 1, size, dtype=np.float32)])
    side = np.tanh(2 * (np.cos(angle) * x + np.sin(angle) * y)) * random.normal(0, 0.35)
    patches = smooth_noise(random, size, int(random.integers(3, 8)), 1) * random.uniform(0, 0.25)
    gain = np.exp(strength * (side[..., None] + patches))
    return (picture * gain).clip(0, 1).astype(np.float32)


def _degraded(picture: Array, random: np.random.Generator, strength: float) -> Array:
    """What cameras, small pictures and half-trained generators do to a face."""
    import cv2

    picture = np.ascontiguousarray(picture, np.float32)
    size = picture.shape[0]
    if random.random() < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), 0.1 + 15 * strength * random.random())
    if random.random() < 0.2:
        small = int(size * random.uniform(0.25, 0.9))
        small_picture = cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small_picture, (size, size), interpolation=cv2.INTER_NEAREST)
    if random.random() < 0.4:
        picture = picture + random.normal(0, strength * random.random(), picture.shape)
    return picture.astype(np.float32)
