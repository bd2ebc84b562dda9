"""The numbers of ``toonmark evaluate --portraits``, for a folder of whole photos without points.

    python benchmarks/portraits.py PHOTOS comic flat toon [--crops OUT] [--tight 3]
                                    [--cartoons FOLDER]

Draws the largest face of every photo as ``toonmark cartoonize`` does, and judges outline, colour on
the head and glasses (``toonmark.evaluation.portrait``), the rank correlation of the skin's
lightness, landmarks (MTCNN's in the drawing, against those that it was drawn by) and identity (how
often SFace finds the drawing's own photo first among all). ``--crops`` writes pairs for judges that
know nothing of Toonmark. ``--tight`` draws from less than it judges by: of each photo a square
around the face is left, so many eye distances wide. ``--cartoons`` are compared with: KID x 1000
by EfficientNet-Lite0 (95 %), beside that of the photos, and of one half of the cartoons against the
other (``benchmarks/teacher.py`` makes some).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from PIL import Image

from toonmark import Cartoon, Cartoonizer, ToonmarkError
from toonmark.evaluation.colour import colours, rank_correlation
from toonmark.evaluation.distances import kid
from toonmark.evaluation.estimates import point_error
from toonmark.evaluation.extractors import open_extractor
from toonmark.evaluation.features import Extractor
from toonmark.evaluation.identity import Recognizer, ranks
from toonmark.evaluation.landmark_error import find_all
from toonmark.evaluation.portrait import PortraitJudge, portrait_scores
from toonmark.evaluation.scores import Interval
from toonmark.faces.align import transform_points
from toonmark.faces.mtcnn import Mtcnn
from toonmark.landmarks import Array
from toonmark.pictures import pictures_in, read


def main(
    photos: Path,
    styles: list[str],
    crops: Annotated[Path | None, typer.Option(help="Write pairs of crop and drawing.")] = None,
    tight: Annotated[float, typer.Option(help="Cut photos first: eye distances; 0, not.")] = 0,
    cartoons: Annotated[Path | None, typer.Option(help="Drawings that KID compares with.")] = None,
) -> None:
    cv2.setNumThreads(1)
    judge, finder, recognizer = PortraitJudge(), Mtcnn(), Recognizer()
    extractor = wanted = None
    if cartoons is not None:
        extractor = open_extractor("efficientnet-lite0")
        wanted = features(extractor, [read(path).pixels for path in pictures_in(cartoons)])
        told = f"{len(wanted)} cartoons in {cartoons}"
        print(f"KID of {told}, halves: {interval(kid(wanted[::2], wanted[1::2]))}\n")
    print(
        "| style | photos | IoU median / worst tenth | outside | by another mask | outside | "
        "where both agree | skin rho | on the head, dE | glasses kept | invented | "
        "landmark error | not found | photo found first | KID | of the photos |\n"
        "| --- | ---: | --- | ---: | --- | ---: | --- | ---: | ---: | --- | --- | ---: | ---: "
        "| ---: | --- | --- |"
    )
    for style in styles:
        cartoonizer, judged, light = Cartoonizer(style, threads=1), [], []
        found, true, faces, drawings, pairs = [], [], [], [], []
        for path in pictures_in(photos):
            try:
                (cartoon,) = cartoonizer(path)
                if tight:
                    cartoon = replace(cartoon, image=from_tight(cartoonizer, path, cartoon, tight))
            except ToonmarkError as error:
                print(f"{path.name}: {error}")
                continue
            points = transform_points(cartoon.points, cartoon.transform)
            judged.append(judge(cartoon.crop, cartoon.image, points))
            drawn = cartoon.resized(len(cartoon.crop))
            pairs.append((cartoon.crop, cartoon.image))
            tones = colours(np.stack([cartoon.crop, drawn]), np.stack([points, points]))
            light.append(tones[:, 0])
            found.append(find_all(finder, drawn[None]).reshape(5, 2))
            true.append(points)
            faces.append(recognizer(cartoon.crop[None], points[None])[0])
            drawings.append(recognizer(drawn[None], points[None])[0])
            if crops is not None:
                for kind, pixels in (("faces", cartoon.crop), ("cartoons", cartoon.image)):
                    folder = crops / Path(style).stem / kind
                    folder.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(pixels).save(folder / f"{path.stem}.png")
        one, rho = portrait_scores(judged), rank_correlation(*np.array(light).T)
        placed = point_error(np.stack(found), np.stack(true))
        likeness = ["–", "–"]
        if extractor is not None and wanted is not None:
            kinds = zip(*pairs, strict=True)
            likeness = [interval(kid(features(extractor, kind), wanted)) for kind in kinds]
        first = np.mean(ranks(np.stack(drawings), np.stack(faces)) == 1)
        print(
            f"| {Path(style).stem} | {one.n} | {one.overlap:.3f} / {one.overlap_worst_tenth:.3f} | "
            f"{100 * one.outside:.1f} % | "
            f"{one.second_overlap:.3f} / {one.second_worst_tenth:.3f} | "
            f"{100 * (one.second_outside or 0):.1f} % | "
            f"{one.agreed_overlap:.3f} / {one.agreed_worst_tenth:.3f} | {rho:.2f} | "
            f"{one.top_difference or float('nan'):.1f} | "
            f"{one.glasses_kept} of {one.glasses_worn} | {one.glasses_invented} of {one.bare} | "
            f"{100 * (placed.median or float('nan')):.1f} % | {100 * placed.not_found:.0f} % | "
            f"{100 * first:.0f} % | {likeness[1]} | {likeness[0]} |"
        )


def features(extractor: Extractor, pictures: Sequence[Array]) -> Array:
    return np.concatenate([extractor(np.array(picture[None])) for picture in pictures])


def interval(value: Interval) -> str:
    return f"{value.value:.0f} ({value.low:.0f} to {value.high:.0f})"


def from_tight(cartoonizer: Cartoonizer, path: Path, whole: Cartoon, tight: float) -> Array:
    """What is drawn of the same face, in the same frame, from a photo that is cut around it.

    What is missing of hair, chin and shoulders must be made up.
    """
    photo, points = read(path).pixels, whole.points
    half = tight * np.linalg.norm(points[1] - points[0]) / 2
    x, y = points.mean(0)
    top, left = max(0, round(y - half)), max(0, round(x - half))
    cut = photo[top : round(y + half), left : round(x + half)]
    (drawn,) = cartoonizer(cut, landmarks=points - (left, top))
    return drawn.image


if __name__ == "__main__":
    typer.run(main)
