"""The table on the terminal: a style a row, floor and ceiling above them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from toonmark.evaluation.scores import (
    Evaluation,
    Interval,
    PointError,
    Portraits,
    Reference,
    Scores,
)


def percent(value: float | None, digits: int = 1) -> str:
    """A share as text."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def interval_text(value: Interval, scale: float = 1, digits: int = 0) -> str:
    """A number with its interval."""
    low, high = value.low * scale, value.high * scale
    return f"{value.value * scale:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def short_text(value: Interval) -> str:
    """A number with half its interval's width."""
    return f"{value.value:.0f} ±{(value.high - value.low) / 2:.0f}"


def error_text(error: PointError | None) -> str:
    """Median landmark error, and the share not found where there is one."""
    if error is None:
        return "–"
    missing = f" ({percent(error.not_found)} not found)" if error.not_found else ""
    return percent(error.median) + missing


def caption(reference: Reference) -> str:
    """The conditions under which the numbers were measured."""
    setting = reference.setting
    return (
        f"{setting.n_faces} faces of {setting.faces}, {setting.n_cartoons} cartoons of"
        f" {setting.cartoons}, {setting.image_size} px, seed {setting.seed}."
        f" Features: {setting.extractor}. Intervals: 95 %."
    )


def references(scores: Sequence[Scores]) -> list[tuple[Reference, str]]:
    """The references that styles are compared with, each once, and its name among the others.

    There is more than one where styles of several sizes, or crops, are measured together.
    """
    found: list[tuple[Reference, str]] = []
    for one in scores:
        if all(one.reference != other for other, _ in found):
            found.append((one.reference, one.name))
    if len(found) == 1:
        return [(found[0][0], "")]
    sizes = [reference.setting.image_size for reference, _ in found]
    return [
        (one, f", {size} px" if sizes.count(size) == 1 else f", as for {name}")
        for (one, name), size in zip(found, sizes, strict=True)
    ]


def summary_table(evaluation: Evaluation) -> Table:
    """The main numbers of all styles.

    The floor is other real cartoons, with the detector's own error on cartoons; the photos are
    what a style that does nothing gets.
    """
    compared = references(evaluation.scores)
    captions = "\n".join(caption(one) for one, _ in compared)
    table = Table(caption=captions, caption_justify="left")
    table.add_column("style")
    for heading in ("KID×1000", "FID", "landmarks", "first", "in 5", "skin ρ", "ms"):
        table.add_column(heading, justify="right")
    for one, apart in compared:
        table.add_row(
            f"(floor{apart})",
            "–" if one.floor is None else short_text(one.floor.kid),
            "–" if one.floor is None else f"{one.floor.fid:.0f}",
            error_text(one.finder_on_cartoons),
            style="dim",
        )
        table.add_row(
            f"(photos{apart})",
            short_text(one.photos.kid),
            f"{one.photos.fid:.0f}",
            error_text(one.finder_on_photos),
            percent(one.mirrored_photo_top1, 0),
            style="dim",
            end_section=True,
        )
    for scores in evaluation.scores:
        table.add_row(
            scores.name,
            short_text(scores.distance.kid),
            f"{scores.distance.fid:.0f}",
            error_text(scores.structure.annotated),
            percent(scores.identity.top1.value),
            percent(scores.identity.top5.value),
            f"{scores.colour.skin_rank_correlation:.2f}",
            f"{scores.milliseconds:.0f}",
        )
    return table


def silhouette_texts(one: Portraits) -> list[str]:
    """Overlaps, median and worst tenth, by each mask and where both agree; and what is outside."""

    def text(median: float | None, worst: float | None) -> str:
        return "–" if median is None or worst is None else f"{median:.3f} / {worst:.3f}"

    return [
        text(one.overlap, one.overlap_worst_tenth),
        percent(one.outside),
        text(one.second_overlap, one.second_worst_tenth),
        text(one.agreed_overlap, one.agreed_worst_tenth),
    ]
