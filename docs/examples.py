"""Draws the README's picture: ``python docs/examples.py PORTRAITS``.

In columns: the crop of a photo, and its cartoons. The first is NASA's portrait of the astronaut
Eileen Collins (public domain, from scikit-image); the others are synthetic portraits that belong to
nobody (CC0), taken at even distances and not chosen, and seen by no style in training.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from PIL import Image

from toonmark import Cartoonizer

EDGE, COLUMNS = 200, 8
STYLES = ("comic", "flat", "ink")


def main() -> None:
    cartoonizers = [Cartoonizer(style) for style in STYLES]
    paths = sorted(Path(sys.argv[1]).glob("*.jpg"))
    chosen = [paths[i] for i in np.linspace(0, len(paths) - 1, COLUMNS - 1).astype(int)]
    columns = []
    for photo in (skimage.data.astronaut(), *chosen):
        drawn = [cartoonizer(photo)[0] for cartoonizer in cartoonizers]
        crop = cv2.resize(drawn[0].crop, (EDGE, EDGE), interpolation=cv2.INTER_AREA)
        columns.append(np.vstack([crop, *(one.resized(EDGE) for one in drawn)]))
    picture = Image.fromarray(np.hstack(columns))
    picture.quantize(256, dither=Image.Dither.NONE).save(
        Path(__file__).with_name("examples.png"), optimize=True
    )


if __name__ == "__main__":
    main()
