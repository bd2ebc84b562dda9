"""The results of an experiment as data: each row's scores over its seeds.

Ratios to the baseline are taken seed by seed, before they are averaged: two rows with one seed saw
the same pictures in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pydantic import Field

from toonmark.configuration import Frozen
from toonmark.evaluation.scores import Evaluation, Reference, Scores
from toonmark.experiments import imported_runs, state
from toonmark.experiments.imported_runs import ImportedRun
from toonmark.experiments.other_extractors import ExtractorDistances
from toonmark.experiments.plan import COMPARISON, Job, Plan
from toonmark.experiments.spread import Spread
from toonmark.training.config import TrainConfig

#: The paper's table 2: FID on 4096-D features of 2,000 anime faces; only ratios may be compared.
PAPER_FID = {
    "style": 13509.25,
    "analogy": 11933.63,
    "improving": 10365.39,
    "munit": 2749.46,
    "basic": 2398.16,
    "lm_cd": 2140.88,
    "lm_co": 2286.39,
    "without_local": 1993.83,
    "full": 1988.50,
}

#: What the rows of the paper's tables are called there.
TITLES = {
    "style": "Style (Gatys)",
    "analogy": "Analogy",
    "improving": "Improving (GANimorph)",
    "munit": "MUNIT",
    "basic": "Basic (CycleGAN)",
    "lm_cd": "Lm_cd",
    "lm_co": "Lm_co",
    "without_local": "w/o-local",
    "full": "Full",
    "one_stage": "one stage",
    "no_pretraining": "regressors not pre-trained",
}


class Row(Frozen):
    """One configuration."""

    name: str
    title: str
    seeds: list[int] = Field(description="those that were measured")
    missing: dict[int, str] = Field(description="why the other seeds were not")
    elsewhere: dict[int, ImportedRun] = Field({}, description="seeds that were not trained here")
    kid: Spread | None = None
    fid: Spread | None = None
    landmark_error: Spread | None = Field(None, description="median, of the inter-eye distance")
    not_found: Spread | None = None
    top1: Spread | None = None
    skin_rank_correlation: Spread | None = None
    overlap: Spread | None = Field(
        None, description="of drawn figure and the photo's, of photos cut out on white; median"
    )
    diversity: Spread | None = Field(None, description="of that between real cartoons")
    diversity_of_faces: Spread | None = Field(None, description="of that between the photos")
    kid_ratio: Spread | None = Field(None, description="to the baseline's of the same seed")
    fid_ratio: Spread | None = None
    paper_fid_ratio: float | None = None


class Results(Frozen):
    """The contents of ``table.json``."""

    format: int = 1
    baseline: str | None
    iterations: int
    batch: int = Field(1, description="pictures of each domain an iteration")
    precision: str = "32-true"
    rows: list[Row]
    methods: bool = Field(False, description="whether other methods than ours are compared")
    further: list[ExtractorDistances] = Field([], description="FID and KID by other networks")
    other_references: list[Reference] = Field(
        [], description="of further sets of cartoons, where rows are trained on several"
    )
    reference: Reference | None = Field(description="floors, and everything the numbers depend on")

    def first_runs(self) -> dict[str, str]:
        """The name of each measured row's run with its first seed, by the row's."""
        return {row.name: f"{row.name}-seed{row.seeds[0]}" for row in self.rows if row.seeds}


_MEASURES: Mapping[str, Callable[[Scores], float | None]] = {
    "kid": lambda s: s.distance.kid.value,
    "fid": lambda s: s.distance.fid,
    "landmark_error": lambda s: s.structure.annotated.median,
    "not_found": lambda s: s.structure.annotated.not_found,
    "top1": lambda s: s.identity.top1.value,
    "skin_rank_correlation": lambda s: s.colour.skin_rank_correlation,
    "overlap": lambda s: s.cleanness.overlap,
    "diversity": lambda s: s.diversity.of_cartoons,
    "diversity_of_faces": lambda s: s.diversity.of_faces,
}


def results_of(
    plan: Plan,
    jobs: Sequence[Job],
    evaluation: Evaluation | None,
    failed: Mapping[str, str] | None = None,
    further: Sequence[ExtractorDistances] = (),
) -> Results:
    """Puts the runs' scores together.

    Args:
        plan: what was to be done.
        jobs: all of its runs.
        evaluation: the scores of those that were measured, named after their runs.
        failed: why finished runs could not be measured, by name.
        further: what other extractors say.
    """
    measured = {s.name: s for s in (evaluation.scores if evaluation else ())}
    rows = []
    for name in plan.rows:
        own = [job for job in jobs if job.row == name]
        scores = {job.seed: measured[job.name] for job in own if job.name in measured}
        spreads = {
            key: Spread.of([measure(s) for s in scores.values()])
            for key, measure in _MEASURES.items()
        }
        ratios = {}
        for key in ("kid", "fid"):
            pairs = [
                (_MEASURES[key](s), _MEASURES[key](measured[base]))
                for seed, s in scores.items()
                if (base := f"{plan.baseline}-seed{seed}") in measured
                and measured[base].reference.setting.cartoons == s.reference.setting.cartoons
            ]
            ratios[f"{key}_ratio"] = Spread.of(
                [a / b for a, b in pairs if a is not None and b and b > 0]
            )
        rows.append(
            Row(
                name=name,
                title=TITLES.get(name, name),
                seeds=list(scores),
                missing={j.seed: _why(j, failed or {}) for j in own if j.name not in measured},
                elsewhere={
                    j.seed: told for j in own if (told := imported_runs.told(j)) is not None
                },
                paper_fid_ratio=_paper_ratio(plan, name),
                **spreads,
                **ratios,
            )
        )
    references = list(
        {s.reference.setting.cartoons: s.reference for s in measured.values()}.values()
    )
    first = next((job for job in jobs if job.training is not None), None)
    return Results(
        baseline=plan.baseline,
        iterations=0 if first is None else _in_all(first),
        batch=1 if first is None or first.training is None else first.training.batch,
        precision=jobs[0].precision,
        rows=rows,
        methods=any(isinstance(own.get("method"), str) for own in plan.rows.values()),
        further=list(further),
        reference=references[0] if references else None,
        other_references=references[1:],
    )


def _in_all(job: Job) -> int:
    """Iterations with those of the runs that it started from."""
    config = job.training
    assert config is not None
    if not isinstance(config, TrainConfig) or config.start_from is None:
        return config.iterations
    from toonmark.training.style_loading import training_facts

    return int(training_facts(config, config.iterations, job.folder)["iterations"])


def _paper_ratio(plan: Plan, name: str) -> float | None:
    """Only for rows that are the paper's, compared with the paper's own baseline."""
    own = plan.rows[name]
    same = own in ({"ablation": name}, COMPARISON.get(name)) and plan.baseline == "basic"
    return PAPER_FID[name] / PAPER_FID["basic"] if same and name in PAPER_FID else None


def _why(job: Job, failed: Mapping[str, str]) -> str:
    if job.name in failed:
        return failed[job.name]
    failure = state.failure_of(job)
    if failure is not None:
        return failure.message
    done = state.checkpoint_iteration(job.folder)
    wanted = 0 if job.training is None else job.training.iterations
    return f"Not trained to the end yet ({done} of {wanted} iterations)."
