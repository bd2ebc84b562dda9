"""Plans: which runs they stand for, and what is refused before anything is trained."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from toonmark.artifacts import CHECKPOINT
from toonmark.configuration import parse
from toonmark.errors import ConfigurationError
from toonmark.experiments import runner, state
from toonmark.experiments.experiment import train_rows
from toonmark.experiments.markdown_table import number
from toonmark.experiments.plan import Plan, jobs_of, plan_of, row_config
from toonmark.experiments.progress import duration
from toonmark.experiments.results import PAPER_FID, Spread
from toonmark.training import checkpoint
from toonmark.training.config import ABLATION, TrainConfig
from toonmark.training.run import open_run

TRAIN = {
    "faces": ["f"],
    "cartoons": ["c"],
    "face_regressor": "rf",
    "cartoon_regressor": "rc",
    "size": 64,
    "stage1": 3,
    "stage2": 5,
}


RECIPES = Path(__file__).parents[2] / "recipes"


def plan(**values) -> Plan:
    return parse(Plan, {"train": TRAIN, **values})


@pytest.mark.parametrize(
    ("recipe", "kind"),
    [
        ("ablation", "ablation"),
        ("comparison", "comparison"),
        ("comparison-128", "comparison"),
        ("anime", "comparison"),
        ("fixed-parts", "run"),
    ],
)
def test_the_recipes_are_plans(recipe, kind):
    settings = yaml.safe_load((RECIPES / f"{recipe}.yaml").read_text("utf-8"))
    found = plan_of(settings, kind)
    assert found.kind == kind
    sizes = {row_config(found, row).size for row in found.rows}
    assert sizes == {128 if "128" in recipe else 64}


def test_the_paper_s_rows_by_default(tmp_path):
    jobs = jobs_of(plan(), tmp_path)
    assert [job.name for job in jobs[:7]] == [f"{name}-seed0" for name in ABLATION]
    assert [job.seed for job in jobs] == [0] * 7 + [1] * 7
    assert {job.config.iterations for job in jobs} == {8}
    assert jobs[9].folder == tmp_path / "rows" / "lm_co-seed1"
    for job in jobs:
        assert job.config.seed == job.seed
        assert job.config.method == ABLATION[job.row]
        # A run's configuration names what it used, and nothing else.
        uses = job.row not in ("basic", "lm_cd", "no_pretraining")
        assert (job.config.face_regressor is not None) == uses, job.row


def test_each_run_starts_from_its_namesake(tmp_path):
    before = tmp_path / "before"
    short = {"rows": ["basic", "full"], "seeds": [0]}
    for job in jobs_of(plan(**short), before):
        open_run(job.folder, TrainConfig, job.config)
        done = {"iteration": str(job.config.iterations)}
        checkpoint.save(job.folder / CHECKPOINT, {}, done)
    longer = {"rows": ["basic", "full"], "start_from": str(before)}
    jobs = jobs_of(plan(**longer, seeds=[0]), tmp_path / "longer")
    assert [job.config.start_from for job in jobs] == [
        str(before / "rows" / "basic-seed0"),
        str(before / "rows" / "full-seed0"),
    ]
    with pytest.raises(ConfigurationError, match="basic-seed1 has not been trained"):
        jobs_of(plan(**longer, seeds=[0, 1]), tmp_path / "longer")
    # Rows that begin with unequal lengths could not be compared.
    checkpoint.save(before / "rows" / "full-seed0" / CHECKPOINT, {}, {"iteration": "1"})
    with pytest.raises(ConfigurationError, match="full-seed0 has 1 of its"):
        jobs_of(plan(**longer, seeds=[0]), tmp_path / "longer")
    # What has begun needs the runs before it no longer.
    for job in jobs:
        checkpoint.save(job.folder / CHECKPOINT, {}, {"iteration": "0"})
    shutil.rmtree(before)
    assert len(jobs_of(plan(**longer, seeds=[0]), tmp_path / "longer")) == 2


def test_precision_is_one_for_all_and_stays(tmp_path, monkeypatch):
    jobs = jobs_of(plan(precision="bf16-mixed"), tmp_path)
    assert {job.precision for job in jobs} == {"bf16-mixed"}
    with pytest.raises(ConfigurationError, match="precision"):
        plan(precision="16-mixed")
    started = []
    monkeypatch.setattr(
        runner.subprocess, "Popen", lambda command, **others: started.append(command)
    )
    jobs[0].folder.mkdir(parents=True)
    runner._start(jobs[0])
    assert "--precision bf16-mixed" in " ".join(started[0])
    before = plan(precision="bf16-mixed", rows=["basic"], seeds=[0])
    (job,) = jobs_of(before, tmp_path)
    (tmp_path / "plan.json").write_text(before.model_dump_json())
    open_run(job.folder, TrainConfig, job.config)
    checkpoint.save(job.folder / CHECKPOINT, {}, {"iteration": "4"})
    with pytest.raises(ConfigurationError, match="began with precision bf16-mixed"):
        train_rows(plan(rows=["basic"], seeds=[0]), tmp_path)


def test_rows_with_settings_of_their_own(tmp_path):
    jobs = jobs_of(
        plan(
            rows={
                "basic": {"ablation": "basic"},
                "full": None,
                "strict": {"ablation": "full", "weights": {"cycle": 3}, "method": {"gan": "log"}},
            },
            seeds=[5],
        ),
        tmp_path,
    )
    strict = jobs[2].config
    assert strict.weights.cycle == 3
    assert strict.weights.landmarks == 100
    assert strict.method == ABLATION["full"].model_copy(update={"gan": "log"})
    assert jobs[1].config.method == ABLATION["full"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"rows": ["basic", "lm_xy"]}, "lm_cd"),
        ({"rows": {"a/b": {}}, "baseline": None}, "becomes a folder"),
        ({"rows": ["full"]}, "baseline basic"),
        ({"seeds": [1, 1]}, "twice"),
        ({"seeds": []}, "seeds"),
        ({"rows": {"basic": {}, "long": {"stage1": 4}}}, "long 9 of batch 1"),
        ({"rows": {"basic": {"seed": 4}}}, "under `seeds`"),
        ({"rows": {"basic": {"wieghts": {}}}}, "did you mean weights"),
        ({"roows": ["basic"]}, "did you mean rows"),
        ({"train": {**TRAIN, "face_regressor": None}}, "face_regressor is not set"),
        (
            {"rows": {"munit": {"method": "munit"}}, "baseline": None, "start_from": "a"},
            "as it ended",
        ),
    ],
)
def test_mistakes_are_explained(tmp_path, values, says):
    with pytest.raises(ConfigurationError, match=says):
        jobs_of(plan(**values), tmp_path)
    assert not list(tmp_path.iterdir())


def test_rows_without_regressors_need_none(tmp_path):
    few = {key: value for key, value in TRAIN.items() if "regressor" not in key}
    rows = ["basic", "lm_cd", "no_pretraining"]
    assert len(jobs_of(plan(train=few, rows=rows), tmp_path)) == 6


def test_how_far_a_run_is(tmp_path):
    (job, *_) = jobs_of(plan(), tmp_path)
    assert state.checkpoint_iteration(job.folder) == state.logged_iteration(job.folder) == 0
    assert not state.is_running(job)
    job.folder.mkdir(parents=True)
    (job.folder / "metrics.csv").write_text("iteration,name,value\n6,a,1\n7,a,1\n8,a")
    assert state.logged_iteration(job.folder) == 7
    state.record_failure(job, "It fell over.")
    assert state.failure_of(job) == state.Failure("It fell over.", 7)
    (job.folder / state.FAILURE).write_text(json.dumps({"other": 1}))
    assert state.failure_of(job) is None


def test_numbers():
    one, two = Spread.of([0.5, None]), Spread.of([1.0, 3.0])
    assert Spread.of([None]) is None
    assert number(None) == "–"
    assert number(one, 100, 0, " %") == "50 %"
    assert two.deviation == pytest.approx(2**0.5)
    assert number(two) == "2.0 ± 1.4"
    assert PAPER_FID["full"] / PAPER_FID["basic"] == pytest.approx(0.829, abs=5e-4)
    assert [duration(s) for s in (20, 240, 3599, 3600, 32700)] == [
        *("20 s", "4 min", "1 h 00 min", "1 h 00 min", "9 h 05 min")
    ]
