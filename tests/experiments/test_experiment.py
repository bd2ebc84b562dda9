"""A whole small ablation through the command, killed on the way."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner

from toonmark.cli import app

pytestmark = pytest.mark.slow


def command(*arguments):
    return [sys.executable, "-m", "toonmark", "experiment", *map(str, arguments)]


def toonmark(*arguments, code=0):
    done = subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=600, env=environment()
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done


def environment():
    return {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", "COLUMNS": "200"}


@pytest.fixture(scope="module")
def plan(face_set, cartoon_set, regressors, tmp_path_factory):
    """Two rows of the paper's, and one that cannot end well."""
    path = tmp_path_factory.mktemp("plan") / "plan.yaml"
    train = {
        "faces": [str(face_set)],
        "cartoons": [str(cartoon_set)],
        **regressors,
        "size": 64,
        "width": 16,
        "stage1": 12,
        "stage2": 12,
        "pool": 2,
        "background_share": 0,
        "checkpoint_every": 2,
        "log_every": 1,
        "keep_every": 0,
        "sample_every": 1000,
    }
    rows = {
        "basic": {"ablation": "basic"},
        "full": {"ablation": "full"},
        "wild": {"ablation": "basic", "weights": {"cycle": 1e39}},
    }
    measure = {"n": 20, "held_out": False}
    path.write_text(
        yaml.safe_dump({"train": train, "rows": rows, "seeds": [3], "measure": measure})
    )
    return path


@pytest.fixture(scope="module")
def finished(plan, tmp_path_factory):
    """The experiment's folder after it was killed, started again, and came to its end."""
    out = tmp_path_factory.mktemp("experiment")
    process = subprocess.Popen(
        command("ablation", plan, out), env=environment(), stderr=subprocess.PIPE, text=True
    )
    checkpoint = out / "rows" / "basic-seed3" / "checkpoint.safetensors"
    deadline = time.monotonic() + 200
    while not checkpoint.exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline, "no checkpoint"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    done = toonmark("ablation", plan, out, "--jobs", 2)
    assert process.returncode == -signal.SIGKILL
    return out, done


def test_it_goes_on_and_tells_everything(finished):
    out, done = finished
    table = json.loads((out / "table.json").read_text())
    basic, full, wild = table["rows"]
    assert basic["seeds"] == full["seeds"] == [3]
    assert basic["kid_ratio"]["mean"] == basic["fid_ratio"]["mean"] == 1
    assert full["fid_ratio"]["mean"] == pytest.approx(full["fid"]["mean"] / basic["fid"]["mean"])
    assert full["paper_fid_ratio"] == pytest.approx(0.829, abs=1e-3)
    assert "became" in wild["missing"]["3"]
    assert wild["kid"] is None
    assert "wild-seed3 failed: The loss term" in done.stderr
    assert "basic-seed3 is finished" in done.stderr
    assert table["reference"]["setting"]["n_faces"] == 20
    assert table["reference"]["floor"] is not None
    text = (out / "table.md").read_text()
    assert text in done.stdout
    assert table["batch"] == 1
    assert "24 iterations of 1 picture a domain, the same data" in text
    for part in ("| Basic (CycleGAN) | 1 |", "floor: ", "efficientnet", "0.829", "wild, seed 3: "):
        assert part in text
    assert "Made with `toonmark experiment run" in text
    # CycleGAN beside ours are figures of the paper's by themselves; other methods are not there.
    made = {file.name for file in (out / "figures").iterdir()}
    assert made == {"figure-6.png", "figure-14.png"}
    with Image.open(out / "figures" / "figure-14.png") as figure:
        assert figure.width == 3 * 64 + 2 * 2
    assert {f.name for f in (out / "study").iterdir()} == {"photos", "basic", "full"}


def test_rows_are_ordinary_runs(finished):
    out, _ = finished
    configs = {
        name: json.loads((out / "rows" / f"{name}-seed3" / "config.json").read_text())
        for name in ("basic", "full")
    }
    assert configs["basic"]["face_regressor"] is None
    assert configs["full"]["face_regressor"] is not None
    assert {c["seed"] for c in configs.values()} == {3}
    for name in configs:
        lines = (out / "rows" / f"{name}-seed3" / "metrics.csv").read_text().splitlines()
        seen = [int(line.split(",")[0]) for line in lines[1:] if "generator/cycle" in line]
        # Twice an iteration, one a direction: none is missing, none was done again.
        assert seen == [i for i in range(1, 25) for _ in range(2)]


def test_the_page_needs_no_network(finished):
    out, _ = finished
    page = (out / "report.html").read_text()
    assert not re.search(r"https?://", page)
    assert "<script" not in page
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    for part in ("Figure 10", "Best tenth", "Worst tenth", "w/o-local"):
        assert (part in page) == (part != "w/o-local")
    # Two faces a tenth, best and worst: the photo and two methods each.
    assert page.count("data:image/webp") == 2 * 2 * 3


def test_again_there_is_nothing_left_to_do(finished, plan):
    out, _ = finished
    files = [
        *(out / "rows").glob("[bf]*/checkpoint.safetensors"),
        *(out / "packs").glob("*.onnx"),
    ]
    before = {file: file.stat().st_mtime_ns for file in files}
    assert len(before) == 4
    table = (out / "table.json").read_bytes()
    done = CliRunner().invoke(app, ["experiment", "table", str(plan), str(out)])
    assert done.exit_code == 0, done.output
    assert before == {file: file.stat().st_mtime_ns for file in files}
    assert (out / "table.json").read_bytes() == table
    assert (out / "table.md").read_text() in done.output


def test_another_plan_is_refused_with_the_difference(finished, plan):
    out, _ = finished
    arguments = ["experiment", "ablation", str(plan), str(out), "--set", "train.weights.cycle=3"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert '"cycle": 3.0' in done.output
    assert "another OUT" in done.output


def test_without_data_nothing_begins(plan, tmp_path):
    arguments = ["experiment", "ablation", str(plan), str(tmp_path / "out")]
    done = CliRunner().invoke(app, [*arguments, "--set", "train.faces=[nowhere]"])
    assert done.exit_code == 2
    assert "no data set" in done.output
    assert not (tmp_path / "out").exists()


def test_nothing_to_measure_yet(plan, tmp_path):
    done = CliRunner().invoke(app, ["experiment", "table", str(plan), str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "none is trained to the end" in done.output


def test_any_rows_must_be_named(tmp_path):
    (tmp_path / "plan.yaml").write_text("train: {faces: [f], cartoons: [c]}")
    arguments = ["experiment", "run", str(tmp_path / "plan.yaml"), str(tmp_path / "out")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert "names no rows" in done.output
