"""Makes pictures such as ``docs/comparison-bitmoji.jpg``: photos, then what each row draws of them.

``python docs/comparison_picture.py PLAN OUT SET PICTURE [--back STYLE] [ROW ...]``. PLAN and OUT
are a finished ``toonmark experiment``'s; SET is of photos that may be shown, by ``toonmark data
folder PHOTOS SET --points mesh --matte``. With ``--back`` STYLE draws the photos, and rows draw
faces of its drawings.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
import yaml
from PIL import Image

from toonmark.data.dataset import Dataset
from toonmark.evaluation.drawers import PackDrawer
from toonmark.evaluation.run_drawing import open_run_drawer
from toonmark.evaluation.selection import fit
from toonmark.experiments.figures import grid
from toonmark.experiments.measuring import drawer_of
from toonmark.experiments.plan import Plan, jobs_of

#: Rows of a comparison that carry no pieces of the cartoons they learnt from.
ROWS = ["munit", "basic", "full"]


def main(
    plan: Path,
    out: Path,
    photos: Path,
    picture: Path,
    rows: Annotated[list[str] | None, typer.Argument()] = None,
    back: Annotated[
        str | None, typer.Option(help="Draws the photos, whose drawings go back.")
    ] = None,
) -> None:
    jobs = jobs_of(Plan.model_validate(yaml.safe_load(plan.read_text())), out)
    wanted = [next(j for j in jobs if j.row == row) for row in rows or ROWS]
    style = None if back is None else PackDrawer(back)
    if style is None:
        drawers = [drawer_of(job, out) for job in wanted]
    else:
        drawers = [way for job in wanted if (way := open_run_drawer(job.folder).back) is not None]
    dataset, columns = Dataset.open(photos), []
    for i in range(len(dataset.names)):
        shown, points = dataset.image(i), dataset.points[i]
        if style is not None:
            first, there = fit(shown, points, style.size, False)
            assert there is not None
            shown, points = style.draw(first[None], there[None])[0], there
        face, there = fit(shown, points, drawers[0].size, False)
        assert there is not None
        columns.append([face, *(one.draw(face[None], there[None])[0] for one in drawers)])
    made = Image.fromarray(np.asarray(grid(columns)))
    made.resize((2 * made.width, 2 * made.height)).save(picture, quality=84)


if __name__ == "__main__":
    typer.run(main)
