"""Does a drawing keep the person's outline, colours and glasses?

    python benchmarks/portraits.py PHOTOS comic flat toon [--crops OUT]

Draws the largest face of every photo in a folder. Printed for each style:

* silhouette: the overlap (IoU) of the drawn figure with u2netp's matte of the crop, median and
  worst tenth, and how much of the figure lies farther than 3 % of the frame outside the matte;
* skin: rank correlation of its lightness; hair: CIEDE2000 between the photo's and the drawing's
  median colour of what is on the head in the photo, by GrabCut (``toonmark.data.layers.regions``);
* glasses: frames fitted to thin lines (``toonmark.data.layers.glasses``), sure in the photo and
  found in the drawing, and surely none in the photo and found in the drawing.

u2netp, GrabCut and the frames made the examples that ``comic`` and ``flat`` learnt from, so
these judges are not independent of them. ``--crops`` writes pairs for judges that are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from PIL import Image

from toonmark import Cartoonizer, ToonmarkError
from toonmark.cartoon import Cartoon
from toonmark.cutout import figure
from toonmark.data.face_mesh import FaceMesh
from toonmark.data.layers.glasses import NONE, SURE, fitted
from toonmark.data.layers.regions import SIZE, found_regions
from toonmark.data.matting import Matting
from toonmark.evaluation.colour import ciede2000, rank_correlation
from toonmark.faces.align import transform_points
from toonmark.landmarks import Array
from toonmark.pictures import pictures_in

#: How far from the matte, of the frame's edge, a figure is outside of it.
_AWAY = 0.03


def main(
    photos: Path,
    styles: list[str],
    crops: Annotated[Path | None, typer.Option(help="Write pairs of crop and drawing.")] = None,
) -> None:
    cv2.setNumThreads(1)
    matting, mesh = Matting(), FaceMesh()
    print(
        "| style | photos | IoU median / worst tenth | outside | skin rho | hair dE median | "
        "glasses kept | invented |\n| --- | ---: | --- | ---: | ---: | ---: | --- | --- |"
    )
    for style in styles:
        cartoonizer, rows = Cartoonizer(style, threads=1), []
        for path in pictures_in(photos):
            try:
                (cartoon,) = cartoonizer(path)
            except ToonmarkError as error:
                print(f"{path.name}: {error}")
                continue
            rows.append(_judged(cartoon, matting, mesh))
            if crops is not None:
                for kind, pixels in (("faces", cartoon.crop), ("cartoons", cartoon.image)):
                    folder = crops / Path(style).stem / kind
                    folder.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(pixels).save(folder / f"{path.stem}.png")
        print(_line(Path(style).stem, rows))


def _judged(cartoon: Cartoon, matting: Matting, mesh: FaceMesh) -> dict[str, float]:
    size = 512
    crop = cv2.resize(cartoon.crop, (size, size), interpolation=cv2.INTER_AREA)
    drawn = cartoon.resized(size)
    person, drawn_figure = matting.coarse(crop) > 0.5, figure(cartoon.image, size)[..., 3] > 127
    reach = round(_AWAY * size)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
    near = cv2.dilate(person.astype(np.uint8), disc) > 0
    points = transform_points(cartoon.points, cartoon.transform) * (size / len(cartoon.crop))
    dense = mesh(crop, points).dense
    regions = found_regions(crop, person.astype(np.float32), dense)
    skin, hair = (
        (_colour(crop, mask), _colour(drawn, mask)) for mask in (regions.skin, regions.top)
    )
    return {
        "iou": (person & drawn_figure).sum() / max((person | drawn_figure).sum(), 1),
        "outside": (drawn_figure & ~near).sum() / max(drawn_figure.sum(), 1),
        "skin": skin[0][0],
        "skin drawn": skin[1][0],
        "hair": float(ciede2000(*hair)) if regions.top.sum() > 200 else np.nan,
        "glasses": fitted(crop, dense).score,
        "glasses drawn": fitted(drawn, dense).score,
    }


def _colour(image: Array, mask: Array) -> Array:
    """The median L*a*b* of a region, given at a smaller size: (3,)."""
    small = cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(np.median(lab[mask], axis=0) if mask.any() else np.full(3, np.nan))


def _line(name: str, rows: list[dict[str, float]]) -> str:
    values = {key: np.array([row[key] for row in rows]) for key in rows[0]}
    known = np.isfinite(values["skin"]) & np.isfinite(values["skin drawn"])
    rho = rank_correlation(values["skin"][known], values["skin drawn"][known])
    wear, bare = values["glasses"] >= SURE, values["glasses"] < NONE
    shown = values["glasses drawn"] >= SURE
    iou, hair = values["iou"], values["hair"]
    return (
        f"| {name} | {len(rows)} | {np.median(iou):.3f} / {np.quantile(iou, 0.1):.3f} | "
        f"{100 * values['outside'].mean():.1f} % | {rho:.2f} | {np.nanmedian(hair):.1f} | "
        f"{(wear & shown).sum()} of {wear.sum()} | {(bare & shown).sum()} of {bare.sum()} |"
    )


if __name__ == "__main__":
    typer.run(main)
