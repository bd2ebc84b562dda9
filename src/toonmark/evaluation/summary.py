"""The table on the terminal: a style a row, floor and ceiling above them."""

from __future__ import annotations

from rich.table import Table

from toonmark.evaluation.scores import Evaluation, Interval, PointError, Reference


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
    """Under what circumstances the numbers were measured."""
    setting = reference.setting
    return (
        f"{setting.n_faces} faces of {setting.faces}, {setting.n_cartoons} cartoons of"
        f" {setting.cartoons}, {setting.image_size} px, seed {setting.seed}."
        f" Features: {setting.extractor}. Intervals: 95 %."
    )


def summary_table(evaluation: Evaluation) -> Table:
    """The main numbers of all styles.

    The floor is other real cartoons, with the detector's own error on cartoons; the photos are
    what a style that does nothing gets.
    """
    first = evaluation.scores[0].reference
    table = Table(caption=caption(first), caption_justify="left")
    table.add_column("style")
    for heading in ("KID×1000", "FID", "landmarks", "first", "in 5", "skin ρ", "ms"):
        table.add_column(heading, justify="right")
    table.add_row(
        "(floor)",
        "–" if first.floor is None else short_text(first.floor.kid),
        "–" if first.floor is None else f"{first.floor.fid:.0f}",
        error_text(first.finder_on_cartoons),
        style="dim",
    )
    table.add_row(
        "(photos)",
        short_text(first.photos.kid),
        f"{first.photos.fid:.0f}",
        error_text(first.finder_on_photos),
        percent(first.mirrored_photo_top1, 0),
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
