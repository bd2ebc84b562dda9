"""The table of an experiment as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from toonmark.evaluation.scores import PointError, Reference, Setting
from toonmark.experiments import other_extractors
from toonmark.experiments.imported_runs import ImportedRun
from toonmark.experiments.other_extractors import ExtractorDistances
from toonmark.experiments.results import Results, Row
from toonmark.experiments.spread import Spread

HEADINGS = (
    *("", "seeds", "KID×1000", "FID", "landmark error", "not found", "photo found first"),
    *("skin ρ", "silhouette", "variety", "FID ratio", "KID ratio", "paper's FID ratio, anime"),
)
#: Of the table by a further extractor.
EXTRACTOR_HEADINGS = ("", "FID", "KID×1000")


def number(spread: Spread | None, scale: float = 1, digits: int = 1, unit: str = "") -> str:
    """Mean ± standard deviation; without the latter for one seed."""
    if spread is None:
        return "–"
    text = f"{scale * spread.mean:.{digits}f}"
    if spread.deviation is not None:
        text += f" ± {scale * spread.deviation:.{digits}f}"
    return text + unit


def cells(row: Row) -> list[str]:
    """A row's cells, in the order of :data:`HEADINGS`."""
    paper = row.paper_fid_ratio
    return [
        row.title,
        str(len(row.seeds)),
        number(row.kid),
        number(row.fid),
        number(row.landmark_error, 100, 1, " %"),
        number(row.not_found, 100, 1, " %"),
        number(row.top1, 100, 1, " %"),
        number(row.skin_rank_correlation, 1, 2),
        number(row.overlap, 1, 2),
        _variety(row),
        number(row.fid_ratio, 1, 3),
        number(row.kid_ratio, 1, 3),
        "–" if paper is None else f"{paper:.3f}",
    ]


def _variety(row: Row) -> str:
    """Two numbers: against the cartoons' variety, and against the photos'."""
    if row.diversity is None or row.diversity_of_faces is None:
        return number(row.diversity, 1, 2)
    return f"{number(row.diversity, 1, 2)}; {number(row.diversity_of_faces, 1, 2)}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _points(error: PointError | None) -> tuple[str, str]:
    return ("–", "–") if error is None else (_share(error.median), _share(error.not_found))


def references(results: Results) -> list[list[str]]:
    """Real cartoons against others, and the photos themselves; as :func:`cells`."""
    if results.reference is None:
        return []
    if not results.other_references:
        return _references(results.reference, "")
    each = [results.reference, *results.other_references]
    return [row for r in each for row in _references(r, f" ({r.setting.cartoons})")]


def _references(r: Reference, of: str) -> list[list[str]]:
    none = ["–"] * 4
    rows = []
    if r.floor is not None:
        found = _points(r.finder_on_cartoons)
        rows.append([f"floor: other real cartoons{of}", "", f"{r.floor.kid.value:.1f}"])
        rows[-1] += [f"{r.floor.fid:.1f}", *found, "–", "–", "–", *none]
    found = _points(r.finder_on_photos)
    rows.append([f"the photos themselves{of}", "", f"{r.photos.kid.value:.1f}"])
    rows[-1] += [f"{r.photos.fid:.1f}", *found]
    rows[-1] += [f"{_share(r.mirrored_photo_top1)}, mirrored", "1.00", "1.00", *none]
    return rows


def by_extractor(
    one: ExtractorDistances, results: Results
) -> tuple[list[list[str]], list[list[str]]]:
    """A further extractor's cells, in the order of :data:`EXTRACTOR_HEADINGS`.

    Returns:
        those of real cartoons against others and of the photos themselves, and those of the rows.
    """
    floor = "–" if one.floor_fid is None else f"{one.floor_fid:.2f}"
    references = [
        ["floor: other real cartoons", floor, "–"],
        ["the photos themselves", f"{one.photos_fid:.2f}", "–"],
    ]
    rows = [
        [row.title, number(one.fid[row.name], digits=2), number(one.kid[row.name], digits=2)]
        for row in results.rows
        if row.name in one.fid
    ]
    return references, rows


