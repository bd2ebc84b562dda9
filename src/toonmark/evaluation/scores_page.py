"""The page for people: one HTML file with tables, charts and pictures, and no network.

It shows photos. Their licence decides who may see it: write it where it stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from toonmark.evaluation import charts, tables
from toonmark.evaluation.charts import Guide, Series, plot
from toonmark.evaluation.drawers import Drawer, PackDrawer
from toonmark.evaluation.gallery import Gallery, at_random, by_error, by_skin, open_gallery
from toonmark.evaluation.optional_tables import cycle_table, group_table, portrait_table
from toonmark.evaluation.page_frame import page
from toonmark.evaluation.scores import Evaluation, Item, Scores
from toonmark.evaluation.summary import caption, percent, references
from toonmark.files import write_text

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
    caveats = dict.fromkeys(caveat for one in compared for caveat in one.warnings)
    sections = [
        *(f"<p class=lead>{escape(caption(one))}</p>" for one in compared),
        "".join(f"<p class=caveat>{escape(caveat)}</p>" for caveat in caveats),
        "<h2>At a glance</h2>",
        tables.main_table(scores),
        _over_time(scores),
        "<h2>The person: from the cartoon, its photo among N</h2>",
        _rank_curve(scores),
        "<h2>The structure: landmarks</h2>",
        tables.structure_table(scores),
        "<h2>The colours of skin and hair</h2>",
        f"<div class=row>{''.join(_skin_chart(s, i) for i, s in enumerate(scores[:8]))}</div>",
        tables.colour_table(scores),
        "<h2>Diversity and cleanness</h2>",
        tables.cleanness_table(scores),
        _section("There and back again", cycle_table(scores)),
        _section("Whole portraits", portrait_table(scores)),
        _section("Groups of people", group_table(scores)),
        *_pictures(scores, drawers, gallery),
        "<h2>What failed</h2>",
        _failures(scores, drawers, gallery),
        "<h2>What the numbers depend on</h2>",
        tables.setting_table(scores),
    ]
    title = "Toonmark: " + ", ".join(s.name for s in scores[:4]) + (" …" if scores[4:] else "")
    write_text(path, page(title, "\n".join(sections)))


def _section(heading: str, content: str) -> str:
    return f"<h2>{escape(heading)}</h2>{content}" if content else ""


def _over_time(scores: Sequence[Scores]) -> str:
    timed = sorted((s for s in scores if s.iterations is not None), key=lambda s: s.iterations or 0)
    if len({s.iterations for s in timed}) < 2:
        return ""
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
    return (
        "<h2>Over the training</h2><div class=row>"
        + plot([kid], label, "KID×1000", [quarter])
        + plot([top1], label, "photo found first, %", [Guide("20 %", 20)])
        + plot([error], label, "landmark error, %", [Guide("6 %", 6)])
        + plot([skin], label, "skin lightness, rank correlation", [Guide("0.8", 0.8)])
        + "</div>"
    )


def _rank_curve(scores: Sequence[Scores]) -> str:
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
    return (
        "<div class=row>"
        + plot([chance, *series], f"within the first k of {n}", "found, %", x_ticks=x_ticks)
        + tables.identity_table(scores)
        + "</div>"
    )


def _skin_chart(scores: Scores, index: int) -> str:
    series = Series(
        scores.name,
        [item.skin_photo for item in scores.items],
        [item.skin_cartoon for item in scores.items],
        charts.colour(index),
        line=False,
    )
    chart = plot(
        [series],
        "skin L* in the photo",
        "in the cartoon",
        [Guide("the same", diagonal=True)],
        width=290,
        height=230,
        from_zero=False,
    )
    return f"<figure>{chart}<figcaption>{escape(scores.name)}</figcaption></figure>"


def _error(item: Item) -> str:
    return "no face found" if item.error is None else f"error {percent(item.error)}"


def _pictures(scores: Sequence[Scores], drawers: Sequence[Drawer], gallery: Gallery) -> list[str]:
    order = ", then ".join(drawer.name for drawer in drawers)
    parts = [f"<h2>Pictures</h2><p>In each tile the photo, then {escape(order)}.</p>"]

    def show(heading: str, items: list[Item], which: Sequence[Drawer], captions: list[str]) -> None:
        parts.append(f"<h3>{escape(heading)}</h3>" + gallery.grid(items, which, captions))

    for one, drawer in list(zip(scores, drawers, strict=True))[:MANY]:
        best, worst = by_error(one)
        show(f"{one.name}: worst tenth by landmarks", worst, [drawer], list(map(_error, worst)))
        show(f"{one.name}: best tenth by landmarks", best, [drawer], list(map(_error, best)))
    dark, light = by_skin(scores[0])
    for heading, items in (("Darkest tenth of skins", dark), ("Lightest tenth of skins", light)):
        captions = [f"L* {i.skin_photo:.0f} → {i.skin_cartoon:.0f}" for i in items]
        show(heading, items, drawers, captions)
    drawn = at_random(scores[0], scores[0].reference.setting.seed)
    show("At random", drawn, drawers, [f"{_error(i)}, place {i.rank}" for i in drawn])
    return parts


def _failures(scores: Sequence[Scores], drawers: Sequence[Drawer], gallery: Gallery) -> str:
    parts = []
    for one, drawer in list(zip(scores, drawers, strict=True))[:MANY]:
        lost = [item for item in one.items if item.error is None]
        if lost:
            shown = lost[:20]
            some = f" The first {len(shown)} of them:" if len(lost) > len(shown) else ""
            parts.append(
                f"<p>{escape(one.name)}: no face was found in {len(lost)} cartoons.{some}</p>"
                + gallery.grid(shown, [drawer], ["no face found"] * len(shown))
            )
        unlike = sorted(one.items, key=lambda item: -item.rank)[:10]
        parts.append(
            f"<p>{escape(one.name)}: the cartoons least like their photo.</p>"
            + gallery.grid(unlike, [drawer], [f"place {item.rank}" for item in unlike])
        )
    skipped = scores[0].reference.skipped
    if skipped:
        rows = "".join(f"<li>{escape(name)}: {escape(why)}</li>" for name, why in skipped[:50])
        more = f"<li>and {len(skipped) - 50} more</li>" if len(skipped) > 50 else ""
        parts.append(f"<p>{len(skipped)} pictures were left out:</p><ul>{rows}{more}</ul>")
    return "".join(parts)
