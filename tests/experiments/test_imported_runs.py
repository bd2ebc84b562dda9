"""Runs that were trained on another machine: taken as trained, told of, or refused."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from tests.conftest import draw_faces
from tests.experiments.test_comparison import plan
from typer.testing import CliRunner

from toonmark.artifacts import CHECKPOINT, imported_weights
from toonmark.cli import app
from toonmark.errors import ConfigurationError, RunError
from toonmark.evaluation.extractors.illustration2vec import (
    Illustration2Vec,
    Illustration2VecNetwork,
)
from toonmark.evaluation.run_drawing import open_run_drawer
from toonmark.experiments import imported_runs, state
from toonmark.experiments.experiment import tabulate, train_rows
from toonmark.experiments.plan import jobs_of
from toonmark.experiments.slim import write_slim
from toonmark.making import export, train
from toonmark.training import checkpoint
from toonmark.training.digests import digests

ROWS = {"munit": {"method": "munit"}, "basic": {"ablation": "basic"}}
MEASURE = {"n": 4, "held_out": False}


@pytest.fixture(scope="module")
def elsewhere(face_set, cartoon_set, tmp_path_factory):
    """Finished runs as another machine has them: other paths, other batch; whole and slim."""
    away = tmp_path_factory.mktemp("away")
    for name, folder in (("f", face_set), ("c", cartoon_set)):
        shutil.copytree(folder, away / name)
    wanted = plan(away / "f", away / "c", rows=ROWS)
    for job in jobs_of(wanted, away / "whole"):
        more = {"keep_every": 2, "checkpoint_every": 1, "sample_every": 9, "batch": 2}
        config = job.training.model_copy(update=more)
        train(config, job.folder, accelerator="cpu", precision="bf16-mixed")
        write_slim(job.folder, away / "slim" / job.name)
    return away


@pytest.fixture
def here(elsewhere, face_set, cartoon_set, tmp_path):
    """An experiment's folder with the slim runs, and its plan."""
    out = tmp_path / "out"
    shutil.copytree(elsewhere / "slim", out / "rows")
    return plan(face_set, cartoon_set, rows=ROWS, measure=MEASURE), out


def test_a_slim_run_draws_what_the_whole_one_draws(elsewhere, face_set):
    import numpy as np

    from toonmark.data.dataset import Dataset

    faces = Dataset.open(face_set)
    picture, points = faces.image(0)[None, ::2, ::2].copy(), faces.points[:1] / 2
    for name in ("basic-seed3", "munit-seed3"):
        slim = elsewhere / "slim" / name
        assert sorted(p.name for p in slim.rglob("*") if p.is_file()) == [
            "0000002.safetensors",
            "config.json",
        ]
        assert checkpoint.in_half(imported_weights(slim))
        whole = open_run_drawer(elsewhere / "whole" / "rows" / name).draw(picture, points)
        drawer = open_run_drawer(slim)
        assert drawer.iterations == 2
        assert np.abs(drawer.draw(picture, points).astype(int) - whole).max() <= 2


@pytest.mark.slow
def test_brought_runs_are_drawn_and_measured_and_told_of(here, tmp_path, monkeypatch):
    wanted, out = here
    small = Illustration2VecNetwork(1 / 32)
    torch.save(small.state_dict(), tmp_path / "i2v.pth")
    monkeypatch.setenv("TOONMARK_ILLUSTRATION2VEC", str(tmp_path / "i2v.pth"))
    monkeypatch.setattr(
        "toonmark.evaluation.extractors.illustration2vec.Illustration2VecNetwork",
        lambda: Illustration2VecNetwork(1 / 32),
    )
    monkeypatch.setattr(Illustration2Vec, "dimensions", 128)
    before = {path: path.read_bytes() for path in out.rglob("*.*") if path.is_file()}
    assert train_rows(wanted, out)
    results = tabulate(wanted, out, "command")
    assert all(path.read_bytes() == data for path, data in before.items())
    assert not list(out.rglob(CHECKPOINT))
    for row in results.rows:
        assert row.seeds == [3], row.missing
        assert row.fid.mean > 0
        one = row.elsewhere[3]
        assert (one.batch, one.precision, one.device) == (2, "bf16-mixed", "CPU")
        assert one.half
        assert one.same_pictures
    text = (out / "table.md").read_text()
    assert "MUNIT (seed 3), Basic (CycleGAN) (seed 3): 2 pictures a domain an iteration" in text
    for part in ("not 1: other pictures, and 2 times as many", "mixed (bfloat16)", "on CPU"):
        assert part in text
    assert "in half precision" in text
    assert "by name alone" not in text
    (one,) = results.further  # found where the user has put it
    assert one.name == "illustration2vec"
    assert list(one.fid) == ["munit", "basic"]
    assert [one.fid[row.name].mean != row.fid.mean for row in results.rows] == [True, True]
    assert "By illustration2vec (illustration2vec 224px, " in text
    assert "whose weights are not on this machine" not in text
    page = (out / "report.html").read_text()
    assert "By illustration2vec" in page
    saved = json.loads((out / "scores-illustration2vec.json").read_text())
    assert saved["scores"][0]["distance"]["fid"] == pytest.approx(one.fid["munit"].mean)