def _by_extractors(results: Results) -> list[str]:
    """The lines of the further extractors' sections."""
    lines = []
    titles = {row.name: row.title for row in results.rows}
    for one in results.further:
        references, rows = by_extractor(one, results)
        order = sorted(one.fid, key=lambda row: one.fid[row].mean)
        lines += ["", f"By {one.name} ({one.extractor}):", ""]
        lines += _table(EXTRACTOR_HEADINGS, [*references, *rows])
        lines += ["", f"By this FID: {' < '.join(titles[row] for row in order)}."]
    return lines


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; the first column is text, the others are numbers."""
    return [
        f"| {' | '.join(headings)} |",
        "| --- |" + " ---: |" * (len(headings) - 1),
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _mixed(precision: str) -> str:
    return ", in mixed precision (bfloat16)" if precision == "bf16-mixed" else ""


def _held_out(setting: Setting) -> str:
    if not setting.held_out:
        return "training may have seen them"
    return "held out of training" + f" ({setting.part})" * bool(setting.part)


def _data(results: Results) -> str:
    """What all rows learnt from: rows on cartoons of their own share the photos."""
    return "photos" if results.other_references else "data"


def _but(results: Results) -> str:
    return ", but for what is said of some below" * any(row.elsewhere for row in results.rows)


def _elsewhere(results: Results) -> list[str]:
    """The facts of the runs that were not trained here; those of one kind in one sentence."""
    kinds: dict[str, list[str]] = {}
    for row in results.rows:
        of: dict[str, list[int]] = {}
        for seed, one in row.elsewhere.items():
            of.setdefault(_how(one, results), []).append(seed)
        for how, seeds in of.items():
            named = ", ".join(map(str, seeds))
            kinds.setdefault(how, []).append(f"{row.title} (seed {named})")
    return [
        f"Trained elsewhere, and brought here as averaged weights: {', '.join(rows)}: {how}."
        for how, rows in kinds.items()
    ]


def _how(one: ImportedRun, results: Results) -> str:
    precision = {"bf16-mixed": "mixed (bfloat16)", "32-true": "single"}
    parts = [
        f"{_pictures(one.batch)} a domain an iteration",
        f"precision {precision.get(one.precision or '', 'not stated')}",
        f"on {one.device or 'a device that is not stated'}",
    ]
    if one.batch != results.batch:
        times = one.batch / results.batch
        parts[0] += f", not {results.batch}: other pictures, and {times:g} times as many"
    if one.half:
        parts.append("weights stored in half precision")
    if not one.same_pictures:
        parts.append("its sets are known by name alone")
    return "; ".join(parts)


def notes(results: Results) -> list[str]:
    """Notes that a reader must know, a sentence or two each."""
    told = [
        f"All rows{_but(results)}: {results.iterations} iterations of"
        f" {_pictures(results.batch)} a domain{_mixed(results.precision)}, the same"
        f" {_data(results)} and order of pictures a seed."
        " Mean ± sample standard deviation over the seeds."
    ]
    told += _elsewhere(results)
    r = results.reference
    if r is not None:
        s = r.setting
        chance = 100 / s.n_faces
        told += [
            f"Measured on {s.n_faces} faces of {s.faces} and {s.n_cartoons} cartoons of"
            f" {s.cartoons} at {s.image_size} px, seed {s.seed},"
            f" {_held_out(s)}."
            f" Features: {s.extractor}. Points: {s.point_finder}. Faces: {s.recogniser}; chance"
            f" is {chance:.1f} %.",
            "Landmark error is the median distance between the photo's points and those found in"
            " the drawing, of the inter-eye distance, over the drawings in which a face is found;"
            " on the floor it is the detector's own on real cartoons. A picture that is left as it"
            " was has its features in place, so look at FID beside it.",
            "Skin ρ: rank correlation of lightness with the photo's. Silhouette: overlap (IoU) of"
            " the drawn figure with the photo's on white, median. Variety: mean distance between"
            " two drawings' features, of that between two real cartoons, and of that between two"
            " of the photos.",
        ]
        if results.methods:
            told += other_extractors.notes(results.further, s.extractor)
        told += r.warnings
    if results.other_references:
        sets = [r.setting.cartoons for r in (results.reference, *results.other_references) if r]
        told.append(
            f"Each row is measured against the cartoons that it was trained on, of {len(sets)} sets"
            f" ({', '.join(sets)}): distances are to be compared within a set, variety over all."
        )
    if results.baseline is not None:
        told.append(
            f"Ratios are to {results.baseline} with the same seed. The paper's (table 2) are of"
            " FID on 4096-D features of 2,000 anime faces at 128 px, of how many trainings it"
            " does not say: the order may be compared, the size hardly."
        )
    return told


def failures(results: Results) -> list[str]:
    """Runs without scores, and why."""
    return [
        f"{row.name}, seed {seed}: {why}"
        for row in results.rows
        for seed, why in row.missing.items()
    ]


def order(results: Results) -> str:
    """The rows from best to worst by FID, and the paper's order beside it."""
    known = [row for row in results.rows if row.fid is not None]
    if len(known) < 2 or results.other_references:
        return ""
    ours = " < ".join(r.title for r in sorted(known, key=lambda r: r.fid.mean if r.fid else 0))
    paper = sorted(
        (r for r in known if r.paper_fid_ratio is not None), key=lambda r: r.paper_fid_ratio or 0
    )
    text = f"By FID: {ours}."
    if len(paper) > 1:
        text += f" The paper's: {' < '.join(r.title for r in paper)}."
    text += " Rows whose means ± deviations overlap are not told apart by this order."
    return text


def markdown(results: Results, command: str) -> str:
    """The whole table with its notes."""
    lines = _table(HEADINGS, [*references(results), *(cells(row) for row in results.rows)])
    if text := order(results):
        lines += ["", text]
    lines += _by_extractors(results)
    lines += ["", *(f"- {note}" for note in notes(results))]
    if lost := failures(results):
        lines += ["", "Without scores:", "", *(f"- {text}" for text in lost)]
    return "\n".join([*lines, "", f"Made with `{command}`.", ""])
