"""The experiment's page: the table with bars, and figures 9 and 10 of the paper.

It shows photos: their licence decides who may see it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from toonmark.evaluation.charts import bar, colour
from toonmark.evaluation.drawers import Drawer
from toonmark.evaluation.gallery import Gallery, Tile, open_gallery
from toonmark.evaluation.scores import Evaluation, Scores
from toonmark.evaluation.tables import Barred, Table, TableRow, setting_table
from toonmark.experiments import markdown_table
from toonmark.experiments.figures import COMPARED_ROWS
from toonmark.experiments.other_extractors import ExtractorDistances
from toonmark.experiments.results import Results, Row
from toonmark.experiments.spread import Spread
from toonmark.files import write_text
from toonmark.html_pages import filled_in

#: Faces shown of a decile; a larger decile is drawn from by seed.
SHOWN = 16

METHODS = "Figures 4 and 5: methods"
#: Heading and rows of the paper's grids; a grid is left out unless two of its rows are there.
FIGURES = {
    METHODS: ("style", "analogy", "improving", "munit", "basic", "full"),
    "Figure 10: landmarks and local discriminators": (
        *("basic", "lm_cd", "lm_co", "without_local", "full"),
    ),
    "Figure 9: two stages and pre-training": ("one_stage", "no_pretraining", "full"),
}


class Figure(NamedTuple):
    """A grid of the paper's: faces that its methods draw well and badly, by landmarks."""

    heading: str
    best: list[Tile]
    worst: list[Tile]


def write_report(
    results: Results,
    evaluation: Evaluation,
    drawn_by: Mapping[str, Drawer],
    faces: str | Path,
    path: Path,
    command: str,
) -> None:
    """Writes the page, whole or not at all.

    Args:
        results: the rows.
        evaluation: the same runs' scores, with each face's.
        drawn_by: what draws, by the run's name.
        faces: the folder that was measured on.
        path: where to.
        command: what made it.
    """
    scores = {s.name: s for s in evaluation.scores}
    gallery = open_gallery(faces, crop=False)
    drawers = {row: drawn_by[run] for row, run in results.first_runs().items()}
    first = {row: scores[run] for row, run in results.first_runs().items()}
    setting = evaluation.scores[0].reference.setting
    text = filled_in(
        "experiment.html",
        title="Toonmark: experiment",
        order=markdown_table.order(results),
        main=_table(results),
        notes=markdown_table.notes(results),
        lost=markdown_table.failures(results),
        further=[(one.name, one.extractor, _further(one, results)) for one in results.further],
        figures=_figures(results, drawers, first, gallery, setting.seed),
        shown=SHOWN,
        setting=setting_table(evaluation.scores),
        command=command,
    )
    write_text(path, text)


def _barred(spread: Spread | None, full: float, tint: str, text: str) -> str | Barred:
    if spread is None:
        return "–"
    half = spread.deviation or 0.0
    low, high = spread.mean - half, spread.mean + half
    return Barred(bar(spread.mean, low, high, full, tint, 70), text)


def _table(results: Results) -> Table:
    measures = ("kid", "fid", "landmark_error", "not_found", "top1")
    full = {}
    for key in measures:
        spreads = [s for row in results.rows if (s := getattr(row, key)) is not None]
        full[key] = max([1e-9, *(s.mean + (s.deviation or 0) for s in spreads)])
    rows = [
        TableRow(name, cells, reference=True) for name, *cells in markdown_table.references(results)
    ]
    for index, row in enumerate(results.rows):
        name, seeds, *texts = markdown_table.cells(row)
        tint = colour(index)
        barred = [
            _barred(getattr(row, key), full[key], tint, text)
            for key, text in zip(measures, texts, strict=False)
        ]
        rows.append(TableRow(name, [seeds, *barred, *texts[len(measures) :]], tint))
    return Table(markdown_table.HEADINGS, rows)


def _further(one: ExtractorDistances, results: Results) -> Table:
    """A further extractor's distances."""
    references, rows = markdown_table.by_extractor(one, results)
    return Table(
        markdown_table.EXTRACTOR_HEADINGS,
        [
            *(TableRow(name, cells, reference=True) for name, *cells in references),
            *(TableRow(name, cells) for name, *cells in rows),
        ],
    )


def _figures(
    results: Results,
    drawers: Mapping[str, Drawer],
    scores: Mapping[str, Scores],
    gallery: Gallery,
    seed: int,
) -> list[Figure]:
    figures = {
        title: [row for row in results.rows if row.name in wanted and row.name in drawers]
        for title, wanted in FIGURES.items()
    }
    if not any(row.name in COMPARED_ROWS for row in results.rows):
        figures.pop(METHODS)  # an ablation has figures 9 and 10
    figures = {title: rows for title, rows in figures.items() if len(rows) > 1}
    if not figures:
        figures = {"Pictures": [row for row in results.rows if row.name in drawers]}

    def tiles(rows: Sequence[Row], files: list[str]) -> list[Tile]:
        drawn_by = [(row.title, drawers[row.name]) for row in rows]
        return [gallery.tile(file, drawn_by) for file in _some(files, seed)]

    return [
        Figure(title, *(tiles(rows, tenth) for tenth in deciles([scores[r.name] for r in rows])))
        for title, rows in figures.items()
    ]


def deciles(scores: Sequence[Scores]) -> tuple[list[str], list[str]]:
    """Files of the best and the worst tenth by landmark error, averaged over several styles."""
    errors = np.mean(
        [[1.0 if i.error is None else min(i.error, 1.0) for i in s.items] for s in scores], axis=0
    )
    order = np.argsort(errors, kind="stable")
    files = [item.file for item in scores[0].items]
    tenth = max(1, len(files) // 10)
    return [files[i] for i in order[:tenth]], [files[i] for i in order[::-1][:tenth]]


def _some(files: list[str], seed: int) -> list[str]:
    if len(files) <= SHOWN:
        return files
    which = np.random.default_rng(seed).choice(len(files), SHOWN, replace=False)
    return [files[i] for i in sorted(which)]