def test_the_training_command_finds_them_finished(here):
    _, out = here
    run = out / "rows" / "basic-seed3"
    settings = json.loads((run / "config.json").read_text())
    settings |= {"faces": ["gone"], "cartoons": ["gone"]}  # what it learnt from is elsewhere
    (run / "config.json").write_text(json.dumps(settings))
    weights = imported_weights(run).read_bytes()
    done = CliRunner().invoke(app, ["train", str(run), "--accelerator", "cpu"])
    assert done.exit_code == 0, done.output
    assert "Finished 2 iterations" in done.output
    assert imported_weights(run).read_bytes() == weights
    assert not (run / CHECKPOINT).exists()
    with pytest.raises(ConfigurationError, match="another configuration"):
        train({**settings, "seed": 4}, run, accelerator="cpu")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"split": "position"}, "split"),
        ({"learning_rate": 2e-3}, "learning_rate"),
        ({"seed": 4}, "seed"),
    ],
)
def test_runs_that_were_trained_otherwise_are_refused(here, change, text):
    wanted, out = here
    file = out / "rows" / "basic-seed3" / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    before = file.read_bytes()
    for refused in (train_rows, lambda *given: tabulate(*given, "command")):
        with pytest.raises(ConfigurationError, match=text):
            refused(wanted, out)
    assert file.read_bytes() == before


def test_runs_that_learnt_from_other_pictures_are_refused(here, cartoon_set, face_set, tmp_path):
    _, out = here
    (tmp_path / "other").mkdir()
    other = draw_faces(tmp_path / "other" / face_set.name, 36, seed=5)
    with pytest.raises(ConfigurationError, match="other faces"):
        train_rows(plan(other, cartoon_set, rows=ROWS), out)
    wanted = plan(face_set, other, rows=ROWS)
    with pytest.raises(ConfigurationError, match="other cartoons"):
        train_rows(wanted, out)


def test_a_run_that_was_brought_before_its_end_is_not_begun_anew(here):
    wanted, out = here
    folder = out / "rows" / "basic-seed3"
    imported_weights(folder).rename(folder / "averaged" / "0000001.safetensors")
    before = (folder / "config.json").read_bytes()
    with pytest.raises(ConfigurationError, match=r"it has 0000001\.safetensors, and the plan 2"):
        train_rows(wanted, out)
    assert (folder / "config.json").read_bytes() == before
    (folder / ".lock").touch()  # it was trained here, and killed before its first checkpoint
    imported_runs.check(jobs_of(wanted, out))


def test_where_weights_do_not_say_their_sets_count_by_name(here, cartoon_set, face_set, tmp_path):
    wanted, out = here
    for job in jobs_of(wanted, out):
        file = imported_weights(job.folder)
        tensors, _ = checkpoint.load(file)
        checkpoint.save(file, tensors, {})
        named = json.loads((job.folder / "config.json").read_text())
        named |= {"faces": [f"/away/{face_set.name}"], "cartoons": [f"x/{cartoon_set.name}"]}
        (job.folder / "config.json").write_text(json.dumps(named))
        assert state.is_finished(job)
    imported_runs.check(jobs_of(wanted, out))
    one = imported_runs.told(jobs_of(wanted, out)[0])
    assert (one.precision, one.device, one.same_pictures) == (None, None, False)
    shutil.copytree(face_set, tmp_path / "renamed")
    with pytest.raises(ConfigurationError, match="other faces"):
        imported_runs.check(jobs_of(plan(tmp_path / "renamed", cartoon_set, rows=ROWS), out))


def test_only_finished_runs_are_made_slim(elsewhere, tmp_path):
    run = elsewhere / "whole" / "rows" / "basic-seed3"
    shutil.copytree(run, tmp_path / "run")
    tensors, facts = checkpoint.load(run / CHECKPOINT)
    checkpoint.save(tmp_path / "run" / CHECKPOINT, tensors, {**facts, "iteration": "1"})
    with pytest.raises(RunError, match="1 of its 2 iterations"):
        write_slim(tmp_path / "run", tmp_path / "slim")
    with pytest.raises(RunError, match="a run already"):
        write_slim(run, tmp_path / "run")
    done = CliRunner().invoke(app, ["experiment", "slim", str(run), str(tmp_path / "slim")])
    assert done.exit_code == 0, done.output
    assert imported_weights(tmp_path / "slim") is not None


def test_kept_averages_say_how_and_on_what_they_were_trained(elsewhere):
    run = elsewhere / "whole" / "rows" / "munit-seed3"
    facts = checkpoint.facts(run / "averaged" / "0000002.safetensors")
    job = next(j for j in jobs_of(plan(elsewhere / "f", elsewhere / "c", rows=ROWS), elsewhere))
    wanted = {"iteration": "2", "precision": "bf16-mixed", "device": "CPU"}
    assert facts == {**wanted, **digests(job.training)}


def test_a_slim_run_takes_its_denoiser_and_its_past_along(face_set, cartoon_set, tmp_path):
    import numpy as np

    from toonmark.data.dataset import Dataset
    from toonmark.models.denoiser import Denoiser

    torch.manual_seed(3)
    network = Denoiser()
    for parameter in network.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    behind = tmp_path / "away" / "denoiser.safetensors"
    checkpoint.save(behind, network.state_dict(), {"iterations": "7"})
    wanted = plan(face_set, cartoon_set, rows={"basic": ROWS["basic"]})
    (job,) = jobs_of(wanted, tmp_path)
    first, second = tmp_path / "away" / "first", tmp_path / "away" / "second"
    train(job.training, first, accelerator="cpu")
    more = {"start_from": str(first), "denoiser": str(behind)}
    train(job.training.model_copy(update=more), second, accelerator="cpu")
    faces = Dataset.open(face_set)
    picture, points = faces.image(0)[None, ::2, ::2].copy(), faces.points[:1] / 2
    whole = open_run_drawer(second).draw(picture, points)
    write_slim(second, tmp_path / "slim")
    shutil.rmtree(tmp_path / "away")
    drawer = open_run_drawer(tmp_path / "slim")
    assert np.abs(drawer.draw(picture, points).astype(int) - whole).max() <= 2
    _, difference = export(tmp_path / "slim", tmp_path / "slim.onnx")
    assert difference < 1e-3
