"""The tables of the evaluation's page; ``html_pages/pieces.html`` draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from toonmark.evaluation.charts import bar, colour
from toonmark.evaluation.scores import Interval, PointError, Scores
from toonmark.evaluation.summary import (
    error_text,
    interval_text,
    percent,
    references,
    silhouette_texts,
)

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True)
class Barred:
    """A cell: a number as a bar, and as text."""

    bar: Markup
    text: str


class TableRow(NamedTuple):
    """A row: its name with a dot of a colour, and its cells.

    ``reference`` is True where it is only what other rows are compared with.
    """

    name: str
    cells: Sequence[str | Barred]
    tint: str = ""
    reference: bool = False


class Table(NamedTuple):
    """A table; the first of its headings stands above the rows' names."""

    headings: Sequence[str]
    rows: Sequence[TableRow]
    note: str = ""


def _reference(name: str, cells: Sequence[str | Barred]) -> TableRow:
    return TableRow(name, cells, reference=True)


def _barred(value: Interval, full: float, tint: str, scale: float = 1, digits: int = 0) -> Barred:
    drawn = bar(value.value, value.low, value.high, full, tint)
    return Barred(drawn, interval_text(value, scale, digits))


def main_table(scores: Sequence[Scores]) -> Table:
    """Every style's main numbers under the floor and what doing nothing gives."""
    compared = references(scores)
    photos = [one.photos.kid.high for one, _ in compared]
    full = max([*photos, *(s.distance.kid.high for s in scores)])
    grey = "#9aa0a6"
    rows = []
    for one, apart in compared:
        if one.floor is not None:
            drawn = _barred(one.floor.kid, full, grey, digits=1)
            found = error_text(one.finder_on_cartoons)
            floor: list[str | Barred] = [
                drawn,
                "0 %",
                f"{one.floor.fid:.0f}",
                found,
                "",
                "",
                "",
                "",
            ]
            rows.append(_reference(f"real cartoons, others against these{apart}", floor))
        drawn, found = _barred(one.photos.kid, full, grey), error_text(one.finder_on_photos)
        mirrored = f"{percent(one.mirrored_photo_top1)}, mirrored"
        nothing: list[str | Barred] = [
            drawn,
            "100 %",
            f"{one.photos.fid:.0f}",
            found,
            mirrored,
            "",
            "1",
            "",
        ]
        rows.append(_reference(f"the photos themselves{apart}", nothing))
    for index, s in enumerate(scores):
        photos_kid = s.reference.photos.kid.value
        share = s.distance.kid.value / photos_kid if photos_kid else 0
        cells: list[str | Barred] = [
            _barred(s.distance.kid, full, colour(index)),
            percent(share, 0),
            f"{s.distance.fid:.0f}",
            error_text(s.structure.annotated),
            _barred(s.identity.top1, 1, colour(index), 100),
            percent(s.identity.top5.value, 0),
            f"{s.colour.skin_rank_correlation:.2f}",
            f"{s.milliseconds:.0f}",
        ]
        rows.append(TableRow(s.name, cells, colour(index)))
    note = (
        "KID and FID: how far the drawings are from real cartoons; lower is nearer. Landmark error:"
        " median, of the inter-eye distance; in the first rows it is the detector's own error,"
        " below which nothing can be told. Found first: chance is"
        f" {percent(scores[0].identity.chance)}. Style and likeness pull against each other;"
        " neither alone is quality."
    )
    headings = ["", "KID×1000", "of the photos'", "FID", "landmark error", "photo found first, %"]
    return Table([*headings, "in five", "skin ρ", "ms a face"], rows, note)


def identity_table(scores: Sequence[Scores]) -> Table:
    """First, among five, median place."""
    rows = [
        TableRow(
            s.name,
            [
                interval_text(s.identity.top1, 100, 1),
                interval_text(s.identity.top5, 100, 1),
                f"{s.identity.median_rank:.0f}",
            ],
        )
        for s in scores
    ]
    note = (
        "By SFace, a recogniser made for photos; ties count as not found. A mirrored photo finds"
        f" itself in {percent(scores[0].reference.mirrored_photo_top1)}."
    )
    return Table(["", "first, %", "in five, %", "median place"], rows, note)


def structure_table(scores: Sequence[Scores]) -> Table:
    """Landmark error against three kinds of truth, and by part of the face."""

    def cells(error: PointError | None) -> list[str]:
        if error is None:
            return ["–"] * 6
        parts = (error.median, error.p90, error.eyes, error.nose, error.mouth, error.not_found)
        return [percent(part) for part in parts]

    corrected = "… less its offset on cartoons"
    rows = []
    for one, apart in references(scores):
        rows += [
            _reference(f"detector on photos{apart}", cells(one.finder_on_photos)),
            _reference(f"detector on real cartoons{apart}", cells(one.finder_on_cartoons)),
            _reference(corrected, cells(one.finder_on_cartoons_corrected)),
        ]
    for s in scores:
        rows.append(TableRow(s.name, cells(s.structure.annotated)))
        rows.append(_reference("… against the detector's own points", cells(s.structure.detected)))
        if s.structure.corrected is not None:
            rows.append(_reference(corrected, cells(s.structure.corrected)))
    note = (
        f"Found by {scores[0].reference.setting.point_finder}."
        " The first row of a style is against the photo's annotated points. The second"
        " cancels what the detector does alike on photo and cartoon; the third what it does wrong"
        " on every cartoon."
    )
    headings = ["", "median", "nine tenths below", "eyes", "nose", "mouth", "not found"]
    return Table(headings, rows, note)


