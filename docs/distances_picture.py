"""Draws ``docs/distances.png``: ``python docs/distances_picture.py TABLE PORTRAIT PORTRAIT``.

TABLE is what ``benchmarks/distances.py`` printed: what each change of real cartoons costs in FID.
Cartoons of the two portraits (CC0), drawn by ``comic``, show what these changes look like; the
cartoons that were measured are not ours to show. Needs '.[train,eval]'.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
from distances import changes

from toonmark import Cartoonizer
from toonmark.faces.align import transform_points
from toonmark.landmarks import Array, inter_eye_distance

#: Changes that are shown, from little to much, and what stands below each.
SHOWN = {
    "nothing": "other cartoons",
    "points moved by 10% of the eye distance": "eyes, nose, mouth\nmoved by 10 %",
    "points moved by 20% of the eye distance": "moved by 20 %",
    "points moved by 30% of the eye distance": "moved by 30 %",
    "50% of a photo's fine detail": "half of a photo's\nfine detail",
    "100% of a photo's fine detail": "all of it",
    "photos": "photos",
}
#: Fine detail is finer than two pixels of what was measured, which had 64: pictures are shown so.
SIZE, SHOW, CAPTION = 64, 192, 78


def costs(table: str) -> dict[str, str]:
    """FID by change, as printed."""
    rows = [[cell.strip() for cell in line.split("|")] for line in table.splitlines()]
    return {row[1]: row[3] for row in rows if len(row) > 4}


def around(points: Array) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a square with the face as large as in the measured sets."""
    x, y = points.mean(0)
    half = 1.9 * float(inter_eye_distance(points[None])[0])
    return x - half, y - half, x + half, y + half


def cut(picture: Array, box: tuple[float, float, float, float]) -> Array:
    """What lies in a box, (SIZE, SIZE, 3)."""
    image = Image.fromarray(picture).resize((SIZE, SIZE), Image.Resampling.LANCZOS, box)
    return np.asarray(image)


def main() -> None:
    table, *portraits = sys.argv[1:]
    fid = costs(Path(table).read_text(encoding="utf-8"))
    comic = Cartoonizer("comic")
    drawn = [comic(portrait)[0] for portrait in portraits]
    points = np.stack([transform_points(one.points, one.transform) for one in drawn])
    boxes = [around(one) for one in points]
    photos = np.stack([cut(one.crop, box) for one, box in zip(drawn, boxes, strict=True)])
    cartoons = np.stack([cut(one.image, box) for one, box in zip(drawn, boxes, strict=True)])
    points = np.stack(
        [(p - b[:2]) * SIZE / (b[2] - b[0]) for p, b in zip(points, boxes, strict=True)]
    )
    font = ImageFont.load_default(17)
    columns = []
    for name, pictures, _ in changes(cartoons, points, photos[::-1], seed=0):
        if name not in SHOWN:
            continue
        if name == "photos":
            pictures = pictures[::-1]
        tiles = [
            Image.fromarray(one).resize((SHOW, SHOW), Image.Resampling.BICUBIC) for one in pictures
        ]
        column = Image.new("RGB", (SHOW, len(tiles) * SHOW + CAPTION), "white")
        for i, tile in enumerate(tiles):
            column.paste(tile, (0, i * SHOW))
        text = f"FID {round(float(fid[name]))}\n{SHOWN[name]}"
        place = (SHOW / 2, len(tiles) * SHOW + 6)
        ImageDraw.Draw(column).multiline_text(
            place, text, "black", font, anchor="ma", align="center"
        )
        columns.append(np.asarray(column))
    Image.fromarray(np.hstack(columns)).quantize(256, dither=Image.Dither.NONE).save(
        Path(__file__).with_name("distances.png"), optimize=True
    )


if __name__ == "__main__":
    main()
