"""Draws the README's picture: ``python docs/examples.py PORTRAITS``.

The photo is NASA's portrait of the astronaut Eileen Collins (public domain, from scikit-image). The
other cartoons are drawn from synthetic portraits that belong to nobody (CC0), taken at even
distances and not chosen; those photos are not shown.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

from toonmark import Cartoonizer, ToonmarkError, side_by_side

EDGE, COLUMNS, ROWS = 192, 6, 2


def main() -> None:
    cartoonizer = Cartoonizer()
    photo = skimage.data.astronaut()
    (drawn,) = cartoonizer(photo)
    large = side_by_side(photo, drawn, EDGE * ROWS)
    tiles = []
    for path in sorted(Path(sys.argv[1]).glob("*.jpg")):
        try:
            (cartoon,) = cartoonizer(path)
        except ToonmarkError as error:
            print(f"{path.name}: {error}")
            continue
        if not cartoon.turned:
            tiles.append(cartoon.resized(EDGE))
    chosen = [tiles[i] for i in np.linspace(0, len(tiles) - 1, COLUMNS * ROWS).astype(int)]
    rows = [np.hstack(chosen[r * COLUMNS : (r + 1) * COLUMNS]) for r in range(ROWS)]
    picture = np.hstack([large, np.vstack(rows)])
    Image.fromarray(picture).save(Path(__file__).with_name("examples.png"), optimize=True)


if __name__ == "__main__":
    main()
