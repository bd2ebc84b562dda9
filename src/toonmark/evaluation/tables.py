"""The HTML tables of the evaluation's page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from toonmark.evaluation.charts import bar, colour
from toonmark.evaluation.scores import Interval, PointError, Scores
from toonmark.evaluation.summary import error_text, interval_text, percent, references


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], note: str = "") -> str:
    """Cells are HTML; the first of a row names it. A row that starts with ~ is a reference."""
    body = []
    for cells in rows:
        plain = cells[0].startswith("~")
        first = cells[0].removeprefix("~")
        rest = "".join(f"<td>{cell}</td>" for cell in cells[1:])
        body.append(f"<tr{' class=reference' if plain else ''}><th>{first}</th>{rest}</tr>")
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    text = f"<p class=note>{note}</p>" if note else ""
    return (
        f"<div class=scroll><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table></div>{text}"
    )


def _barred(value: Interval, full: float, tint: str, scale: float = 1, digits: int = 0) -> str:
    return (
        f"{bar(value.value, value.low, value.high, full, tint)}"
        f"<span>{interval_text(value, scale, digits)}</span>"
    )


def main_table(scores: Sequence[Scores]) -> str:
    """Every style's main numbers under the floor and what doing nothing gives."""
    compared = references(scores)
    photos = [one.photos.kid.high for one, _ in compared]
    full = max([*photos, *(s.distance.kid.high for s in scores)])
    grey = "#9aa0a6"
    rows = []
    for one, apart in compared:
        if one.floor is not None:
            rows.append(
                [
                    f"~real cartoons, others against these{escape(apart)}",
                    _barred(one.floor.kid, full, grey, digits=1),
                    "0 %",
                    f"{one.floor.fid:.0f}",
                    error_text(one.finder_on_cartoons),
                    "",
                    "",
                    "",
                    "",
                ]
            )
        rows.append(
            [
                f"~the photos themselves{escape(apart)}",
                _barred(one.photos.kid, full, grey),
                "100 %",
                f"{one.photos.fid:.0f}",
                error_text(one.finder_on_photos),
                f"{percent(one.mirrored_photo_top1)}, mirrored",
                "",
                "1",
                "",
            ]
        )
    for index, s in enumerate(scores):
        photos_kid = s.reference.photos.kid.value
        share = s.distance.kid.value / photos_kid if photos_kid else 0
        rows.append(
            [
                f'<i style="background:{colour(index)}"></i>{escape(s.name)}',
                _barred(s.distance.kid, full, colour(index)),
                percent(share, 0),
                f"{s.distance.fid:.0f}",
                error_text(s.structure.annotated),
                _barred(s.identity.top1, 1, colour(index), 100),
                percent(s.identity.top5.value, 0),
                f"{s.colour.skin_rank_correlation:.2f}",
                f"{s.milliseconds:.0f}",
            ]
        )
    note = (
        "KID and FID: how far the drawings are from real cartoons; lower is nearer. Landmark error:"
        " median, of the inter-eye distance; in the first rows it is the detector's own error,"
        " below which nothing can be told. Found first: chance is"
        f" {percent(scores[0].identity.chance)}. Style and likeness pull against each other;"
        " neither alone is quality."
    )
    headings = ["", "KID×1000", "of the photos'", "FID", "landmark error", "photo found first, %"]
    return table([*headings, "in five", "skin ρ", "ms a face"], rows, note)


def identity_table(scores: Sequence[Scores]) -> str:
    """First, among five, median place."""
    rows = [
        [
            escape(s.name),
            interval_text(s.identity.top1, 100, 1),
            interval_text(s.identity.top5, 100, 1),
            f"{s.identity.median_rank:.0f}",
        ]
        for s in scores
    ]
    note = (
        "By SFace, a recogniser made for photos; ties count as not found. A mirrored photo finds"
        f" itself in {percent(scores[0].reference.mirrored_photo_top1)}."
    )
    return "<div>" + table(["", "first, %", "in five, %", "median place"], rows, note) + "</div>"


