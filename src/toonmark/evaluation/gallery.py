"""The pictures in a report: photos with what each style draws of them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from toonmark.data.dataset import Dataset
from toonmark.evaluation.drawers import Drawer, template_of
from toonmark.evaluation.scores import Item, Scores
from toonmark.evaluation.selection import fit
from toonmark.landmarks import Array
from toonmark.pictures import encode

RANDOM = 60


def data_uri(picture: Array) -> str:
    """(H, W, 3) uint8 as a WebP inside the page."""
    return "data:image/webp;base64," + base64.b64encode(encode(picture, ".webp", 86)).decode()


class Tile(NamedTuple):
    """A face with what is drawn of it: names, and pictures as data: URIs."""

    file: str
    caption: str
    pictures: list[tuple[str, str]]


@dataclass
class Gallery:
    """Reads photos and draws them, as they are asked for; each once.

    Attributes:
        faces: where the photos are.
        crop: whether they are cut by their points.
    """

    faces: Dataset
    crop: bool
    _kept: dict[tuple[str, str], str] = field(default_factory=dict)

    def _fitted(self, file: str, drawer: Drawer) -> tuple[Array, Array]:
        index = self.faces.names.index(file)
        picture, points = fit(
            self.faces.image(index),
            self.faces.points[index],
            drawer.size,
            self.crop,
            template_of(drawer),
        )
        if points is None:
            raise AssertionError("a face without points was measured")
        return picture, points

    def photo(self, file: str, drawer: Drawer) -> str:
        """A photo as a style saw it."""
        key = (f"{drawer.size} {template_of(drawer).tolist()}", file)
        if key not in self._kept:
            self._kept[key] = data_uri(self._fitted(file, drawer)[0])
        return self._kept[key]

    def cartoon(self, file: str, drawer: Drawer) -> str:
        """A style's drawing of it."""
        key = (drawer.name, file)
        if key not in self._kept:
            picture, points = self._fitted(file, drawer)
            self._kept[key] = data_uri(drawer.draw(picture[None], points[None])[0])
        return self._kept[key]

    def tile(self, file: str, drawn_by: Sequence[tuple[str, Drawer]], caption: str = "") -> Tile:
        """A photo as the first style saw it, then what each draws of it, with names for people."""
        photo = self.photo(file, drawn_by[0][1])
        drawn = [(name, self.cartoon(file, drawer)) for name, drawer in drawn_by]
        return Tile(file, caption, [("photo", photo), *drawn])

    def tiles(
        self, items: Sequence[Item], drawers: Sequence[Drawer], captions: Sequence[str]
    ) -> list[Tile]:
        """A tile for each face, with the styles in their order."""
        drawn_by = [(drawer.name, drawer) for drawer in drawers]
        return [
            self.tile(item.file, drawn_by, caption)
            for item, caption in zip(items, captions, strict=True)
        ]


def by_error(scores: Scores) -> tuple[list[Item], list[Item]]:
    """Best and worst decile of landmark error, best and worst first; the lost ones are worst."""
    ordered = sorted(scores.items, key=lambda i: np.inf if i.error is None else i.error)
    decile = max(1, len(ordered) // 10)
    return ordered[:decile], ordered[: -decile - 1 : -1]


def by_skin(scores: Scores) -> tuple[list[Item], list[Item]]:
    """Darkest and lightest decile of the photos' skin."""
    ordered = sorted(scores.items, key=lambda i: i.skin_photo)
    decile = max(1, len(ordered) // 10)
    return ordered[:decile], ordered[: -decile - 1 : -1]


def at_random(scores: Scores, seed: int) -> list[Item]:
    """Sixty, by seed: chosen by nobody."""
    count = min(RANDOM, len(scores.items))
    which = np.random.default_rng(seed).choice(len(scores.items), count, replace=False)
    return [scores.items[i] for i in sorted(which)]


def open_gallery(faces: str | Path, crop: bool) -> Gallery:
    """A gallery of a folder of faces."""
    return Gallery(Dataset.open(faces), crop)
