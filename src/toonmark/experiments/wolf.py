"""Figure 11: what Wolf, Taigman and Polyak (ICCV 2017) print, and what a style draws of it.

Their inputs are in their paper only. Its figures are tables of pictures: of each example the
input, then their drawing, several examples beside each other.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from toonmark.cartoon import Cartoon
from toonmark.errors import ConfigurationError, DataError, FaceError
from toonmark.experiments.figures import grid
from toonmark.landmarks import Array
from toonmark.pictures import pictures_in, read, write
from toonmark.surroundings import CLEAN

#: Edge of the pictures in the figure that is written.
SIZE = 192
#: Pixels of a face in a photo below which it is made larger first.
SMALL = 256


def cells_of(figure: Array, rows: int, columns: int) -> list[list[Array]]:
    """A figure's pictures: the white around them is cut off, then it is divided equally.

    Args:
        figure: (H, W, 3) uint8.

    Returns:
        ``rows`` lists of ``columns`` pictures, (h, w, 3) each, without white edges.

    Raises:
        DataError: the figure is white, or has fewer pixels than that.
    """
    figure = trimmed(figure)
    height, width = figure.shape[:2]
    if height < 8 * rows or width < 8 * columns:
        raise DataError(
            f"A figure of {width}x{height} pixels has no {columns}x{rows} pictures.",
            "Check --rows and --columns, and cut the figure out in its full size.",
        )
    y = np.linspace(0, height, rows + 1).round().astype(int)
    x = np.linspace(0, width, columns + 1).round().astype(int)
    return [
        [trimmed(figure[y[r] : y[r + 1], x[c] : x[c + 1]]) for c in range(columns)]
        for r in range(rows)
    ]


def trimmed(picture: Array) -> Array:
    """A picture without the rows and columns at its edges that are white; whole if all are."""
    ink = picture.min(-1) < CLEAN
    y, x = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    return picture if len(y) == 0 else picture[y[0] : y[-1] + 1, x[0] : x[-1] + 1]


def write_figure(
    inputs: Path,
    draw: Callable[[Array], list[Cartoon]],
    output: Path,
    rows: int,
    columns: int,
    group: int = 2,
) -> tuple[int, list[str]]:
    """Writes one PNG: input, their drawing and ours, an example a row.

    Args:
        inputs: folder of figures.
        draw: a photo's largest face as cartoons, such as a ``Cartoonizer``.
        rows, columns: pictures of each figure.
        group: columns of an example; the first is its input, the second their drawing.

    Returns:
        how many examples there are, and why others were left out.

    Raises:
        ConfigurationError: the columns are no whole number of examples.
        DataError: no figure, or one that cannot be divided so; or no input has a face.
        ImageError: a figure cannot be read.
    """
    if columns % group:
        raise ConfigurationError(
            f"{columns} columns are no whole number of examples of {group} columns.",
            "Give --columns as the figure has them, and --group as an example has them.",
        )
    files = sorted(pictures_in(inputs))
    if not files:
        raise DataError(
            f"{inputs} holds no pictures.", "Cut the figures out of the paper and put them there."
        )
    shown: list[list[Array]] = [[], [], []]
    lost = []
    for file in files:
        cells = cells_of(read(file).pixels, rows, columns)
        for r, row in enumerate(cells):
            for c in range(0, columns, group):
                photo = enlarged(row[c])
                try:
                    (cartoon,) = draw(photo)
                except FaceError as error:
                    lost.append(f"{file.name}, row {r + 1}, column {c + 1}: {error.happened}")
                    continue
                for column, picture in zip(shown, (row[c], row[c + 1], cartoon.image), strict=True):
                    column.append(square(picture))
    if not shown[0]:
        raise DataError(
            f"In none of the inputs was a face found: {lost[0]}.",
            "Check --rows, --columns and --group against the figure.",
        )
    write(output, grid(shown))
    return len(shown[0]), lost


def enlarged(picture: Array) -> Array:
    """A small picture large enough for a face to be found in it."""
    scale = SMALL / min(picture.shape[:2])
    if scale <= 1:
        return picture
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)


def square(picture: Array) -> Array:
    """A picture on a white square of ``SIZE`` pixels."""
    height, width = picture.shape[:2]
    scale = SIZE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    result = np.full((SIZE, SIZE, 3), 255, np.uint8)
    y, x = (SIZE - size[1]) // 2, (SIZE - size[0]) // 2
    result[y : y + size[1], x : x + size[0]] = small
    return result
