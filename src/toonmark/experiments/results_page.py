"""The experiment's page: the table with bars, and figures 9 and 10 of the paper.

It shows photos: their licence decides who may see it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np

from toonmark.evaluation.charts import bar, colour
from toonmark.evaluation.drawers import Drawer
from toonmark.evaluation.gallery import Gallery, open_gallery
from toonmark.evaluation.page_frame import page
from toonmark.evaluation.scores import Evaluation, Scores
from toonmark.evaluation.tables import setting_table
from toonmark.evaluation.tables import table as html_table
from toonmark.experiments import markdown_table
from toonmark.experiments.figures import COMPARED_ROWS
from toonmark.experiments.results import Results
from toonmark.experiments.spread import Spread
from toonmark.files import write_text

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

_CSS = """<style>
.faces{border-spacing:0}.faces th{font-weight:600;text-align:center;padding:.2rem;
position:sticky;top:0;background:var(--back)}
.faces td{padding:2px;border:0}.faces img{width:96px;height:96px;border-radius:3px;display:block}
td .bar{display:block;margin:0 0 1px auto}td span{min-width:0}th,td{padding-right:.9rem}
.faces thead th{max-width:96px;white-space:normal;vertical-align:bottom}
.faces td:first-child{padding-right:10px}.pair{display:flex;flex-wrap:wrap;gap:1rem 3rem}
code{background:var(--panel);padding:.1rem .35rem;border-radius:4px}
</style>"""


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
    drawers: dict[str, Drawer] = {
        row.name: drawn_by[f"{row.name}-seed{row.seeds[0]}"] for row in results.rows if row.seeds
    }
    first = {
        row.name: scores[f"{row.name}-seed{row.seeds[0]}"] for row in results.rows if row.seeds
    }
    setting = evaluation.scores[0].reference.setting
    lost = markdown_table.failures(results)
    parts = [
        _CSS,
        f"<p class=lead>{escape(markdown_table.order(results))}</p>",
        "<h2>The table</h2>",
        _table(results),
        *(f"<p class=note>{escape(note)}</p>" for note in markdown_table.notes(results)),
        "".join(f"<p class=caveat>Without scores: {escape(text)}</p>" for text in lost),
        _further(results),
        _figures(results, drawers, first, gallery, setting.seed),
        "<h2>What the numbers depend on</h2>",
        setting_table(evaluation.scores),
        f"<p class=note>Made with <code>{escape(command)}</code></p>",
    ]
    write_text(path, page("Toonmark: experiment", "\n".join(parts)))


def _barred(spread: Spread | None, full: float, tint: str, text: str) -> str:
    if spread is None:
        return "–"
    half = spread.deviation or 0.0
    low, high = spread.mean - half, spread.mean + half
    return f"{bar(spread.mean, low, high, full, tint, 70)}<span>{text}</span>"


def _table(results: Results) -> str:
    measures = ("kid", "fid", "landmark_error", "not_found", "top1")
    full = {}
    for key in measures:
        spreads = [s for row in results.rows if (s := getattr(row, key)) is not None]
        full[key] = max([1e-9, *(s.mean + (s.deviation or 0) for s in spreads)])
    rows = [["~" + cells[0], *cells[1:]] for cells in markdown_table.references(results)]
    for index, row in enumerate(results.rows):
        cells = markdown_table.cells(row)
        tint = colour(index)
        for place, key in enumerate(measures, 2):
            cells[place] = _barred(getattr(row, key), full[key], tint, cells[place])
        cells[0] = f'<i style="background:{tint}"></i>{escape(cells[0])}'
        rows.append(cells)
    return html_table(markdown_table.HEADINGS, rows)


def _further(results: Results) -> str:
    """The tables of other extractors."""
    parts = []
    for one in results.further:
        rows = [
            [
                "~floor: other real cartoons",
                "–" if one.floor_fid is None else f"{one.floor_fid:.2f}",
            ],
            ["~the photos themselves", f"{one.photos_fid:.2f}"],
        ]
        rows = [[*row, "–"] for row in rows]
        for row in results.rows:
            if row.name in one.fid:
                fid, kid = one.fid[row.name], one.kid[row.name]
                rows.append(
                    [
                        escape(row.title),
                        markdown_table.number(fid, digits=2),
                        markdown_table.number(kid),
                    ]
                )
        parts.append(f"<h2>By {escape(one.name)}</h2><p class=note>{escape(one.extractor)}</p>")
        parts.append(html_table(("", "FID", "KID×1000"), rows))
    return "".join(parts)


def _figures(
    results: Results,
    drawers: Mapping[str, Drawer],
    scores: Mapping[str, Scores],
    gallery: Gallery,
    seed: int,
) -> str:
    figures = {
        title: [row for row in results.rows if row.name in wanted and row.name in drawers]
        for title, wanted in FIGURES.items()
    }
    if not any(row.name in COMPARED_ROWS for row in results.rows):
        figures.pop(METHODS)  # an ablation has figures 9 and 10
    figures = {title: rows for title, rows in figures.items() if len(rows) > 1}
    if not figures:
        figures = {"Pictures": [row for row in results.rows if row.name in drawers]}
    parts = []
    for title, rows in figures.items():
        names = [row.name for row in rows]
        best, worst = deciles([scores[name] for name in names])
        parts.append(
            f"<h2>{escape(title)}</h2><p class=note>The faces with the lowest and the highest"
            " landmark error, averaged over these methods; a face that was not found counts as an"
            f" error of 1. First seed of each row. Up to {SHOWN} of a tenth, drawn by seed.</p>"
            "<div class=pair>"
        )
        for heading, files in (("Best tenth", best), ("Worst tenth", worst)):
            chosen = _some(files, seed)
            grid = _grid(chosen, [row.title for row in rows], [drawers[n] for n in names], gallery)
            parts.append(f"<div><h3>{heading}</h3>{grid}</div>")
        parts.append("</div>")
    return "".join(parts)


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


def _grid(
    files: Sequence[str], titles: Sequence[str], drawers: Sequence[Drawer], gallery: Gallery
) -> str:
    """Faces in rows, methods in columns."""

    def picture(source: str, name: str) -> str:
        return f'<td><img src="{source}" alt="{escape(name)}" loading="lazy"></td>'

    head = "".join(f"<th>{escape(title)}</th>" for title in ("input", *titles))
    body = []
    for file in files:
        row = picture(gallery.photo(file, drawers[0]), f"photo {file}")
        for title, drawer in zip(titles, drawers, strict=True):
            row += picture(gallery.cartoon(file, drawer), title)
        body.append(f'<tr title="{escape(file)}">{row}</tr>')
    return (
        f'<div class=scroll><table class="faces"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )
