"""Makes pictures such as ``docs/comparison-bitmoji.jpg``: photos, then what each row draws of them.

``python docs/comparison_picture.py PLAN OUT SET PICTURE [ROW ...]``. PLAN and OUT are a finished
``toonmark experiment``'s; SET is of photos that may be shown, by ``toonmark data folder PHOTOS SET
--points mesh --matte``.
"""

import sys
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from toonmark.data.dataset import Dataset
from toonmark.evaluation.selection import fit
from toonmark.experiments.figures import grid
from toonmark.experiments.measuring import drawer_of
from toonmark.experiments.plan import Plan, jobs_of

#: Rows of a comparison that carry no pieces of the cartoons they learnt from.
ROWS = ("munit", "basic", "full")

plan, out, folder, picture, *rows = sys.argv[1:]
jobs = jobs_of(Plan.model_validate(yaml.safe_load(Path(plan).read_text())), Path(out))
drawers = [drawer_of(next(j for j in jobs if j.row == row), Path(out)) for row in rows or ROWS]
photos = Dataset.open(folder)
columns = []
for i in range(len(photos.names)):
    face, points = fit(photos.image(i), photos.points[i], drawers[0].size, False)
    assert points is not None
    columns.append([face, *(one.draw(face[None], points[None])[0] for one in drawers)])
shown = Image.fromarray(np.asarray(grid(columns)))
shown.resize((2 * shown.width, 2 * shown.height)).save(picture, quality=84)
