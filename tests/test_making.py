"""The public names, and the way from sets to scores by nothing else."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest

import toonmark
from toonmark import artifacts
from toonmark.errors import ConfigurationError, DataError, RunError

NOTHING = """
    import sys

    class Missing:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in ("torch", "scipy", "skimage", "onnx"):
                raise ModuleNotFoundError(f"{name} is not installed", name=name)

    sys.meta_path.insert(0, Missing())
"""


def run_code(code: str) -> str:
    whole = textwrap.dedent(NOTHING) + textwrap.dedent(code)
    result = subprocess.run(
        [sys.executable, "-c", whole], capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_public_names_are_there_without_the_extras_and_cost_nothing():
    said = run_code("""
        import toonmark
        print("numpy" in sys.modules)
        for name in toonmark.__all__:
            getattr(toonmark, name)
        from toonmark import in_photo, side_by_side, Face, find_faces, StylePack, list_styles
        calls = [
            (toonmark.train, ({}, "run")),
            (toonmark.export, ("run", "mine.onnx")),
            (toonmark.evaluate, ([], "faces", "cartoons")),
        ]
        for call, arguments in calls:
            try:
                call(*arguments)
            except toonmark.MissingExtraError as error:
                print(error.extra)
    """)
    assert said.split() == ["False", "train", "train", "eval"]


def test_what_is_not_public_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'paint'"):
        toonmark.paint  # noqa: B018


def test_a_wrong_kind_of_run_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="no kind of run 'paint'"):
        toonmark.train({"kind": "paint"}, tmp_path / "run")
    with pytest.raises(RunError, match="not a run yet"):
        toonmark.train(None, tmp_path / "run")


@pytest.mark.slow
def test_from_sets_to_scores(face_set, cartoon_set, tmp_path, monkeypatch):
    assert len(toonmark.Dataset.open(face_set)) == 36
    regressor = tmp_path / "regressor"
    settings = {"kind": "train-landmarks", "data": [str(face_set)], "size": 64, "iterations": 2}
    learnt = toonmark.train({**settings, "batch": 2}, regressor, accelerator="cpu")
    assert learnt.finished
    assert learnt.weights.exists()
    assert learnt.error["n"] > 0
    run, pack = tmp_path / "run", tmp_path / "mine.onnx"
    settings = {
        "faces": [str(face_set)], "cartoons": [str(cartoon_set)], "size": 64, "width": 16,
        "stage1": 1, "stage2": 1, "pool": 2,
        "face_regressor": str(regressor), "cartoon_regressor": str(regressor),
    }  # fmt: skip
    assert toonmark.train(settings, run, accelerator="cpu").finished
    read, opened = artifacts._read, []
    monkeypatch.setattr(artifacts, "_read", lambda folder: opened.append(folder) or read(folder))
    for again in (None, {"kind": "train"}):
        done = toonmark.train(again, run, accelerator="cpu")
        assert done.finished, "there is nothing left to do"
        assert done.weights == run / "checkpoint.safetensors"
    with pytest.raises(RunError, match="is a run of `toonmark train`"):
        toonmark.train({"kind": "distill"}, run, accelerator="cpu")
    assert opened == [run] * 3, "each call opens a run once"
    scores = tmp_path / "scores.json"
    scores.write_text('{"fid": 3}')
    metadata, worst = toonmark.export(run, pack, title="Mine", scores=scores)
    assert opened == [run] * 4
    assert metadata.title == "Mine"
    assert metadata.scores == {"fid": 3}
    assert worst < 1e-3
    with pytest.raises(ConfigurationError, match="no frame called round"):
        toonmark.export(run, pack, frame="round")
    monkeypatch.setattr("toonmark.exporting.LARGEST_SCORES", 1 << 20)
    scores.write_text('{"fid": "' + " " * (1 << 20) + '"}')
    with pytest.raises(DataError, match="larger than 1 MiB"):
        toonmark.export(run, pack, scores=scores)
    scores.write_text("[3]")
    with pytest.raises(DataError, match="no object"):
        toonmark.export(run, pack, scores=scores)
    scores.write_text('{"fid": 3}')
    with pytest.raises(RunError, match="kept no weights of iteration 9"):
        toonmark.export(run, pack, iteration=9)
    finder = tmp_path / "finder.onnx"
    said, worst = toonmark.export(regressor, finder)
    assert said is None, "a regressor is no style"
    for option in ({"half": True}, {"licence": "MIT"}, {"version": "2.0"}, {"scores": scores}):
        with pytest.raises(ConfigurationError, match=f"{next(iter(option))} are said of styles"):
            toonmark.export(regressor, finder, **option)
    assert finder.is_file()
    assert worst < 1e-2
    points = toonmark.Dataset.open(face_set).points[0]
    drawn = toonmark.Cartoonizer(pack)(np.full((64, 64, 3), 200, np.uint8), landmarks=points)
    assert drawn[0].image.shape == (64, 64, 3)
