"""Skin, hair and geometry of a face set, in a few numbers.

A cartoon domain that is to be learned from unpaired pictures should have the colours that the
faces have. ``python tools/face_colours.py FOLDER`` prints the tables that
``toonmark.data.facesjs.population`` holds, measured on a folder of frontal faces on white.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toonmark.data.dataset import Dataset
from toonmark.errors import DataError
from toonmark.landmarks import Array
from toonmark.srgb import to_lab

_WHITE = 243  # the darkest channel of a background pixel, JPEG noise included


@dataclass(frozen=True)
class FaceColours:
    """What :func:`measure` finds; the rows belong together.

    Attributes:
        skin: (n, 3) L*a*b* medians over both cheeks.
        hair: (n, 3) L*a*b* medians of the band below the head's upper edge.
        long_hair: (n,) 0, 0.5 or 1: the share of sides where something hangs beside the jaw.
        points: (n, 5, 2) landmarks, pixels of a 128-pixel picture.
    """

    skin: Array
    hair: Array
    long_hair: Array
    points: Array


def measure(folder: str | os.PathLike[str], limit: int | None = None) -> FaceColours:
    """Measures the faces of a folder of a data set; those that seem bald are left out.

    Args:
        folder: upright faces, the project's crop, on white.
        limit: measure only so many, evenly spread over the table.

    Raises:
        DataError: no data set, or hardly a picture in it that can be measured.
    """
    import cv2

    data = Dataset.open(Path(folder))
    indices = np.arange(len(data))
    if limit is not None and limit < len(data):
        indices = np.linspace(0, len(data) - 1, limit).astype(int)
    found = []
    for index in indices.tolist():
        picture, points = data.image(index), np.asarray(data.points[index], np.float64)
        points = (points + 0.5) * (128 / picture.shape[1]) - 0.5
        if picture.shape[:2] != (128, 128):
            picture = cv2.resize(picture, (128, 128), interpolation=cv2.INTER_AREA)
        if (one := _measure_one(picture, points)) is not None:
            found.append((*one, points))
    if len(found) < 20:
        raise DataError(
            f"Only {len(found)} faces of {data.folder} could be measured.",
            "Use a folder with more faces, cropped by Toonmark, on white.",
        )
    skin, hair, long_hair, points = (np.array(column) for column in zip(*found, strict=True))
    return FaceColours(skin, hair, long_hair, points)


def _measure_one(picture: Array, points: Array) -> tuple[Array, Array, float] | None:
    """Skin, hair and long hair of one (128, 128, 3) RGB picture; None if hair looks like skin."""
    import cv2

    lab = to_lab(picture)
    white = (picture.min(axis=2) > _WHITE).astype(np.uint8)
    inside = cv2.dilate(white, np.ones((3, 3), np.uint8)) == 0  # not the matte's pale rim
    eyes, distance = points[:2].mean(0), points[1, 0] - points[0, 0]
    ys, xs = np.mgrid[:128, :128]
    cheeks = np.zeros_like(inside)
    for eye, corner, side in ((points[0], points[3], -1), (points[1], points[4], 1)):
        x, y = (eye + corner) / 2 + [side * 0.12 * distance, 0]
        cheeks |= (xs - x) ** 2 + (ys - y) ** 2 < (0.13 * distance) ** 2
    cheeks &= inside
    band = np.zeros_like(inside)
    middle = round(float(eyes[0]))
    for x in range(max(middle - 20, 0), min(middle + 21, 128)):
        if (column := np.flatnonzero(inside[:, x])).size:
            band[column[0] + 2 : column[0] + 9, x] = True
    band &= inside
    if cheeks.sum() < 10 or band.sum() < 40:
        return None
    skin, hair = np.median(lab[cheeks], axis=0), np.median(lab[band], axis=0)
    if np.linalg.norm(skin - hair) < 14:
        return None
    jaw = slice(round(points[3:, 1].mean()), round(points[3:, 1].mean()) + 14)
    out = 1.25 * distance
    beside = (
        inside[jaw, max(int(eyes[0] - out) - 8, 0) : max(int(eyes[0] - out), 1)],
        inside[jaw, int(eyes[0] + out) : int(eyes[0] + out) + 8],
    )
    return skin, hair, sum(float(side.size > 0 and side.mean() > 0.6) for side in beside) / 2


def mixture(values: Array, components: int, seed: int = 0) -> tuple[Array, Array, Array, Array]:
    """A Gaussian mixture (scikit-learn's), its components in falling order of their weights.

    Args:
        values: (n, d).

    Returns:
        Weights (k,), means (k, d), covariances (k, d, d), and how much of each value belongs to
        each component (n, k).
    """
    from sklearn.mixture import GaussianMixture

    # Half a unit more of variance keeps components from collapsing.
    fitted = GaussianMixture(components, reg_covar=0.5, max_iter=200, random_state=seed).fit(values)
    order = np.argsort(-fitted.weights_)
    shares = fitted.predict_proba(values)[:, order]
    return fitted.weights_[order], fitted.means_[order], fitted.covariances_[order], shares


def tables(colours: FaceColours, components: int = 8) -> str:
    """The Python source of ``population``'s tables for a measured face set."""

    def listed(values: Array, digits: int) -> str:
        return "(" + ", ".join(f"{value:.{digits}f}" for value in values) + ")"

    both = np.concatenate([colours.skin, colours.hair], axis=1)
    weights, means, covariances, shares = mixture(both, components)
    lines = ["SKIN_AND_HAIR = ("]
    for k in range(components):
        long_hair = shares[:, k] @ colours.long_hair / shares[:, k].sum()
        triangle = covariances[k][np.tril_indices(6)]
        lines.append(
            f"    ({weights[k]:.3f}, {long_hair:.2f}, {listed(means[k], 1)}, "
            f"{listed(triangle, 1)}),"
        )
    points = colours.points.reshape(-1, 10)
    lines += [
        ")",
        f"LANDMARK_MEAN = {listed(points.mean(0), 2)}",
        f"LANDMARK_COVARIANCE = {listed(np.cov(points.T)[np.tril_indices(10)], 3)}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    import sys

    print(tables(measure(sys.argv[1])))
