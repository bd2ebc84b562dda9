"""What of a photo's background is drawn: smears beside people, joined to them or not.

    toonmark data folder PORTRAITS data/portraits --matte
    toonmark data folder PORTRAITS data/portraits-photo
    python benchmarks/smears.py data/portraits data/portraits-photo toon other.onnx

The first set says where the person is, the second is what is drawn. Counted are pixels farther
than ``AWAY`` from the person that are not nearly white, as a share of the drawing.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import typer

from toonmark.data.dataset import Dataset
from toonmark.data.matte import matte_on_white
from toonmark.data.sampling import scaling
from toonmark.evaluation.drawers import PackDrawer
from toonmark.faces.align import crop, transform_points
from toonmark.landmarks import Array

#: Pixels at 128 around the person in which hair and outlines may rightly lie.
AWAY = 4.0
#: From this on, of 255, the lowest channel of a pixel counts as white.
WHITE = 235
LIMITS = (0.5, 1.0, 2.0)


def outside(cut_out: Array) -> Array:
    """Where nothing of the person is: (S, S, 3) uint8 on white to (S, S) bool."""
    person = matte_on_white(cut_out) > 0.1
    distance = cv2.distanceTransform((~person).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(distance > AWAY * cut_out.shape[0] / 128)


def main(cut_out: Path, photos: Path, styles: list[str]) -> None:
    cv2.setNumThreads(1)
    people, taken = Dataset.open(cut_out), Dataset.open(photos)
    places = {name: i for i, name in enumerate(taken.names)}
    common = [name for name in people.names if name in places]
    if not common:
        raise SystemExit(f"{cut_out} and {photos} have no names in common.")
    print(f"{len(common)} of {len(people)} portraits are in both sets.\n")
    limits = "".join(f" over {limit:g} % |" for limit in LIMITS)
    print(f"| style | portraits | mean | largest |{limits}\n| --- |{' ---: |' * (3 + len(LIMITS))}")
    for style in styles:
        drawer, shares = PackDrawer(style), []
        for i, name in enumerate(people.names):
            if name not in places:
                continue
            photo, person = taken.image(places[name]), people.image(i)
            view = scaling(photo.shape, drawer.size)
            points = transform_points(taken.points[places[name]], view)[None]
            drawn = drawer.draw(_cut(photo, drawer.size)[None], points.astype(np.float32))[0]
            away = outside(_cut(person, drawer.size))
            shares.append(100 * float((away & (drawn.min(-1) < WHITE)).mean()))
        values = np.array(shares)
        over = "".join(f" {100 * (values > limit).mean():.1f} % |" for limit in LIMITS)
        means = f"{values.mean():.3f} % | {values.max():.1f} %"
        print(f"| {drawer.name} | {len(values)} | {means} |{over}", flush=True)


def _cut(image: Array, size: int) -> Array:
    return np.rint(crop(image.astype(np.float32), scaling(image.shape, size), size)).astype(
        np.uint8
    )


if __name__ == "__main__":
    typer.run(main)
