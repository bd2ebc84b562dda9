"""Is a medical mask drawn as one?

    python benchmarks/masks.py PHOTOS comic flat [--sheet OUT.png]

Paints a plain mask (a polygon with pleats, light blue, white, black or grey in turn) before nose
and mouth of the largest face of every photo, and draws it. It shares no code with the masks that
``toonmark train-layers`` puts on, but is as artificial; real ones may come out otherwise.

*mask*: at least 80 % of it has the mask's own colour (CIEDE2000 to its mean at most 15). *mouth*:
10 % or more of the place of the mouth has another colour.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from PIL import Image

from toonmark import Cartoonizer, ToonmarkError
from toonmark.evaluation.colour import ciede2000
from toonmark.faces.align import transform_points
from toonmark.landmarks import Array
from toonmark.pictures import pictures_in, read
from toonmark.srgb import to_lab

COLOURS = ((160, 198, 222), (236, 238, 240), (30, 30, 33), (120, 124, 130))
FAR = 15.0


def outline(points: Array) -> tuple[Array, Array]:
    """A mask's corners, and those of the mouth's place: (n, 2) each, in the points' pixels."""
    eyes, nose, mouth = points[:2].mean(0), points[2], points[3:].mean(0)
    apart = float(np.linalg.norm(points[1] - points[0]))
    x = (points[1] - points[0]) / apart
    y = np.array([-x[1], x[0]])
    right = [
        nose - 0.35 * apart * y,
        nose + apart * (0.45 * x - 0.3 * y),
        eyes + apart * (0.95 * x + 0.55 * y),
        mouth + apart * (0.72 * x + 0.25 * y),
        mouth + apart * (0.35 * x + 0.62 * y),
        mouth + apart * 0.7 * y,
    ]
    middle = right[0]
    left = [middle + (p - middle) - 2 * np.dot(p - middle, x) * x for p in right[-2:0:-1]]
    corners = [points[3], mouth - 0.2 * apart * y, points[4], mouth + 0.25 * apart * y]
    return np.array(right + left), np.array(corners)


def filled(corners: Array, shape: tuple[int, ...]) -> Array:
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return mask.astype(np.float32) / 255


def masked(photo: Array, points: Array, colour: tuple[int, int, int]) -> Array:
    """The photo with a mask before nose and mouth."""
    corners, _ = outline(points)
    apart = float(np.linalg.norm(points[1] - points[0]))
    alpha = cv2.GaussianBlur(filled(corners, photo.shape), (0, 0), max(apart / 90, 0.5))[..., None]
    grey = cv2.GaussianBlur(photo.mean(-1).astype(np.float32), (0, 0), apart / 4)
    shade = np.clip(grey / max(float(grey[alpha[..., 0] > 0.5].mean()), 1.0), 0.6, 1.3)
    rows = np.arange(len(photo))[:, None] // max(2, round(0.18 * apart)) % 2
    cloth = np.array(colour) * (shade * (1 - 0.06 * rows))[..., None]
    return np.clip(photo * (1 - alpha) + cloth * alpha, 0, 255).astype(np.uint8)


def main(
    photos: Path,
    styles: list[str],
    sheet: Annotated[Path | None, typer.Option(help="Write photos and drawings.")] = None,
) -> None:
    print("| style | photos | masks | mouths |\n| --- | ---: | ---: | ---: |")
    pairs = []
    for style in styles:
        cartoonizer, masks, mouths = Cartoonizer(style, threads=1), [], []
        for i, path in enumerate(pictures_in(photos)):
            try:
                (bare,) = cartoonizer(path)
                photo = masked(read(path.read_bytes()).pixels, bare.points, COLOURS[i % 4])
                (cartoon,) = cartoonizer(photo)
            except ToonmarkError as error:
                print(f"{path.name}: {error}")
                continue
            drawn = cartoon.resized(len(cartoon.crop))
            corners, mouth = (
                filled(transform_points(one, cartoon.transform), drawn.shape) > 0.5
                for one in outline(bare.points)
            )
            own = to_lab(cartoon.crop)[corners].mean(0)
            far = ciede2000(to_lab(drawn), np.broadcast_to(own, drawn.shape)) > FAR
            masks.append(1 - far[corners].mean() >= 0.8)
            mouths.append(far[mouth].mean() >= 0.1)
            pairs.append(np.concatenate([cartoon.crop, drawn], 1))
        count = len(masks)
        print(f"| {Path(style).stem} | {count} | {sum(masks)} | {sum(mouths)} |", flush=True)
    if sheet is not None:
        shown = [cv2.resize(pair, (512, 256), interpolation=cv2.INTER_AREA) for pair in pairs[:24]]
        rows = [np.concatenate(shown[i : i + 4], 1) for i in range(0, len(shown) // 4 * 4, 4)]
        Image.fromarray(np.concatenate(rows)).save(sheet)


if __name__ == "__main__":
    typer.run(main)
