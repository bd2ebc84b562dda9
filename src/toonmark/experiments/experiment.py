"""The whole experiment: rows are trained, exported, measured and reported."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from toonmark.artifacts import has_checkpoint
from toonmark.errors import ConfigurationError, RunError
from toonmark.experiments import imported_runs, measuring, other_extractors, state
from toonmark.experiments.figures import (
    shown_in_figures,
    write_figures,
    write_styles,
    write_ways_back,
)
from toonmark.experiments.leakage import check_splits
from toonmark.experiments.markdown_table import markdown
from toonmark.experiments.measuring import drawer_of, export_finished, measure, measured_on
from toonmark.experiments.plan import Job, Plan, jobs_of
from toonmark.experiments.progress import Board
from toonmark.experiments.results import Results, results_of
from toonmark.experiments.results_page import write_report
from toonmark.experiments.runner import train_all
from toonmark.files import write_text

PLAN = "plan.json"


def train_rows(plan: Plan, out: Path, side_by_side: int = 2) -> bool:
    """Trains all rows with all seeds; goes on where it was stopped.

    Args:
        plan: what to train.
        out: the experiment's folder; each run is ``out/rows/<row>-seed<k>``.
        side_by_side: processes at a time, of one thread each.

    Returns:
        False if it was asked to stop before the end. Runs that failed do not count.

    Raises:
        ConfigurationError: the plan is wrong, or differs from what runs here began with.
        DataError: a set cannot be used.
        MissingWeightsError, MissingExtraError: see :func:`.state.prepare` and
            :func:`.measuring.check`.
    """
    jobs = jobs_of(plan, out)
    _check_precision(plan, jobs, out)
    check_splits(plan, jobs)
    measuring.check(plan, jobs)
    state.prepare(jobs)
    write_text(out / PLAN, plan.model_dump_json(indent=1) + "\n")
    with Board(jobs) as shown:
        return train_all(jobs, side_by_side, shown)


def rows_begun(out: Path) -> dict[str, Any]:
    """The rows and the baseline of the plan by which an experiment's folder was last trained."""
    try:
        values = json.loads((out / PLAN).read_text(encoding="utf-8"))
        return {key: values[key] for key in ("rows", "baseline")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _check_precision(plan: Plan, jobs: Sequence[Job], out: Path) -> None:
    """Refuses to go on in another precision: rows could not be compared, nor runs repeated."""
    if not any(has_checkpoint(job.folder) for job in jobs):
        return
    try:
        before = json.loads((out / PLAN).read_text(encoding="utf-8")).get("precision", "32-true")
    except (OSError, ValueError):
        return
    if before != plan.precision:
        raise ConfigurationError(
            f"The runs in {out} began with precision {before}, and the plan says {plan.precision}.",
            f"Write `precision: {before}` in the plan, or begin in another folder.",
        )


def tabulate(
    plan: Plan,
    out: Path,
    command: str,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Results:
    """Measures what is finished; writes ``table.md``, ``table.json`` and ``report.html``.

    Raises:
        RunError: no run is finished.
        ConfigurationError: a run that was brought here is not what the plan says.
        DataError: the sets cannot be measured on.
    """
    jobs = jobs_of(plan, out)
    imported_runs.check(jobs)
    exported, failed = export_finished(jobs, out)
    if not exported:
        reasons = "; ".join(failed.values()) or _reasons(jobs)
        raise RunError(
            f"No run in {out} can be measured: {reasons or 'none is trained to the end'}.",
            "Start the same command again to go on training.",
        )
    evaluation = measure(plan, exported, out, on_progress)
    others = other_extractors.distances(
        plan, exported, lambda name: measure(plan, exported, out, on_progress, name)
    )
    results = results_of(plan, jobs, evaluation, failed, others)
    write_text(out / "table.json", results.model_dump_json(indent=1) + "\n")
    write_text(out / "table.md", markdown(results, command))
    drawn_by = {job.name: drawer_of(job, out) for job in exported}
    faces = measured_on(plan, "faces", exported)
    write_report(results, evaluation, drawn_by, faces, out / "report.html", command)
    if shown_in_figures(plan.rows):
        write_figures(results, evaluation, drawn_by, faces, out)
        write_ways_back(exported, out)
    if results.other_references:
        write_styles(results, evaluation, drawn_by, faces, out)
    return results


def _reasons(jobs: Sequence[Job]) -> str:
    failures = {f.message for job in jobs if (f := state.failure_of(job)) is not None}
    return "; ".join(sorted(failures)).rstrip(".")
