"""Extracts backgrounds for training: regions without people, cropped from photos.

Where people are is said by a face detector, whose boxes are grown to head and shoulders and down
to the photo's lower edge, and by the matting network, if it is installed. The largest squares that
touch neither are kept. Portraits have none: there the people can be painted over by what surrounds
them, since in training a head covers most of the place again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from toonmark import pictures
from toonmark.data.matting import Matting
from toonmark.data.resumable import check_own
from toonmark.data.sources import Kept, Rejected
from toonmark.data.sources.build import name_for
from toonmark.data.sources.photos import Photos
from toonmark.data.sources.selection import Reason
from toonmark.errors import DataError
from toonmark.faces.detect import Face, find_faces
from toonmark.files import write_text
from toonmark.landmarks import Array

MANIFEST = "backgrounds.json"

#: Squares smaller than this share of the photo's shorter side show walls and little else.
LEAST = 0.35

#: A photo of which people cover more than this has too little around them to be painted over.
MOST = 0.8

#: Shorter side in pixels at which people are painted over; what is put there is smooth anyway.
_PAINTED = 320

#: People are looked for on a grid of so many cells along the photo's longer side.
_GRID = 96


@dataclass(kw_only=True)
class _Walk(Photos):
    """The photos; what is made of them is decided here and not by a crop."""

    find: Callable[[Array], Sequence[Face]]
    matting: Matting | None
    fill: bool

    def make_from(self, name: str, photo: pictures.Photo) -> Kept | Rejected:
        pixels = photo.pixels
        faces = self.find(pixels)
        mask = self.matting.coarse(pixels) if self.matting is not None and faces else None
        taken = occupied(pixels, faces, mask)
        square = largest_free_square(taken)
        unit = max(pixels.shape[:2]) / _GRID
        edge = int(square[2] * unit)
        if edge < max(LEAST * min(pixels.shape[:2]), self.size):
            people = taken if mask is None else mask > 0.05
            painted = without_people(pixels, people) if self.fill else None
            if painted is None or min(painted.shape[:2]) < self.size:
                return Rejected(Reason.NO_ROOM)
            return Kept(painted, np.zeros((0, 2)), 0)
        x, y = int(square[0] * unit), int(square[1] * unit)
        part = pixels[y : y + edge, x : x + edge]
        kept = min(part.shape[:2] + (2 * self.size,))
        image = cv2.resize(part, (kept, kept), interpolation=cv2.INTER_AREA)
        return Kept(image, np.zeros((0, 2)), 0)


def without_people(image: Array, people: Array) -> Array | None:
    """Paints people over by the colours around them, smoothly (Telea 2004).

    Args:
        image: (H, W, 3) uint8 RGB.
        people: bool, of any resolution: where they are.

    Returns:
        (h, w, 3) uint8, its shorter side at most 320 pixels; None if more than :data:`MOST` of the
        picture would be painted.
    """
    height, width = image.shape[:2]
    scale = min(1.0, _PAINTED / min(height, width))
    shape = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, shape, interpolation=cv2.INTER_AREA)
    hole = cv2.resize(people.astype(np.uint8), shape, interpolation=cv2.INTER_NEAREST)
    reach = 2 * (min(shape) // 40) + 1  # hair and shadow beyond the mask's edge
    hole = cv2.dilate(hole, np.ones((reach, reach), np.uint8))
    if hole.mean() > MOST:
        return None
    filled = cv2.inpaint(small, hole, 5, cv2.INPAINT_TELEA)
    soft = cv2.GaussianBlur(filled, (0, 0), reach / 3)  # without the streaks it leaves
    return np.where(hole[..., None] > 0, soft, small)


def occupied(image: Array, faces: Sequence[Face], mask: Array | None = None) -> Array:
    """Where people may be: a coarse grid, True for a cell that they touch.

    Args:
        image: (H, W, 3) uint8 RGB.
        faces: what a detector found in it.
        mask: (H, W) in [0, 1], where else a matting network sees somebody.

    Returns:
        (rows, columns) bool, :data:`_GRID` cells on the longer side.
    """
    height, width = image.shape[:2]
    unit = max(height, width) / _GRID
    shape = (max(1, int(height / unit)), max(1, int(width / unit)))
    taken = np.zeros(shape, bool)
    for face in faces:
        x, y, across, down = face.box
        left, right = (x - 1.2 * across) / unit, (x + 2.2 * across) / unit
        top = max(0, int((y - 0.9 * down) / unit))
        taken[top:, max(0, int(left)) : max(0, int(right) + 1)] = True
    if mask is not None:
        cells = cv2.resize(mask, shape[::-1], interpolation=cv2.INTER_AREA)
        taken |= cv2.dilate((cells > 0.1).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return taken


def largest_free_square(taken: Array) -> tuple[int, int, int]:
    """The largest square of cells that are not taken: x, y and edge in cells; (0, 0, 0) if none."""
    rows, columns = taken.shape
    edge = np.zeros((rows + 1, columns + 1), int)  # of the largest free square that ends in a cell
    for y in range(rows):
        for x in range(columns):
            if not taken[y, x]:
                edge[y + 1, x + 1] = 1 + min(edge[y, x], edge[y, x + 1], edge[y + 1, x])
    last_y, last_x = divmod(int(edge.argmax()), columns + 1)
    side = int(edge[last_y, last_x])
    return last_x - side, last_y - side, side


def cut_backgrounds(
    photos: Path,
    out: Path,
    *,
    size: int = 128,
    find: Callable[[Array], Sequence[Face]] | None = None,
    matting: Matting | None = None,
    fill: bool = False,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Cuts a background from each photo that has room for one; goes on where it was stopped.

    Args:
        photos: a folder of photos; it is only read.
        out: a folder for JPEGs: new, empty, or filled by this function.
        size: least edge in pixels.
        fill: where people leave no room, paint them over by what surrounds them.
        force: write into a folder that holds other things too.
        progress: called with (photos seen, backgrounds kept).

    Returns:
        How many were kept, and how many left out by reason.

    Raises:
        DataError: ``out`` holds something else, or no background was found.
    """
    manifest = out / MANIFEST
    check_own(out, manifest, force)
    walk = _Walk(
        root=photos,
        size=size,
        leave_out=(out,),
        find=find or (lambda image: find_faces(image, thorough=True)),
        matting=matting,
        fill=fill,
    )
    before = _read(manifest)
    said: dict[str, str] = {}
    for number, (name, path) in enumerate(walk.photos(), 1):
        file = out / Path(name_for(name)).with_suffix(".jpg").name
        known = before.get(name)
        settled = file.exists() if known == "kept" else not (fill and known == Reason.NO_ROOM)
        if known is not None and settled:
            said[name] = known
        else:
            made = walk.make(name, path)
            if isinstance(made, Kept):
                pictures.write(file, made.image)
            said[name] = "kept" if isinstance(made, Kept) else str(made.reason)
            if number % 100 == 0:
                _write(manifest, before | said)
        if progress is not None:
            progress(number, sum(reason == "kept" for reason in said.values()))
    _write(manifest, said)
    counts: dict[str, int] = {}
    for reason in said.values():
        counts[reason] = counts.get(reason, 0) + 1
    if not counts.get("kept"):
        raise DataError(
            f"No photo in {photos} has room for a background of {size} pixels.",
            "Give larger photos or some without people, or paint people over with --fill.",
        )
    return counts


def _read(manifest: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(manifest.read_text(encoding="utf-8"))["photos"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {}  # each photo is looked at again: that costs time, and nothing else
    return found


def _write(manifest: Path, said: dict[str, str]) -> None:
    write_text(manifest, json.dumps({"photos": said}, indent=0, ensure_ascii=False) + "\n")
