"""A set of drawings of a set's photos: what ``toonmark distill`` can learn from."""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from toonmark._version import __version__
from toonmark.data.dataset import IMAGES, LANDMARKS, Dataset, write_description, write_landmarks
from toonmark.data.drawings.finishing import finished
from toonmark.data.drawings.views import median_of_views
from toonmark.data.matte import matte_on_white
from toonmark.data.provenance import made_by
from toonmark.data.relighting import evened
from toonmark.data.resumable import in_processes, prepare
from toonmark.data.sampling import scaling
from toonmark.errors import ConfigurationError, DataError
from toonmark.faces.align import crop, transform_points
from toonmark.landmarks import Array
from toonmark.pictures import write
from toonmark.ranges import eight_bits, signed
from toonmark.styles.pack import StylePack, find

#: Changes whenever the same photo and style would give another drawing.
DRAWING_VERSION = 2

_CHUNK = 16


def write_drawings(
    faces: str | Path,
    style: str | Path,
    folder: str | Path,
    *,
    views: int = 4,
    even_light: bool = True,
    finish: bool = True,
    workers: int = 1,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Draws every photo of a set; drawings that a former call left are kept.

    Args:
        faces: the set, of crops on white.
        style: a style pack's file, or the name of a style that ships.
        folder: the drawings' set; each is called like its photo, and ends in .png.
        views: augmented views of a photo, the median of whose drawings is taken.
        even_light: give faces the same light on both sides first.
        finish: flat colours of the photo's, plain skin, an outline; see ``finishing.py``.
        workers: processes; with 1 everything happens in this one.
        force: throw away drawings of another configuration instead of refusing.
        progress: called with how many are done, and of how many.

    Returns:
        how many drawings there are.

    Raises:
        DataError: the set cannot be read, is not on white, or two names differ by their ends only.
        StyleError: the style cannot be used.
        ConfigurationError: the folder holds drawings of another configuration, or the photos.
        OutputError: it cannot be written to.
    """
    photos, pack, folder = Dataset.open(faces), find(style), Path(folder)
    names = [name_of(name) for name in photos.names]
    _check(photos, names, folder, finish)
    metadata = StylePack.open(pack, threads=1).metadata
    config = {
        "drawing_version": DRAWING_VERSION,
        "faces": photos.folder.resolve().name,
        "photos": _checksum(photos),
        "style": metadata.name,
        "weights": hashlib.sha256(pack.read_bytes()).hexdigest(),
        "size": metadata.size,
        "looks": views,  # as sets of before call it
        "even_light": even_light,
        "finish": finish,
    }
    prepare(folder, config, force)
    terms = [str(photos.description.get("terms", "")), metadata.terms]
    description = {
        "format": 1,
        "source": f"Photos of {config['faces']}, drawn in the style {metadata.name} by "
        "toonmark data drawings",
        "terms": "; ".join(dict.fromkeys(filter(None, terms))),
        "size": metadata.size,
        "counts": {"kept": len(photos)},
        "landmarks": made_by(photos.description) or "the photos'",
        "configuration": config,
        "toonmark": __version__,
    }
    write_description(folder, description)
    chunks = [range(i, min(i + _CHUNK, len(photos))) for i in range(0, len(photos), _CHUNK)]
    rows: list[tuple[str, Array]] = []
    common = (str(faces), pack, folder / IMAGES, views, even_light, finish)
    for done in in_processes(_start, _draw_chunk, chunks, common, workers):
        rows += zip(names[len(rows) :], done, strict=False)
        if progress is not None:
            progress(len(rows), len(photos))
    write_landmarks(folder / LANDMARKS, rows)
    return len(rows)


def name_of(photo: str) -> str:
    """The file of a photo's drawing."""
    return Path(photo).with_suffix(".png").as_posix()


def _check(photos: Dataset, names: list[str], folder: Path, finish: bool) -> None:
    if folder.resolve() == photos.folder.resolve():
        raise ConfigurationError(
            f"{folder} is the set of the photos themselves.",
            "Name another folder for the drawings.",
        )
    (name, count), *_ = Counter(names).most_common(1)
    if count > 1:
        raise DataError(
            f"{count} photos in {photos.folder} would have a drawing called {name}.",
            "Rename all but one of them.",
        )
    first = [matte_on_white(photos.image(i)) for i in range(min(_CHUNK, len(photos)))]
    # Hair may fill a picture, and a wall may be white; not in most of them.
    if finish and np.median([matte[:-1].min() for matte in first]) > 0.5:
        raise DataError(
            f"The photos in {photos.folder} are not on white, so nothing says where people end.",
            "Make the set with --matte, or draw it with --as-drawn.",
        )


def _checksum(photos: Dataset) -> str:
    """The checksum of a set's names and points; its pictures are not read."""
    digest = hashlib.sha256("\n".join(photos.names).encode())
    digest.update(np.ascontiguousarray(photos.points, np.float32).tobytes())
    return digest.hexdigest()


_photos: Dataset
_pack: StylePack
_images: Path
_settings: tuple[int, bool, bool]


def _start(faces: str, pack: Path, images: Path, *settings: Any) -> None:
    global _photos, _pack, _images, _settings
    import cv2

    cv2.setNumThreads(1)
    _photos, _pack = Dataset.open(faces), StylePack.open(pack, threads=1)
    _images, _settings = images, settings  # type: ignore[assignment]


def _draw_chunk(indices: range) -> Array:
    """Draws what is not there yet; the landmarks of all: (n, 5, 2)."""
    size, rows = _pack.metadata.size, []
    for index in indices:
        image = _photos.image(index)
        scaled = scaling(image.shape, size)
        points = transform_points(_photos.points[index], scaled).astype(np.float32)
        rows.append(points)
        path = _images / name_of(_photos.names[index])
        if path.exists():
            continue
        photo = np.asarray(crop(signed(image), scaled, size), np.float32)
        pixels = eight_bits(_drawing(photo, points, _photos.names[index]))
        write(path, pixels)
    return np.stack(rows)


def _drawing(photo: Array, points: Array, name: str) -> Array:
    views, even_light, finish = _settings
    seen = evened(photo, points) if even_light else photo
    # By its name, so that a larger set, or a part of this one, has the same drawing of it.
    random = np.random.default_rng([zlib.crc32(name.encode()), views])
    drawing = median_of_views(_pack.draw, seen, points, views, random)
    return finished(drawing, photo, points) if finish else drawing
