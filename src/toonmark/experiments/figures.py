"""The paper's figures 4 to 7, 14 and 15, and the pictures that a user study needs.

All show the same held-out faces. They are photos: their licence decides who may see them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from toonmark.data.augmentation_settings import Augmentation
from toonmark.data.dataset import Dataset
from toonmark.data.sampling import Sampler
from toonmark.evaluation.drawers import Drawer
from toonmark.evaluation.scores import Evaluation
from toonmark.evaluation.selection import fit
from toonmark.experiments.plan import Job
from toonmark.experiments.results import Results
from toonmark.landmarks import Array
from toonmark.pictures import write
from toonmark.ranges import eight_bits
from toonmark.study.create import GROUPS

COMPARED_ROWS = ("style", "analogy", "improving", "munit")
#: Faces a figure shows.
SHOWN = 8
#: CycleGAN and the paper's method: figures 6, 7, 14 and 15.
OURS = ("basic", "full")
#: File and rows of each figure, from left to right behind the photo.
FIGURES = {"figure-4.png": (*COMPARED_ROWS, *OURS), "figure-14.png": OURS}


def shown_in_figures(rows: Collection[str]) -> bool:
    """Whether these rows make any of the figures: another method, or CycleGAN beside ours."""
    return any(row in rows for row in COMPARED_ROWS) or all(row in rows for row in OURS)


def write_figures(
    results: Results,
    evaluation: Evaluation,
    drawn_by: Mapping[str, Drawer],
    faces: str | Path,
    out: Path,
) -> None:
    """Writes ``out/figures`` (4 and 14; of anime 5 and 15) and ``out/study``.

    ``study/photos`` and ``study/<row>`` hold up to 48 faces, as ``toonmark study create`` takes
    them. Each row draws with its first seed.
    """
    columns = _columns(results, evaluation, drawn_by, faces, GROUPS)
    for name, column in columns.items():
        for k, picture in enumerate(column):
            write(out / "study" / name / f"{k:02d}.png", picture)
    for figure, wanted in FIGURES.items():
        there = tuple(row for row in wanted if row in columns)
        if there == wanted or set(there) - set(OURS):  # of two columns neither is missing
            shown = [columns["photos"], *(columns[row] for row in there)]
            write(out / "figures" / figure, grid([column[:SHOWN] for column in shown]))


def write_styles(
    results: Results,
    evaluation: Evaluation,
    drawn_by: Mapping[str, Drawer],
    faces: str | Path,
    out: Path,
) -> None:
    """Writes ``out/figures/figure-8.png``: the same faces by rows of different cartoons.

    A column of photos, then one a row, in its first seed.
    """
    columns = _columns(results, evaluation, drawn_by, faces, SHOWN)
    write(out / "figures" / "figure-8.png", grid(list(columns.values())))


def _columns(
    results: Results,
    evaluation: Evaluation,
    drawn_by: Mapping[str, Drawer],
    faces: str | Path,
    count: int,
) -> dict[str, list[Array]]:
    """Photos, and each row's drawings of them by its first seed."""
    files = [item.file for item in evaluation.scores[0].items]
    seed = evaluation.scores[0].reference.setting.seed
    chosen = np.random.default_rng(seed).permutation(len(files))[:count]
    pictures = Dataset.open(faces)
    columns: dict[str, list[Array]] = {"photos": []}
    for k, file in enumerate(files[i] for i in chosen):
        index = pictures.names.index(file)
        for row, name in results.first_runs().items():
            drawer = drawn_by[name]
            face, points = fit(pictures.image(index), pictures.points[index], drawer.size, False)
            assert points is not None
            if len(columns["photos"]) == k:
                columns["photos"].append(face)
            columns.setdefault(row, []).append(drawer.draw(face[None], points[None])[0])
    return columns


def write_ways_back(jobs: Sequence[Job], out: Path) -> None:
    """Writes ``out/figures/figure-6.png`` (of anime figure 7): held-out cartoons drawn as faces.

    Args:
        jobs: finished runs; of CycleGAN and of the full method the first are shown.
    """
    from toonmark.evaluation.run_drawing import open_run_drawer

    shown: dict[str, Job] = {}
    for job in jobs:
        if job.row in OURS and job.training is not None:
            shown.setdefault(job.row, job)
    if not shown:
        return
    config = next(iter(shown.values())).training
    assert config is not None
    cartoons = Sampler(
        config.cartoons, config.size, Augmentation(), held_out=True, split=config.split
    )
    chosen = np.random.default_rng(0).permutation(len(cartoons))[:SHOWN]
    samples = [cartoons.plain(int(i)) for i in chosen]
    pictures = np.stack([eight_bits(s.image) for s in samples])
    points = np.stack([sample.landmarks for sample in samples])
    columns = [list(pictures)]
    for row in OURS:
        if row in shown:
            back = open_run_drawer(shown[row].folder).back
            assert back is not None
            columns.append(list(back.draw(pictures, points)))
    write(out / "figures" / "figure-6.png", grid(columns))


def grid(columns: Sequence[Sequence[Array]], gap: int = 2) -> Array:
    """Pictures of one size in columns on white: (H, W, 3) uint8.

    Args:
        columns: equally long.
        gap: pixels between pictures.
    """
    size = columns[0][0].shape[0]
    step = size + gap
    shape = (len(columns[0]) * step - gap, len(columns) * step - gap, 3)
    result = np.full(shape, 255, np.uint8)
    for x, column in enumerate(columns):
        for y, picture in enumerate(column):
            result[y * step : y * step + size, x * step : x * step + size] = picture
    return result