def colour_table(scores: Sequence[Scores]) -> Table:
    """Rank correlations and CIEDE2000."""
    rows = [
        TableRow(
            s.name,
            [
                f"{s.colour.skin_rank_correlation:.2f}",
                f"{s.colour.darkest_tenth_drawn_light} of {s.colour.darkest_tenth}",
                f"{s.colour.skin_difference:.1f}",
                _known(s.colour.hair_difference, 1),
                _known(s.colour.hair_rank_correlation, 2),
                str(s.colour.hair_measured),
            ],
        )
        for s in scores
    ]
    note = (
        "Medians of patches on cheeks and forehead, and of what is not white above it. A difference"
        " (CIEDE2000) of 2 is just seen; cartoons have colours of their own, so the order counts."
    )
    headings = ["", "skin: rank correlation", "darkest tenth drawn light", "skin ΔE", "hair ΔE"]
    return Table([*headings, "hair: rank correlation", "hair measured"], rows, note)


def cleanness_table(scores: Sequence[Scores]) -> Table:
    """Spread of the drawings, off-white surroundings, chequerboard, background."""
    rows = []
    for one, apart in references(scores):
        haze, chequer = percent(one.cartoon_haze, 2), f"{1000 * one.cartoon_chequer:.2f}"
        rows.append(_reference(f"real cartoons{apart}", ["100 %", "", haze, chequer, "", "", ""]))
    for s in scores:
        cells = [
            percent(s.diversity.of_cartoons, 0),
            percent(s.diversity.of_faces, 0),
            percent(s.cleanness.haze, 2),
            f"{1000 * s.cleanness.chequer:.2f}",
            percent(s.cleanness.background_outside, 2),
            percent(s.cleanness.background_inside, 2),
            _known(s.cleanness.overlap, 3),
        ]
        rows.append(TableRow(s.name, cells))
    note = (
        "Diversity: mean distance between two drawings, as a share of that between real cartoons,"
        " and between the photos. Haze: off-white pixels in the white around the head."
        " Chequerboard: ‰ of the range. Background: how far the drawing changes when one is put"
        " behind the face. Silhouette: overlap (IoU) of the drawn figure with that of a photo cut"
        " out on white, median."
    )
    headings = ["", "diversity, of cartoons'", "of photos'", "haze", "chequerboard, ‰"]
    headings += ["background: around", "within the face", "silhouette"]
    return Table(headings, rows, note)


def setting_table(scores: Sequence[Scores]) -> Table:
    """Every value that decides the numbers; a column for each set of references."""
    settings = [one.setting.model_dump() for one, _ in references(scores)]
    rows = [
        TableRow(name.replace("_", " "), [str(one[name]) for one in settings])
        for name in settings[0]
    ]
    return Table(["", *("" for _ in settings)], rows)


def cycle_table(scores: Sequence[Scores]) -> Table:
    """There and back again; empty where nothing has a way back."""
    rows = []
    for s in scores:
        for way in ("face", "cartoon"):
            cycle = getattr(s.cycle, way, None)
            if cycle is not None:
                there = "face → cartoon → face" if way == "face" else "cartoon → face → cartoon"
                l1, perceptual = percent(cycle.l1, 2), percent(cycle.perceptual, 0)
                rows.append(TableRow(s.name, [there, l1, perceptual, str(cycle.n)]))
    note = (
        "Mean absolute difference from the original, of the range; and distance of the features,"
        " as a share of that between two different pictures."
    )
    return Table(["", "", "L1", "perceptual", "N"], rows, note)


def portrait_table(scores: Sequence[Scores]) -> Table:
    """Outline, colour on the head, glasses; empty where they were not measured."""
    rows = [
        TableRow(
            s.name,
            [
                str(p.n),
                *silhouette_texts(p),
                _known(p.top_difference, 1),
                f"{p.glasses_kept} of {p.glasses_worn}",
                f"{p.glasses_invented} of {p.bare}",
            ],
        )
        for s in scores
        if (p := s.portraits) is not None
    ]
    headings = ["", "N", "silhouette, median / worst tenth", "outside", "by another mask"]
    headings += ["where both agree", "ΔE on the head"]
    note = (
        "Silhouette: intersection over union of the figure and u2netp's matte of the photo;"
        " outside: of the figure, farther from it than 3 % of the frame. Another mask:"
        " MediaPipe's Selfie Segmentation; where both agree: of the pixels that they take alike."
        " On the head: CIEDE2000 of hair or what covers it, found by GrabCut. Glasses: frames"
        " fitted to thin lines."
    )
    return Table([*headings, "glasses kept", "invented"], rows, note)


def group_table(scores: Sequence[Scores]) -> Table:
    """Scores by label; empty where the faces have none."""
    rows = [
        TableRow(
            f"{s.name}: {g.label} {g.value}",
            [
                str(g.n),
                interval_text(g.top1, 100, 1),
                percent(g.landmark_error),
                percent(g.not_found),
                f"{g.skin_difference:.1f}",
                f"{g.lightness_shift:+.1f}",
                _known(g.overlap, 3),
                _known(g.top_difference, 1),
            ],
        )
        for s in scores
        for g in s.groups
    ]
    headings = ["", "N", "photo found first, %", "landmark error", "not found", "skin ΔE"]
    note = "Each photo is looked for among all. Lightness: median L* of cartoon less photo."
    headings += ["skin lightness", "silhouette", "ΔE on the head"]
    return Table(headings, rows, note)


def _known(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
