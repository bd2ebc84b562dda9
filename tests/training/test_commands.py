"""The making half's commands, run as a person runs them: from pictures to a cartoon."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


def toonmark(*arguments, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "toonmark", *map(str, arguments)],
        capture_output=True, text=True, timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", "COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def trained(face_set, cartoon_set, tmp_path_factory):
    """Regressors and a style, trained for a moment by the commands themselves."""
    folder = tmp_path_factory.mktemp("commands")
    for domain, data in (("face", face_set), ("cartoon", cartoon_set)):
        done = toonmark(
            "train-landmarks", data, "--run", folder / domain, "--threads", 1,
            "--set", "iterations=3", "--set", "size=64", "--set", "batch=2",
            "--set", "background_share=0.5",
        )  # fmt: skip
        assert "Normalised mean error on 2 held-out pictures" in done.stdout
        error = json.loads((folder / domain / "error.json").read_text())
        assert error["n"] == 2
        assert error["median"] > 0
    done = toonmark(*train(folder, face_set, cartoon_set))
    assert "Finished 4 iterations" in done.stdout
    return folder


def train(folder, face_set, cartoon_set):
    return (
        "train", folder / "run", "--faces", face_set, "--cartoons", cartoon_set,
        "--face-regressor", folder / "face", "--cartoon-regressor", folder / "cartoon",
        "--set", "size=64", "--set", "width=16", "--set", "stage1=2", "--set", "stage2=2",
        "--set", "keep_every=2", "--set", "log_every=1", "--set", "sample_every=2",
    )  # fmt: skip


def test_the_same_command_again_has_nothing_left_to_do(trained, face_set, cartoon_set):
    before = (trained / "run" / "checkpoint.safetensors").stat().st_mtime_ns
    assert "Finished" in toonmark(*train(trained, face_set, cartoon_set)).stdout
    assert "Finished" in toonmark("train", trained / "run").stdout
    assert (trained / "run" / "checkpoint.safetensors").stat().st_mtime_ns == before


def test_another_setting_is_refused_with_the_difference(trained, face_set, cartoon_set):
    done = toonmark(*train(trained, face_set, cartoon_set), "--set", "weights.cycle=3", code=2)
    assert '"cycle": 10.0' in done.stderr
    assert '"cycle": 3.0' in done.stderr
    assert "Traceback" not in done.stderr


def test_a_denoiser_is_trained_and_put_into_a_pack(trained, face_set, cartoon_set, tmp_path):
    run, pack = tmp_path / "denoiser", tmp_path / "clean.onnx"
    command = (
        "train-denoiser", run, "--faces", face_set, "--cartoons", cartoon_set,
        "--generators", trained / "run", "--set", "iterations=3", "--set", "size=64",
        "--set", "batch=2", "--threads", 1,
    )  # fmt: skip
    done = toonmark(*command)
    assert "Mean difference from 2 held-out cartoons" in done.stdout
    assert json.loads((run / "error.json").read_text())["n"] == 2
    assert "Mean difference" in toonmark(*command).stdout, "nothing is left to do"
    done = toonmark("export", trained / "run", pack, "--denoiser", run)
    assert "4 iterations" in done.stdout
    described = json.loads(toonmark("styles", pack, "--json").stdout)
    assert "denoiser" in json.dumps(described)
    refused = toonmark(
        "export", trained / "run", pack, "--denoiser", trained / "face", code=2
    ).stderr
    assert "is a run of `toonmark train-landmarks`" in refused


def test_a_student_is_taught_and_becomes_a_pack(trained, face_set, tmp_path):
    run, pack = tmp_path / "student", tmp_path / "small.onnx"
    command = (
        "distill", run, "--teacher", trained / "run", "--faces", face_set,
        "--set", "iterations=3", "--set", "size=64", "--set", "batch=2",
        "--set", "width=16", "--threads", 1,
    )  # fmt: skip
    done = toonmark(*command)
    assert "drawings of 2 held-out photos" in done.stdout
    assert json.loads((run / "error.json").read_text())["n"] == 2
    assert "Mean difference" in toonmark(*command).stdout, "nothing is left to do"
    done = toonmark("export", run, pack)
    assert "4 iterations" in done.stdout, "the teacher's"
    training = json.loads(toonmark("styles", pack, "--json").stdout)
    assert '"distilled"' in json.dumps(training)
    refused = toonmark("export", run, pack, "--iteration", 2, code=2).stderr
    assert "kept no weights" in refused
    refused = toonmark("train", run, code=2).stderr
    assert "is a run of `toonmark distill`" in refused
    assert "Traceback" not in refused


@pytest.mark.parametrize("iteration", [None, 2])
def test_export_makes_a_pack_that_draws(trained, tmp_path, iteration):
    skdata = pytest.importorskip("skimage.data")
    import onnx
    from PIL import Image

    photo, pack = tmp_path / "photo.png", tmp_path / "mine.onnx"
    Image.fromarray(skdata.astronaut()).save(photo)
    chosen = ("--iteration", iteration) if iteration else ()
    done = toonmark("export", trained / "run", pack, *chosen, "--title", "Mine", "--clean")
    assert f"{iteration or 4} iterations" in done.stdout
    described = json.loads(toonmark("styles", pack, "--json").stdout)
    assert described["training"]["iterations"] == (iteration or 4)
    assert described["title"] == "Mine"
    steps = [node.op_type for node in onnx.load(pack).graph.node]
    assert steps.count("MaxPool") > 32  # what --clean asked for is in the graph
    toonmark("cartoonize", photo, "--style", pack, "-o", tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as drawn:
        assert drawn.size == (512, 512)


def test_a_name_that_no_style_can_have(trained, tmp_path):
    done = toonmark("export", trained / "run", tmp_path / "x.onnx", "--name", "My Style", code=2)
    assert "name: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x.onnx").exists()


def test_a_missing_iteration_names_those_that_there_are(trained, tmp_path):
    done = toonmark("export", trained / "run", tmp_path / "x.onnx", "--iteration", 3, code=2)
    assert "2, 4" in done.stderr
    assert not (tmp_path / "x.onnx").exists()


def test_a_failed_start_can_be_corrected_with_one_setting(trained, face_set, tmp_path):
    run = tmp_path / "student"
    command = ("distill", run, "--teacher", trained / "run", "--faces", face_set, "--threads", 1)
    assert "size=64" in toonmark(*command, "--set", "iterations=2", code=2).stderr
    done = toonmark("distill", run, "--set", "size=64", "--set", "width=16", "--threads", 1)
    assert "drawings of 2 held-out photos" in done.stdout
    assert "Mean difference" in toonmark("distill", run, "--set", "size=64").stdout
    refused = toonmark("distill", run, "--set", "iterations=9", code=2).stderr
    assert '"iterations": 9' in refused
    assert "Field required" not in refused


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("train", "{tmp}/none"), "is not a run yet"),
        (("train", "{tmp}/a", "--ablation", "lm_xy"), "without_local"),
        (("train", "{tmp}/a", "--set", "stage1"), "no value"),
        (("train", "{tmp}/a", "--faces", "x", "--cartoons", "y", "--set", "siez=64"), "size"),
        (("train", "{tmp}/a", "--faces", "{tmp}", "--cartoons", "{tmp}"), "is no data set"),
        (("train-landmarks", "{tmp}/nothing", "--run", "{tmp}/b"), "is no data set"),
        (("export", "{tmp}/none", "{tmp}/x.onnx"), "none is not a run yet"),
        (("export", "{tmp}/none", "{tmp}/x.onnx", "--scores", "{tmp}/s.json"), "as scores"),
        (("train", "{tmp}/a", "--set", "size=[1"), "cannot be read as YAML"),
    ],
)
def test_mistakes_are_explained(tmp_path, arguments, says):
    done = toonmark(*(str(a).format(tmp=tmp_path) for a in arguments), code=2)
    assert says in done.stderr
    assert "Traceback" not in done.stderr
