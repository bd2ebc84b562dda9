"""A contact sheet of a data set as one image: pictures with landmarks, and histograms."""

from __future__ import annotations

import cv2
import numpy as np

from toonmark.data.dataset import Dataset
from toonmark.faces.pose import roll, yaw
from toonmark.landmarks import Array, inter_eye_distance

#: RGB of the five points: the eyes, the nose, the mouth's corners.
COLOURS = ((0, 200, 255), (0, 90, 255), (0, 220, 0), (255, 160, 0), (255, 0, 120))

_INK, _BARS = (40, 40, 40), (90, 130, 190)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def contact_sheet(
    dataset: Dataset,
    count: int = 96,
    columns: int = 12,
    tile: int = 160,
    with_histograms: bool = True,
) -> Array:
    """Pictures from all over a set with their points drawn, above histograms of the whole set.

    Args:
        dataset: the set.
        count: pictures to show, at equal distances in the names' order.
        columns: pictures side by side.
        tile: edge of one in pixels.
        with_histograms: whether they are drawn below.

    Returns:
        (H, columns x tile, 3) uint8 RGB.

    Raises:
        DataError: one of the pictures cannot be read.
    """
    indices = np.unique(np.linspace(0, len(dataset) - 1, min(count, len(dataset))).astype(int))
    rows = -(-len(indices) // columns)
    sheet = np.full((rows * tile, columns * tile, 3), 255, np.uint8)
    for place, index in enumerate(indices):
        y, x = divmod(place, columns)
        part = sheet[y * tile : (y + 1) * tile, x * tile : (x + 1) * tile]
        part[:] = with_points(dataset.image(int(index)), dataset.points[index], tile)
        label = f"{index} {dataset.names[index]}"[: tile // 7]
        label = label.encode("ascii", "replace").decode()  # OpenCV writes nothing else
        for colour, thickness in (((255, 255, 255), 3), (_INK, 1)):
            cv2.putText(part, label, (2, tile - 4), _FONT, 0.33, colour, thickness, cv2.LINE_AA)
    if not with_histograms:
        return sheet
    return np.concatenate([sheet, histograms(dataset, columns * tile)])


def with_points(image: Array, points: Array, size: int) -> Array:
    """A picture, scaled into ``size`` pixels, with its points: (size, size, 3) uint8."""
    height, width = image.shape[:2]
    scale = size / max(height, width)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=method)[:size, :size]
    tile = np.full((size, size, 3), 255, np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small
    for (x, y), colour in zip((points + 0.5) * scale - 0.5, COLOURS, strict=True):
        # Sixteenths of a pixel: points are rarely whole numbers.
        centre = (round(float(x) * 16), round(float(y) * 16))
        cv2.circle(tile, centre, 40, (255, 255, 255), -1, cv2.LINE_AA, 4)
        cv2.circle(tile, centre, 28, colour, -1, cv2.LINE_AA, 4)
    return tile


def histograms(dataset: Dataset, width: int) -> Array:
    """Four histograms side by side: (200, width, 3) uint8."""
    points = dataset.points
    eyes, mouth = points[:, :2].mean(axis=1), points[:, 3:].mean(axis=1)
    panels = {
        "distance between the eyes, px": inter_eye_distance(points),
        "from the eyes to the mouth, px": np.linalg.norm(mouth - eyes, axis=-1),
        "yaw, degrees": np.array([yaw(face) for face in points]),
        "roll, degrees": np.array([roll(face) for face in points]),
    }
    edges = np.linspace(0, width, len(panels) + 1).astype(int)
    page = np.full((200, width, 3), 255, np.uint8)
    for (title, values), left, right in zip(panels.items(), edges, edges[1:], strict=False):
        _histogram(page[:, left:right], title, values)
    return page


def _histogram(panel: Array, title: str, values: Array) -> None:
    """Draws one histogram into ``panel`` (H, W, 3), with its ends and its median."""
    height, width = panel.shape[:2]
    margin, base = 16, height - 28
    counts, edges = np.histogram(values, bins=30)
    bar = (width - 2 * margin) / len(counts)
    for index, count in enumerate(counts):
        top = base - round((base - 34) * float(count) / max(1, int(counts.max())))
        left, right = margin + index * bar, margin + (index + 1) * bar - 1
        cv2.rectangle(panel, (round(left), top), (round(right), base), _BARS, -1)
    cv2.putText(panel, title, (margin, 22), _FONT, 0.45, _INK, 1, cv2.LINE_AA)
    texts = (f"{edges[0]:.1f}", f"median {np.median(values):.1f}", f"{edges[-1]:.1f}")
    for text, at in zip(texts, (margin, width // 2 - 45, width - margin - 40), strict=True):
        cv2.putText(panel, text, (at, height - 10), _FONT, 0.38, _INK, 1, cv2.LINE_AA)
