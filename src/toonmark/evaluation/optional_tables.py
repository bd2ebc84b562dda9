"""The tables of the page that only some evaluations have: of runs, and of labelled faces."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from toonmark.evaluation.scores import Scores
from toonmark.evaluation.summary import interval_text, percent, silhouette_texts
from toonmark.evaluation.tables import table


def cycle_table(scores: Sequence[Scores]) -> str:
    """There and back again; empty where nothing has a way back."""
    rows = []
    for s in scores:
        for way in ("face", "cartoon"):
            cycle = getattr(s.cycle, way, None)
            if cycle is not None:
                there = "face → cartoon → face" if way == "face" else "cartoon → face → cartoon"
                l1, perceptual = percent(cycle.l1, 2), percent(cycle.perceptual, 0)
                rows.append([escape(s.name), there, l1, perceptual, str(cycle.n)])
    note = (
        "Mean absolute difference from the original, of the range; and distance of the features,"
        " as a share of that between two different pictures."
    )
    return table(["", "", "L1", "perceptual", "N"], rows, note) if rows else ""


def portrait_table(scores: Sequence[Scores]) -> str:
    """Outline, colour on the head, glasses; empty where they were not measured."""
    rows = [
        [
            escape(s.name),
            str(p.n),
            *silhouette_texts(p),
            "–" if p.top_difference is None else f"{p.top_difference:.1f}",
            f"{p.glasses_kept} of {p.glasses_worn}",
            f"{p.glasses_invented} of {p.bare}",
        ]
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
    return table([*headings, "glasses kept", "invented"], rows, note) if rows else ""


def group_table(scores: Sequence[Scores]) -> str:
    """Scores by label; empty where the faces have none."""
    rows = [
        [
            f"{escape(s.name)}: {escape(g.label)} {escape(g.value)}",
            str(g.n),
            interval_text(g.top1, 100, 1),
            percent(g.landmark_error),
            percent(g.not_found),
            f"{g.skin_difference:.1f}",
            f"{g.lightness_shift:+.1f}",
            "–" if g.overlap is None else f"{g.overlap:.3f}",
            "–" if g.top_difference is None else f"{g.top_difference:.1f}",
        ]
        for s in scores
        for g in s.groups
    ]
    headings = ["", "N", "photo found first, %", "landmark error", "not found", "skin ΔE"]
    note = "Each photo is looked for among all. Lightness: median L* of cartoon less photo."
    headings += ["skin lightness", "silhouette", "ΔE on the head"]
    return table(headings, rows, note) if rows else ""
