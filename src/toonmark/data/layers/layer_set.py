"""Builds the data set of ``toonmark train-layers``: portraits with their layer maps."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from toonmark._version import __version__
from toonmark.data.dataset import (
    IMAGES,
    LANDMARKS,
    Dataset,
    write_description,
    write_landmarks,
)
from toonmark.data.face_mesh import FaceMesh
from toonmark.data.layers.layer_map import layer_map
from toonmark.data.layers.layer_sampling import LAYERS, MATTES
from toonmark.data.layers.mesh_parts import OVAL
from toonmark.data.layers.person_matte import PersonMatte
from toonmark.data.resumable import in_processes, prepare
from toonmark.errors import ConfigurationError, DataError
from toonmark.landmarks import PORTRAIT_TEMPLATE, Array, frame_of
from toonmark.models.drawing_layers import Layer
from toonmark.pictures import write

#: Changes whenever the same portrait would be taken apart in another way.
VERSION = 5

_CHUNK = 8
#: The least confidence of Face Mesh.
_LEAST = 0.5

Row = tuple[str, Array | str]


def write_layers(
    faces: str | Path,
    folder: str | Path,
    *,
    workers: int = 1,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[int, dict[str, int]]:
    """Takes every portrait of a set apart; what a former call left is kept.

    Args:
        faces: a set in the portrait frame with its own backgrounds, of pictures of 256 pixels or
            more (``toonmark data folder --frame portrait --size 512``).
        folder: the new set: the same pictures, and beside them ``layers/``, numbers of
            :class:`~toonmark.models.drawing_layers.Layer`, and ``mattes/``.
        workers: processes.
        force: throw away layers of another configuration instead of refusing.
        progress: called with how many portraits are done, and of how many.

    Returns:
        how many portraits were kept, and how many were left out, by reason.

    Raises:
        DataError: the set cannot be read, is in another frame or too small, or nothing was kept.
        ConfigurationError: the folder holds a set of another configuration, or the photos.
        MediaPipeMissingError, MattingMissingError: a network is not installed.
        OutputError: the folder cannot be written to.
    """
    photos, folder = Dataset.open(faces), Path(folder)
    if folder.resolve() == photos.folder.resolve():
        raise ConfigurationError(
            f"{folder} is the set of the photos themselves.", "Name another folder for the layers."
        )
    size = photos.image(0).shape[0]
    if frame_of(photos.description.get("template")) != "portrait" or size < 256:
        raise DataError(
            f"The pictures in {photos.folder} are not portraits of at least 256 pixels.",
            "Make the set with: toonmark data folder PHOTOS SET --frame portrait --size 512",
        )
    FaceMesh(), PersonMatte()  # what is missing is said before anything is written
    config = {
        "layers_version": VERSION,
        "layers": [layer.name.lower() for layer in Layer],
        "faces": photos.folder.resolve().name,
        "size": size,
    }
    prepare(folder, config, force)
    if not (folder / IMAGES).exists():  # another configuration's are gone
        shutil.rmtree(folder / LAYERS, ignore_errors=True)
    for name in (IMAGES, LAYERS, MATTES):
        (folder / name).mkdir(parents=True, exist_ok=True)
    description: dict[str, Any] = {
        "format": 1,
        "source": f"Portraits of {config['faces']}, taken apart by toonmark data layers",
        "terms": photos.description.get("terms", ""),
        "size": size,
        "template": PORTRAIT_TEMPLATE.round(6).tolist(),
        "landmarks": "MediaPipe Face Mesh",
        "configuration": config,
        "toonmark": __version__,
    }
    write_description(folder, description)  # by it a run that was stopped knows its own
    chunks = [range(i, min(i + _CHUNK, len(photos))) for i in range(0, len(photos), _CHUNK)]
    rows: list[Row] = []
    for done in in_processes(_start, _take_apart, chunks, (str(faces), folder), workers):
        rows += done
        if progress is not None:
            progress(len(rows), len(photos))
    kept = [(name, points) for name, points in rows if not isinstance(points, str)]
    left_out = Counter(reason for _, reason in rows if isinstance(reason, str))
    if not kept:
        raise DataError(
            f"None of the {len(rows)} portraits in {photos.folder} could be taken apart "
            f"({', '.join(f'{reason}: {n}' for reason, n in left_out.items())}).",
            "See them with `toonmark data show`.",
        )
    counts = {"seen": len(rows), "kept": len(kept), "left out": dict(left_out)}
    write_description(folder, {**description, "counts": counts})
    write_landmarks(folder / LANDMARKS, kept)
    return len(kept), dict(left_out)


_photos: Dataset
_folder: Path
_networks: tuple[FaceMesh, PersonMatte]


def _start(faces: str, folder: Path) -> None:
    global _photos, _folder, _networks
    import cv2

    cv2.setNumThreads(1)
    _photos, _folder = Dataset.open(faces), folder
    _networks = (FaceMesh(), PersonMatte())


def _take_apart(indices: range) -> list[Row]:
    """Does what is not done yet: names with their points, or why they were left out."""
    rows: list[Row] = []
    mesh, matting = _networks
    for index in indices:
        name = Path(_photos.names[index]).with_suffix(".png").as_posix()
        photo = _photos.image(index)
        found = mesh(photo, _photos.points[index])
        if found.confidence < _LEAST:
            rows.append((name, "no face"))
            continue
        if not (_folder / LAYERS / name).exists():
            known = within_photo(photo)
            alpha = matting(photo, known)
            if reason := flaw(alpha, found.dense, known):
                rows.append((name, reason))
                continue
            layers = layer_map(photo, alpha, found.dense, known)
            _save(_folder / IMAGES / name, photo)
            _save(_folder / MATTES / name, np.rint(alpha * 255).astype(np.uint8))
            _save(_folder / LAYERS / name, layers)
        rows.append((name, found.points.astype(np.float32)))
    return rows


def _save(path: Path, pixels: Array) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, pixels)


def within_photo(photo: Array) -> Array:
    """Where a crop with white beyond the photo's edge shows the photo: (S, S) bool.

    A photo is convex and the white beyond it is exact; white inside the photo is not taken for it.
    """
    import cv2

    seen = photo.min(-1) < 255
    points = cv2.findNonZero(seen.astype(np.uint8))
    if points is None:
        return np.zeros(seen.shape, bool)
    hull = np.zeros(seen.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
    return np.asarray(hull > 0)


def flaw(alpha: Array, dense: Array, known: Array) -> str | None:
    """Why a matte is not the person's: it lacks shoulders, or the head's top; None if neither.

    Args:
        alpha: (S, S) in [0, 1].
        dense: (468, 2) pixels.
        known: (S, S) bool, within the photo.
    """
    rows, columns = np.mgrid[: len(alpha), : len(alpha)]
    oval = dense[list(OVAL)]
    brow, chin = float(dense[[105, 334], 1].mean()), float(dense[152, 1])
    height, middle = chin - brow, float(oval[:, 0].mean())
    aside = abs(columns - middle) / max(float(np.ptp(oval[:, 0])), 1.0)
    chest = known & (rows > chin + 0.35 * height) & (aside < 0.7)
    if chest.sum() > 0.008 * alpha.size and (alpha[chest] > 0.5).mean() < 0.55:
        return "no shoulders in the matte"
    forehead = known & (rows < brow - 0.2 * height) & (rows > brow - 0.4 * height) & (aside < 0.2)
    if forehead.sum() > 0.0008 * alpha.size and (alpha[forehead] > 0.5).mean() < 0.8:
        return "no head in the matte"
    return None
