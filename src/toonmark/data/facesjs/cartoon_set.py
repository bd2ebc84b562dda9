"""A folder of cartoons: ``images/``, ``landmarks.csv``, ``dataset.json``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from toonmark._version import __version__
from toonmark.data.dataset import IMAGES, LANDMARKS, write_description, write_landmarks
from toonmark.data.facesjs import parts as package
from toonmark.data.facesjs.parts import Parts
from toonmark.data.facesjs.person_svg import draw
from toonmark.data.facesjs.random_person import person
from toonmark.data.facesjs.render import rasterise
from toonmark.data.resumable import in_processes, prepare
from toonmark.errors import ConfigurationError
from toonmark.landmarks import FRAMES, Array
from toonmark.pictures import write

#: Changes whenever the same seed and index would give another picture.
DRAWING_VERSION = 2

_CHUNK = 32


def configuration(size: int, seed: int, plain: bool = False, frame: str = "face") -> dict[str, Any]:
    """The settings that pictures depend on, beside their index."""
    config = {
        "style": "facesjs",
        "drawing_version": DRAWING_VERSION,
        "size": size,
        "seed": seed,
        "package": f"{package.PACKAGE}@{package.VERSION}",
        "integrity": package.INTEGRITY,
    }
    # Only what is not the default is written: sets of before have neither.
    other = {"plain": True} if plain else {}
    return config | other | ({"frame": frame} if frame != "face" else {})


def write_dataset(
    folder: str | os.PathLike[str],
    count: int,
    parts: Parts,
    *,
    size: int = 128,
    seed: int = 0,
    plain: bool = False,
    frame: str = "face",
    workers: int = 1,
    force: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Path:
    """Draws ``count`` cartoons; pictures that a former call left are kept, not drawn again.

    Args:
        folder: made if it does not exist.
        parts: from :func:`toonmark.data.facesjs.parts.load_parts`.
        size: edge in pixels.
        seed: picture i depends on the seed and on i alone.
        frame: what the pictures show, one of :data:`toonmark.landmarks.FRAMES`.
        plain: no glasses, no goatees, fewer beards.
        workers: processes; with 1 everything happens in this one.
        force: throw away pictures of another configuration instead of refusing.
        progress: called with the number of pictures done since the last call.

    Returns:
        The path of ``landmarks.csv``, which is written last: a folder that has it is complete.

    Raises:
        ConfigurationError: the folder holds pictures of another configuration, or no sizes make
            sense.
        OutputError: it cannot be written to.
    """
    if count < 1 or size < 16:
        raise ConfigurationError(
            f"{count} pictures of {size} pixels cannot be drawn.",
            "Ask for at least one picture of at least 16 pixels.",
        )
    folder = Path(folder)
    config = configuration(size, seed, plain, frame)
    prepare(folder, config, force)
    write_description(folder, _description(config, count))
    chunks = [range(start, min(start + _CHUNK, count)) for start in range(0, count, _CHUNK)]
    rows: list[tuple[str, Array]] = []
    common = (folder / IMAGES, parts, size, seed, plain, frame)
    for done in in_processes(_start, _draw_chunk, chunks, common, workers):
        first = len(rows)
        rows.extend((name_of(first + i), points) for i, points in enumerate(done))
        if progress is not None:
            progress(len(done))
    write_landmarks(folder / LANDMARKS, rows)
    return folder / LANDMARKS


def name_of(index: int) -> str:
    """The file of a picture: its index, so that a longer set only adds files."""
    return f"{index:05d}.png"


def _description(config: dict[str, Any], count: int) -> dict[str, Any]:
    return {
        "format": 1,
        "source": "Cartoon faces drawn by toonmark render-cartoons from the parts of facesjs "
        "(https://github.com/zengm-games/facesjs)",
        "terms": f"{package.LICENCE} (the parts); pictures and weights may be passed on",
        "size": config["size"],
        "template": FRAMES[config.get("frame", "face")].round(6).tolist(),
        "counts": {"kept": count},
        "landmarks": "exact, from the drawing's own transforms",
        "configuration": config,
        "toonmark": __version__,
    }


_Common = tuple[Path, Parts, int, int, bool, str]
_common: _Common


def _start(*common: Any) -> None:
    global _common
    _common = common


def _draw_chunk(indices: Iterable[int]) -> Array:
    """Draws what is not there yet; the landmarks of all: (n, 5, 2)."""
    images, parts, size, seed, plain, frame = _common
    rows = []
    for index in indices:
        document, points = draw(person(seed, index, plain), parts, size, frame)
        rows.append(points)
        path = images / name_of(index)
        if not path.exists():
            write(path, rasterise(document))
    return np.stack(rows)
