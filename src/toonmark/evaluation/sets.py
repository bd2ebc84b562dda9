"""Sets of pictures to measure on: which pictures, and where their five points are.

As :class:`toonmark.data.dataset.Dataset`, and with its rule for what is held out; but a set of
cartoons need not have landmarks to be compared with, and one broken picture among thousands does
not end an evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from toonmark.data.dataset import IMAGES, LANDMARKS, places_of, read_landmarks
from toonmark.evaluation.errors import EmptySetError, MissingLandmarksError
from toonmark.landmarks import Array
from toonmark.pictures import pictures_in


@dataclass(frozen=True)
class PictureSet:
    """A folder of pictures, in name order, with the landmarks of those that have them.

    Attributes:
        folder: the set's.
        images: where the pictures lie: ``folder/images``, or ``folder`` itself.
        names: file names below ``images``, sorted: those that ``landmarks.csv`` lists, where there
            is one, since training counts through them; otherwise all pictures.
        points: name to (5, 2) pixels of that picture.
        unlisted: how many pictures of the folder the table does not list; 0 for a part of a set.
        part: the table that names the part of the set; empty for all of it.
    """

    folder: Path
    images: Path
    names: tuple[str, ...]
    points: dict[str, Array] = field(repr=False)
    unlisted: int = 0
    part: str = ""

    @classmethod
    def open(cls, folder: str | Path, landmarks: bool = False) -> PictureSet:
        """Lists a set.

        Args:
            folder: where the pictures or ``images`` lie; or another table there than
                ``landmarks.csv``, for the part of the set that it lists, as training takes it.
            landmarks: whether the set is of no use without them.

        Raises:
            EmptySetError: no such folder, or no pictures in it.
            ImageError: a picture's name is no text.
            MissingLandmarksError: ``landmarks`` is true and there are none.
            DataError: ``landmarks.csv`` cannot be understood.
        """
        folder, table, images = places_of(folder)
        found = [path.relative_to(images).as_posix() for path in pictures_in(images)]
        if not found:
            raise EmptySetError(
                f"{folder} holds no pictures.",
                f"Name a folder with JPEG, PNG or other pictures in it or in its {IMAGES}/.",
            )
        if not table.is_file():
            if table.name != LANDMARKS:
                read_landmarks(table)  # a part of a set is named, and is not there: it says so
            if landmarks:
                raise MissingLandmarksError(
                    f"{folder} has no {LANDMARKS} with the five points of its faces.",
                    "Make such a set of your photos with: toonmark data folder PHOTOS OUT",
                )
            return cls(folder, images, tuple(found), {})
        points = read_landmarks(table)
        if not points and landmarks:
            raise MissingLandmarksError(f"{table} lists no pictures.", "Make the set again.")
        names = tuple(sorted(points)) or tuple(found)
        part = "" if table.name == LANDMARKS else table.name
        unlisted = 0 if part else len(set(found) - set(names))
        return cls(folder, images, names, points, unlisted, part)

    @property
    def name(self) -> str:
        """The set as a report calls it: its folder, and the table of a part of it."""
        own = self.folder.resolve().name
        return f"{own}/{self.part}" if self.part else own

    def path(self, name: str) -> Path:
        """The file of a picture."""
        return self.images / name
