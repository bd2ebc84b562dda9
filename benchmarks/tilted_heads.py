"""How well a tilted head's five points are found: photos turned by known angles.

    python benchmarks/tilted_heads.py PHOTOS [--count 36]

The points of the upright photo, turned with it, are the truth; so this measures consistency and not
the error on an upright face. Prints, for each angle, the median error and the share of faces that
are off by more than 15 % of the distance between the eyes, for the detector alone and refined.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import typer

from toonmark import pictures
from toonmark.faces.align import transform_points
from toonmark.faces.detect import find_faces
from toonmark.faces.refine import Refiner
from toonmark.landmarks import Array, inter_eye_distance

ANGLES = (0, 10, 20, 30, 45, 60, 75, 90)
SIDE = 900


def off(points: Array, truth: Array) -> float:
    """Mean error in inter-eye distances."""
    return float(np.linalg.norm(points - truth, axis=1).mean() / inter_eye_distance(truth))


def main(photos: Path, count: int = 36) -> None:
    refiner = Refiner()
    files = pictures.pictures_in(photos)
    files = files[:: max(1, len(files) // count)][:count]
    errors: dict[int, list[tuple[float, float]]] = {angle: [] for angle in ANGLES}
    lost = dict.fromkeys(ANGLES, 0)
    for file in files:
        photo = pictures.read(file).pixels
        scale = SIDE / max(photo.shape[:2])
        if scale < 1:
            photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        faces = find_faces(photo)
        if not faces:
            continue
        upright = refiner(photo, faces[0].points[None])[0]
        middle = tuple(upright.mean(0).tolist())
        for angle in ANGLES:
            for side in (1, -1):
                turn = cv2.getRotationMatrix2D(middle, side * angle, 0.8)
                size = (photo.shape[1], photo.shape[0])
                turned = cv2.warpAffine(photo, turn, size, borderValue=(128, 128, 128))
                truth = transform_points(upright, turn)
                found = find_faces(turned)
                if not found:
                    lost[angle] += 1
                    continue
                refined = refiner(turned, found[0].points[None])[0]
                errors[angle].append((off(found[0].points, truth), off(refined, truth)))
    print(f"{len(files)} photos, each turned to both sides")
    print("degrees  detector: median  off    refined: median  off    not found")
    for angle, pairs in errors.items():
        values = np.array(pairs)
        middle, bad = np.median(values, axis=0), (values > 0.15).mean(axis=0)
        print(
            f"{angle:7d}  {middle[0]:16.1%} {bad[0]:4.0%}   {middle[1]:15.1%} {bad[1]:4.0%}"
            f"   {lost[angle]:9d}"
        )


if __name__ == "__main__":
    typer.run(main)