def structure_table(scores: Sequence[Scores]) -> str:
    """Landmark error against three kinds of truth, and by part of the face."""

    def cells(error: PointError | None) -> list[str]:
        if error is None:
            return ["–"] * 6
        parts = (error.median, error.p90, error.eyes, error.nose, error.mouth, error.not_found)
        return [percent(part) for part in parts]

    rows = []
    for one, apart in references(scores):
        rows += [
            [f"~detector on photos{escape(apart)}", *cells(one.finder_on_photos)],
            [f"~detector on real cartoons{escape(apart)}", *cells(one.finder_on_cartoons)],
            ["~… less its offset on cartoons", *cells(one.finder_on_cartoons_corrected)],
        ]
    for s in scores:
        rows.append([escape(s.name), *cells(s.structure.annotated)])
        rows.append(["~… against the detector's own points", *cells(s.structure.detected)])
        if s.structure.corrected is not None:
            rows.append(["~… less its offset on cartoons", *cells(s.structure.corrected)])
    note = (
        f"Found by {escape(scores[0].reference.setting.point_finder)}."
        " The first row of a style is against the photo's annotated points. The second"
        " cancels what the detector does alike on photo and cartoon; the third what it does wrong"
        " on every cartoon."
    )
    headings = ["", "median", "nine tenths below", "eyes", "nose", "mouth", "not found"]
    return table(headings, rows, note)


def colour_table(scores: Sequence[Scores]) -> str:
    """Rank correlations and CIEDE2000."""
    rows = [
        [
            escape(s.name),
            f"{s.colour.skin_rank_correlation:.2f}",
            f"{s.colour.darkest_tenth_drawn_light} of {s.colour.darkest_tenth}",
            f"{s.colour.skin_difference:.1f}",
            "–" if s.colour.hair_difference is None else f"{s.colour.hair_difference:.1f}",
            "–"
            if s.colour.hair_rank_correlation is None
            else f"{s.colour.hair_rank_correlation:.2f}",
            str(s.colour.hair_measured),
        ]
        for s in scores
    ]
    note = (
        "Medians of patches on cheeks and forehead, and of what is not white above it. A difference"
        " (CIEDE2000) of 2 is just seen; cartoons have colours of their own, so the order counts."
    )
    headings = ["", "skin: rank correlation", "darkest tenth drawn light", "skin ΔE", "hair ΔE"]
    return table([*headings, "hair: rank correlation", "hair measured"], rows, note)


def cleanness_table(scores: Sequence[Scores]) -> str:
    """Spread of the drawings, off-white surroundings, chequerboard, background."""
    rows = []
    for one, apart in references(scores):
        name = f"~real cartoons{escape(apart)}"
        haze, chequer = percent(one.cartoon_haze, 2), f"{1000 * one.cartoon_chequer:.2f}"
        rows.append([name, "100 %", "", haze, chequer, "", "", ""])
    for s in scores:
        rows.append(
            [
                escape(s.name),
                percent(s.diversity.of_cartoons, 0),
                percent(s.diversity.of_faces, 0),
                percent(s.cleanness.haze, 2),
                f"{1000 * s.cleanness.chequer:.2f}",
                percent(s.cleanness.background_outside, 2),
                percent(s.cleanness.background_inside, 2),
                "–" if s.cleanness.overlap is None else f"{s.cleanness.overlap:.3f}",
            ]
        )
    note = (
        "Diversity: mean distance between two drawings, as a share of that between real cartoons,"
        " and between the photos. Haze: off-white pixels in the white around the head."
        " Chequerboard: ‰ of the range. Background: how far the drawing changes when one is put"
        " behind the face. Silhouette: overlap (IoU) of the drawn figure with that of a photo cut"
        " out on white, median."
    )
    headings = ["", "diversity, of cartoons'", "of photos'", "haze", "chequerboard, ‰"]
    headings += ["background: around", "within the face", "silhouette"]
    return table(headings, rows, note)


def setting_table(scores: Sequence[Scores]) -> str:
    """Every value that decides the numbers; a column for each set of references."""
    settings = [one.setting.model_dump() for one, _ in references(scores)]
    rows = [
        [escape(name.replace("_", " ")), *(escape(str(one[name])) for one in settings)]
        for name in settings[0]
    ]
    return table(["", *("" for _ in settings)], rows)
