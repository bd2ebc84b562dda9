"""The evaluation report: one self-contained HTML file with tables, charts and pictures.

It shows photos. Their licence decides who may see it: write it where it stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from toonmark.evaluation import charts, tables
from toonmark.evaluation.charts import Guide, Series, plot
from toonmark.evaluation.drawers import Drawer, PackDrawer
from toonmark.evaluation.gallery import Gallery, Tile, at_random, by_error, by_skin, open_gallery
from toonmark.evaluation.scores import Evaluation, Item, Scores
from toonmark.evaluation.summary import caption, percent, references
from toonmark.files import write_text
from toonmark.html_pages import filled_in

if TYPE_CHECKING:
    from markupsafe import Markup

#: A heading or a sentence, with the faces below it.
Shown = tuple[str, list[Tile]]

#: Beyond this many styles the pictures of each one's own best and worst faces are left out.
MANY = 4


def write_report(
    evaluation: Evaluation,
    packs: Sequence[str | Path | Drawer],
    faces: str | Path,
    path: str | Path,
    crop: bool = False,
) -> None:
    """Writes the page.

    Args:
        evaluation: what was measured.
        packs: the same styles, in the same order; they draw the pictures anew.
        faces: the same folder of photos.
        path: where to; written whole or not at all.
        crop: as it was measured.
    """
    drawers = [PackDrawer(pack) if isinstance(pack, str | Path) else pack for pack in packs]
    gallery = open_gallery(faces, crop)
    scores = evaluation.scores
    compared = [one for one, _ in references(scores)]
    page = filled_in(
        "scores.html",
        title="Toonmark: " + ", ".join(s.name for s in scores[:4]) + (" …" if scores[4:] else ""),
        captions=[caption(one) for one in compared],
        caveats=dict.fromkeys(caveat for one in compared for caveat in one.warnings),
        main=tables.main_table(scores),
        over_time=_over_time(scores),
        ranks=_rank_curve(scores),
        identity=tables.identity_table(scores),
        structure=tables.structure_table(scores),
        skin=[(s.name, _skin_chart(s, i)) for i, s in enumerate(scores[:8])],
        colours=tables.colour_table(scores),
        cleanness=tables.cleanness_table(scores),
        optional={
            "There and back again": tables.cycle_table(scores),
            "Whole portraits": tables.portrait_table(scores),
            "Groups of people": tables.group_table(scores),
        },
        drawers=[drawer.name for drawer in drawers],
        pictures=_pictures(scores, drawers, gallery),
        failures=_failures(scores, drawers, gallery),
        skipped=scores[0].reference.skipped,
        setting=tables.setting_table(scores),
    )
    write_text(path, page)


def _over_time(scores: Sequence[Scores]) -> list[Markup]:
    timed = sorted((s for s in scores if s.iterations is not None), key=lambda s: s.iterations or 0)
    if len({s.iterations for s in timed}) < 2:
        return []
    x = [float(s.iterations or 0) for s in timed]
    reference = timed[0].reference
    kid = Series(
        "KID",
        x,
        [s.distance.kid.value for s in timed],
        charts.colour(0),
        low=[s.distance.kid.low for s in timed],
        high=[s.distance.kid.high for s in timed],
    )
    top1 = Series(
        "found first",
        x,
        [100 * s.identity.top1.value for s in timed],
        charts.colour(1),
        low=[100 * s.identity.top1.low for s in timed],
        high=[100 * s.identity.top1.high for s in timed],
    )
    found = [s for s in timed if s.structure.annotated.median is not None]
    error = Series(
        "landmark error",
        [float(s.iterations or 0) for s in found],
        [100 * (s.structure.annotated.median or 0) for s in found],
        charts.colour(2),
    )
    quarter = Guide("a quarter of the photos' own", reference.photos.kid.value / 4)
    skin = Series("skin", x, [s.colour.skin_rank_correlation for s in timed], charts.colour(3))
    label = "iterations"
    return [
        plot([kid], label, "KID×1000", [quarter]),
        plot([top1], label, "photo found first, %", [Guide("20 %", 20)]),
        plot([error], label, "landmark error, %", [Guide("6 %", 6)]),
        plot([skin], label, "skin lightness, rank correlation", [Guide("0.8", 0.8)]),
    ]


def _rank_curve(scores: Sequence[Scores]) -> Markup:
    import math

    series = [
        Series(
            s.name,
            [math.log10(k) for k, _ in s.identity.curve],
            [100 * share for _, share in s.identity.curve],
            charts.colour(i),
        )
        for i, s in enumerate(scores)
    ]
    steps = [k for k, _ in scores[0].identity.curve]
    n = steps[-1]
    chance = Series(
        "chance", [math.log10(k) for k in steps], [100 * k / n for k in steps], "#999999"
    )
    x_ticks = [(math.log10(k), str(k)) for k in steps if k in (1, 5, 20, 100, 500) or k == n]
    return plot([chance, *series], f"within the first k of {n}", "found, %", x_ticks=x_ticks)


def _skin_chart(scores: Scores, index: int) -> Markup:
    series = Series(
        scores.name,
        [item.skin_photo for item in scores.items],
        [item.skin_cartoon for item in scores.items],
        charts.colour(index),
        line=False,
    )
    return plot(
        [series],
        "skin L* in the photo",
        "in the cartoon",
        [Guide("the same", diagonal=True)],
        width=290,
        height=230,
        from_zero=False,
    )


def _error(item: Item) -> str:
    return "no face found" if item.error is None else f"error {percent(item.error)}"


def _pictures(scores: Sequence[Scores], drawers: Sequence[Drawer], gallery: Gallery) -> list[Shown]:
    shown = []
    for one, drawer in list(zip(scores, drawers, strict=True))[:MANY]:
        best, worst = by_error(one)
        for which, items in (("worst", worst), ("best", best)):
            tiles = gallery.tiles(items, [drawer], list(map(_error, items)))
            shown.append((f"{one.name}: {which} tenth by landmarks", tiles))
    dark, light = by_skin(scores[0])
    for heading, items in (("Darkest tenth of skins", dark), ("Lightest tenth of skins", light)):
        captions = [f"L* {i.skin_photo:.0f} → {i.skin_cartoon:.0f}" for i in items]
        shown.append((heading, gallery.tiles(items, drawers, captions)))
    drawn = at_random(scores[0], scores[0].reference.setting.seed)
    captions = [f"{_error(i)}, place {i.rank}" for i in drawn]
    return [*shown, ("At random", gallery.tiles(drawn, drawers, captions))]


def _failures(scores: Sequence[Scores], drawers: Sequence[Drawer], gallery: Gallery) -> list[Shown]:
    shown = []
    for one, drawer in list(zip(scores, drawers, strict=True))[:MANY]:
        lost = [item for item in one.items if item.error is None]
        if lost:
            some = lost[:20]
            first = f" The first {len(some)} of them:" if len(lost) > len(some) else ""
            told = f"{one.name}: no face was found in {len(lost)} cartoons.{first}"
            shown.append((told, gallery.tiles(some, [drawer], ["no face found"] * len(some))))
        unlike = sorted(one.items, key=lambda item: -item.rank)[:10]
        tiles = gallery.tiles(unlike, [drawer], [f"place {item.rank}" for item in unlike])
        shown.append((f"{one.name}: the cartoons least like their photo.", tiles))
    return shown
