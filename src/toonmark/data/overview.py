"""A self-contained HTML report of a data set: histograms, samples and rejections."""

from __future__ import annotations

import base64
from typing import NamedTuple

import numpy as np

from toonmark import pictures
from toonmark.data.dataset import Dataset
from toonmark.data.sheet import contact_sheet
from toonmark.data.sources.selection import chroma, sharpness
from toonmark.faces.pose import roll, yaw
from toonmark.html_pages import filled_in
from toonmark.landmarks import FACE_TEMPLATE, Array, inter_eye_distance, template_points
from toonmark.srgb import to_lab

#: Pictures whose pixels are measured, spread evenly over the set; points are measured in all.
MEASURED = 500


class Histogram(NamedTuple):
    """A histogram of a set, with the least, the median and the greatest value."""

    title: str
    counts: list[int]
    edges: list[float]
    quantiles: list[float]
    number: int


def overview(dataset: Dataset, count: int = 96) -> str:
    """The page's HTML.

    Args:
        dataset: the set.
        count: pictures to show.

    Raises:
        DataError: a picture cannot be read.
        MissingExtraError: ``toonmark[train]`` is not installed.
    """
    about = dataset.description
    train, validation = dataset.split()
    test = len(dataset) - len(train) - len(validation)
    facts = [
        f"{len(dataset)} pictures: {len(train)} for training,"
        f" {len(validation)} for validation, {test} for test.",
        f"Source: {about.get('source', 'not stated')}. Terms: {about.get('terms', 'not stated')}.",
    ]
    counts = about.get("counts")
    left_out = counts.get("left out") if isinstance(counts, dict) else None
    sheet = pictures.encode(contact_sheet(dataset, count, with_histograms=False), ".jpg", 85)
    return filled_in(
        "overview.html",
        title=dataset.folder.resolve().name,
        facts=facts,
        left_out=left_out if isinstance(left_out, dict) else {},
        histograms=[_histogram(title, v) for title, v in measures(dataset).items() if len(v)],
        sheet="data:image/jpeg;base64," + base64.b64encode(sheet).decode(),
    )


def measures(dataset: Dataset) -> dict[str, Array]:
    """The histograms' numbers, by title: of points (n,), of pixels at most :data:`MEASURED`."""
    points = dataset.points.astype(np.float64)
    indices = np.unique(np.linspace(0, len(dataset) - 1, min(MEASURED, len(dataset))).astype(int))
    rows = []
    for index in indices.tolist():
        image = dataset.image(index)
        size = image.shape[1]
        template = template_points(size, FACE_TEMPLATE)
        away = np.linalg.norm(points[index] - template, axis=-1).mean() / size * 100
        lab = to_lab(image)
        x, y = points[index, 2].round().astype(int).tolist()
        reach = max(1, size // 16)
        skin = lab[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1, 0]
        light = float(np.median(skin)) if skin.size else float("nan")
        rows.append((light, chroma(image), sharpness(image), away))
    light, colour, sharp, away = np.array(rows).T
    eyes, mouth = points[:, :2].mean(axis=1), points[:, 3:].mean(axis=1)
    unit = np.maximum(inter_eye_distance(points), 1e-6)
    return {
        "Distance between the eyes, px": unit,
        "From the eyes to the mouth, px": np.linalg.norm(mouth - eyes, axis=-1),
        "Width of the mouth, of the eyes' distance": np.linalg.norm(
            points[:, 4] - points[:, 3], axis=-1
        )
        / unit,
        "Yaw, degrees": np.array([yaw(face) for face in points]),
        "Roll, degrees": np.array([roll(face) for face in points]),
        "Points from the template, % of the picture": away,
        "Lightness around the nose (CIE L*)": light[np.isfinite(light)],
        "Colourfulness (mean chroma)": colour,
        "Sharpness (fine contrast, %)": sharp,
    }


def _histogram(title: str, values: Array) -> Histogram:
    counts, edges = np.histogram(values, bins=32)
    quantiles = np.quantile(values, [0, 0.5, 1])
    return Histogram(title, counts.tolist(), edges.tolist(), quantiles.tolist(), len(values))
