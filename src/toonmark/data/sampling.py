"""Loads and augments training pictures one by one, deterministically from seed and iteration.

Nothing random is remembered, so a run that was killed goes on with exactly the pictures it would
have seen, and any number of processes share one batch without overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toonmark.data.augmentation_parameters import Changes, Light, Tint
from toonmark.data.augmentation_settings import Augmentation
from toonmark.data.backgrounds import Backgrounds
from toonmark.data.dataset import Dataset
from toonmark.data.matte import lift, matte_on_white
from toonmark.data.random_streams import Stream
from toonmark.data.relighting import evened
from toonmark.data.split import Rule
from toonmark.enlarge import enlarged
from toonmark.errors import DataError
from toonmark.faces.align import compose, crop, similarity, transform_points
from toonmark.landmarks import Array, mirror
from toonmark.ranges import signed, unit, unit_to_signed


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
        augmentation: see :class:`toonmark.data.augmentation_settings.Augmentation`.
        backgrounds: put behind faces with probability ``background_share``.
        photos: sets of the same crops with the backgrounds that they were photographed before. Half
            of the faces of these names that get a background get their own.
        drawings: sets of drawings of the same crops (`toonmark data drawings`), one of every face.
        held_out: draw from the validation part instead of the training part.
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
        self._order: tuple[int, Array] = (-1, np.empty(0, int))  # of the epoch that is drawn
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
        return self.draw(*self.chosen(iteration, place, batch))

    def chosen(self, iteration: int, place: int, batch: int) -> tuple[int, np.random.Generator]:
        """The index of a sample's picture, and the random numbers that draw how it is changed."""
        number = iteration * batch + place
        epoch, within = divmod(number, len(self.items))
        of, order = self._order
        if of != epoch:
            shuffled = np.random.default_rng([self.seed, Stream.ORDER, epoch])
            order = shuffled.permutation(len(self.items))
            self._order = epoch, order
        return int(order[within]), np.random.default_rng([self.seed, Stream.PICTURE, number])

    def plain(self, index: int) -> Sample:
        """Picture ``index`` without augmentation or background."""
        image, (dataset, i) = self.picture(index), self.items[index]
        scaled = scaling(image.shape, self.size)
        picture = crop(signed(image), scaled, self.size)
        points = transform_points(dataset.points[i], scaled).astype(np.float32)
        return Sample(picture, picture, points)

    def changes(self, index: int, random: np.random.Generator, shape: tuple[int, ...]) -> Changes:
        """The random changes of picture ``index``, of ``shape`` (H, W, ...)."""
        dataset, i = self.items[index]
        points, settings = dataset.points[i], self.augmentation
        mirrored = settings.mirror and random.random() < 0.5
        if mirrored:
            points = mirror(points, shape[1])
        transform = compose(scaling(shape, self.size), self._jitter(random))
        points = transform_points(points, transform).astype(np.float32)
        if self.backgrounds is None:
            tint = Tint.drawn(random, settings.colour)
            return Changes(mirrored, transform, points, tint, False, None, None)
        behind = random.random() < self.background_share
        tint = Tint.drawn(random, settings.colour)
        own = behind and dataset.names[i] in self.photos and random.random() < 0.5
        light = Light.drawn(random, settings.light)
        background = self.backgrounds(random, self.size) if behind and not own else None
        return Changes(mirrored, transform, points, tint, own, light, background)

    def draw(self, index: int, random: np.random.Generator) -> Sample:
        """Picture ``index``, changed at random."""
        image = self.picture(index)
        changes = self.changes(index, random, image.shape)
        transform, mirrored = changes.transform, changes.mirrored
        if mirrored:
            image = image[:, ::-1]

        def tinted(picture: Array) -> Array:
            return picture if changes.tint is None else changes.tint.on(picture)

        def lit(picture: Array) -> Array:
            return picture if changes.light is None else changes.light.on(picture)

        if self.backgrounds is None:
            # A cartoon: its drawn edges stay as they are.
            white = crop(unit(image), transform, self.size)
            shown = white = tinted(white)
        else:
            layer = crop(lift(image, matte_on_white(image)), transform, self.size)
            colour, alpha = layer[..., :3], layer[..., 3:]
            colour = tinted(colour) * (alpha > 0)
            white = colour + (1 - alpha)
            if changes.own:
                photo = self._photo(index, image.shape)
                photo = photo[:, ::-1] if mirrored else photo
                shown = lit(tinted(crop(unit(photo), transform, self.size)))
            else:
                behind = 1 if changes.background is None else changes.background
                shown = lit(colour) + (1 - alpha) * behind
        if self.noise:
            shown = _degraded(shown, random, self.noise)
        drawing = self._drawing(index, mirrored, transform, max(image.shape[:2]))
        white, shown = unit_to_signed(white), unit_to_signed(np.clip(shown, 0, 1))
        return Sample(white, shown, changes.landmarks, drawing)

    def picture(self, index: int) -> Array:
        """Picture ``index`` as the set has it: (H, W, 3) uint8 RGB."""
        dataset, i = self.items[index]
        return dataset.image(i)

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
        view = compose(scaling(large.shape, edge), transform)
        return np.asarray(crop(signed(large), view, self.size), np.float32)

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
    """The key of a face's drawing: its file's name in the set without the ending."""
    return Path(name).with_suffix("").as_posix()


def scaling(shape: tuple[int, ...], size: int) -> Array:
    """The transform that brings a picture, made square at its right or below, to ``size`` pixels.

    Args:
        shape: the picture's: (H, W, ...).

    Returns:
        (2, 3).
    """
    side = max(shape[:2])
    corners = np.array([[-0.5, -0.5], [side - 0.5, side - 0.5]])
    return similarity(corners, np.array([[-0.5, -0.5], [size - 0.5, size - 0.5]]))


def _degraded(picture: Array, random: np.random.Generator, strength: float) -> Array:
    """Blur, noise and blocks, as of cameras, small pictures and half-trained generators."""
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
