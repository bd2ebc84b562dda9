"""Evaluates an experiment's finished runs, all on the same pictures."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from toonmark.artifacts import run_of
from toonmark.data.dataset import Dataset
from toonmark.data.split import HeldOut
from toonmark.errors import DataError, ToonmarkError
from toonmark.evaluation import Evaluation, Options, Scores, evaluate_all
from toonmark.evaluation.drawers import Drawer, PackDrawer
from toonmark.evaluation.extractors import open_extractor
from toonmark.evaluation.finders import open_finder
from toonmark.evaluation.identity import Recognizer
from toonmark.evaluation.selection import select
from toonmark.experiments import other_extractors, state
from toonmark.experiments.drawing_cache import KeptDrawer
from toonmark.experiments.plan import Job, Measuring, Plan
from toonmark.files import write_text
from toonmark.methods.analogy import AnalogyConfig, AnalogyDrawer
from toonmark.methods.gatys import GatysConfig, GatysDrawer
from toonmark.methods.optimised import OptimisedDrawer
from toonmark.training.config import TrainConfig

SCORES = "scores.json"
PACKS = "packs"


def pack_of(job: Job, out: Path) -> Path:
    """Where a run's style pack lies; its name is the run's."""
    return out / PACKS / f"{job.name}.onnx"


def export_finished(jobs: Sequence[Job], out: Path) -> tuple[list[Job], dict[str, str]]:
    """Writes the packs of finished runs that are not there yet.

    Returns:
        the runs that have one, and for others that are finished what went wrong, by name.
    """
    from toonmark.exporting import export_run

    exported, failed = [], {}
    for job in jobs:
        if not state.is_finished(job):
            continue
        if not isinstance(job.config, TrainConfig):
            exported.append(job)  # drawn without a pack
            continue
        pack, weights = pack_of(job, out), run_of(job.folder).weights
        try:
            if not pack.exists() or pack.stat().st_mtime < weights.stat().st_mtime:
                pack.parent.mkdir(parents=True, exist_ok=True)
                export_run(job.folder, pack, title=f"{job.row}, seed {job.seed}")
            exported.append(job)
        except ToonmarkError as error:
            failed[job.name] = error.happened
    return exported, failed


def drawer_of(job: Job, out: Path) -> Drawer:
    """The drawer of a finished run: its pack, its networks, or the method that is not trained.

    Raises:
        StyleError, RunError, DataError: it cannot be opened.
    """
    if isinstance(job.config, TrainConfig):
        return PackDrawer(pack_of(job, out))
    if job.training is not None:
        from toonmark.evaluation.run_drawing import open_run_drawer

        return open_run_drawer(job.folder)
    return KeptDrawer(drawing_method(job), job.folder / "drawings")


def drawing_method(job: Job) -> OptimisedDrawer:
    """The drawer of a method that is not trained."""
    if isinstance(job.config, GatysConfig):
        return GatysDrawer(job.name, job.config)
    assert isinstance(job.config, AnalogyConfig)
    return AnalogyDrawer(job.name, job.config)


def measured_on(plan: Plan, domain: Literal["faces", "cartoons"], jobs: Sequence[Job]) -> str:
    """The set that runs are measured on.

    Args:
        domain: its kind.
        jobs: all runs for faces, on which every row is measured; those of a group of
            :func:`by_cartoons` for cartoons.

    Raises:
        DataError: training used several folders, or none, and the plan does not say which counts.
    """
    named: str | None = getattr(plan.measure, domain)
    configs = [job.training for job in jobs if job.training is not None]
    trained = list(dict.fromkeys(f for config in configs for f in getattr(config, domain)))
    if named is None and len(trained) != 1:
        raise DataError(
            f"The rows are trained on several folders of {domain}."
            if trained
            else f"No row is trained, so no row says on which {domain} to measure.",
            f"Name the one to measure on as `measure: {domain}:` in the plan.",
        )
    return named or trained[0]


def by_cartoons(plan: Plan, jobs: Sequence[Job]) -> list[list[Job]]:
    """The runs that are measured against the same cartoons: those that they were trained on.

    One group where the plan names the cartoons to measure on.
    """
    groups: dict[tuple[str, ...], list[Job]] = {}
    for job in jobs:
        own = () if job.training is None else tuple(dict.fromkeys(job.training.cartoons))
        groups.setdefault(() if plan.measure.cartoons is not None else own, []).append(job)
    if len(groups) > 1 and () in groups:  # drawn, not trained: against the first row's
        drawn = groups.pop(())
        next(iter(groups.values())).extend(drawn)
    return list(groups.values())


def check(plan: Plan, jobs: Sequence[Job]) -> None:
    """Sees before anything is trained that everything is there which measuring needs.

    Raises:
        DataError: a set that is measured on cannot be opened, or none is named where there are
            several.
        NotEnoughPicturesError: fewer than two pictures of a set are held out.
        UnknownExtractorError, UnknownFinderError: no such extractor or finder of points.
        MissingWeightsError, MissingExtraError: one of them, or the face recogniser, is not there.
    """
    measured = plan.measure
    faces = measured_on(plan, "faces", jobs)
    for group in by_cartoons(plan, jobs):
        cartoons = measured_on(plan, "cartoons", group)
        rules = frozenset(job.config.split for job in group)
        held_out = HeldOut(rules, measured.part) if measured.held_out else None
        for dataset in (Dataset.open(faces), Dataset.open(cartoons, landmarks=False)):
            select(dataset, 2, measured.seed, held_out)
    open_extractor(measured.extractor, measured.weights)
    for name in other_extractors.chosen(plan):
        open_extractor(name)
    open_finder(measured.finder)
    Recognizer()


def measure(
    plan: Plan,
    jobs: Sequence[Job],
    out: Path,
    on_progress: Callable[[str, int, int], None] | None = None,
    extractor: str | None = None,
) -> Evaluation:
    """Measures what draws for ``jobs`` and writes ``scores.json``.

    What was measured of a picture is kept in ``out/cache``: a second time takes seconds.

    Args:
        extractor: another one than the plan's; its file is called after it.
    """
    wanted = options(plan.measure, out)
    if extractor is not None:
        wanted = replace(wanted, extractor=extractor, weights=None)
    scores: dict[str, Scores] = {}
    faces = measured_on(plan, "faces", jobs)
    for group in by_cartoons(plan, jobs):
        cartoons = measured_on(plan, "cartoons", group)
        drawers = [drawer_of(job, out) for job in group]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are kept with the scores, and in the report
            found = evaluate_all(
                drawers,
                faces,
                cartoons,
                plan.measure.n,
                plan.measure.seed,
                wanted,
                on_progress,
            )
        scores |= {score.name: score for score in found.scores}
    result = Evaluation(scores=[scores[job.name] for job in jobs])
    file = SCORES if extractor is None else f"scores-{extractor}.json"
    write_text(out / file, result.model_dump_json(indent=1) + "\n")
    return result


def options(measuring: Measuring, out: Path) -> Options:
    """The plan's wishes as the evaluation's options; the faces are drawn as they are."""
    return Options(
        held_out=measuring.held_out,
        part=measuring.part,
        extractor=measuring.extractor,
        weights=Path(measuring.weights) if measuring.weights else None,
        cache=out / "cache",
        finder=measuring.finder,
        backgrounds=0,
    )
