"""What a path holds is asked in one place."""

from __future__ import annotations

import json

import pytest

from toonmark import artifacts
from toonmark.artifacts import CHECKPOINT, COMPARED, CONFIG, WEIGHTS, Kind, Pack, Run, Weights
from toonmark.cli.application import load
from toonmark.errors import RunError
from toonmark.methods.ganimorph import GanimorphConfig
from toonmark.methods.munit import MunitConfig
from toonmark.training.config import (
    DenoiserConfig,
    DistillationConfig,
    LayersConfig,
    RegressorConfig,
    TrainConfig,
)
from toonmark.training.run import open_run

CONFIGURATIONS = {
    Kind.TRAIN: TrainConfig(faces=["f"], cartoons=["c"]),
    Kind.LANDMARKS: RegressorConfig(data=["f"]),
    Kind.DENOISER: DenoiserConfig(faces=["f"], cartoons=["c"]),
    Kind.DISTILLATION: DistillationConfig(faces=["f"], teacher="t"),
    Kind.LAYERS: LayersConfig(layers=["l"]),
    Kind.MUNIT: MunitConfig(faces=["f"], cartoons=["c"]),
    Kind.GANIMORPH: GanimorphConfig(faces=["f"], cartoons=["c"]),
}


@pytest.fixture(params=list(Kind))
def run(request, tmp_path):
    config = CONFIGURATIONS[request.param]
    open_run(tmp_path / "run", type(config), config)
    return Run(tmp_path / "run", request.param, config.model_dump(mode="json"))


def test_a_run_says_its_kind(run):
    assert json.loads((run.path / CONFIG).read_text())["kind"] == run.kind
    assert artifacts.open(run.path) == run
    with pytest.raises(RunError, match="is not finished") as error:
        artifacts.weights_of(run.path, run.kind)
    assert run.kind.again(run.path) in error.value.remedy
    (run.path / WEIGHTS[run.kind]).touch()
    assert artifacts.weights_of(run.path, run.kind) == run.path / WEIGHTS[run.kind]


def test_a_command_goes_on_with_each_kind_of_run(run):
    _, name, *rest = run.kind.again(run.path).split()
    assert load(name).make_context(name, rest).params["run"] == run.path


def test_a_run_of_before_kinds_were_written_opens_still(run):
    if run.kind in COMPARED:
        pytest.skip("there were none")
    (run.path / CONFIG).write_text(json.dumps(run.settings))
    assert artifacts.open(run.path) == run
    config = CONFIGURATIONS[run.kind]
    assert open_run(run.path, type(config), None) == config


def test_another_kind_of_run_is_named(run):
    other = Kind.DENOISER if run.kind is Kind.TRAIN else Kind.TRAIN
    with pytest.raises(RunError, match=f"is a run of `{run.kind.command}`") as error:
        artifacts.weights_of(run.path, other)
    assert f"toonmark {other}" in error.value.remedy


def test_weights_know_the_run_that_they_lie_in(run):
    kept = run.path / "averaged" / "0000500.safetensors"
    kept.parent.mkdir()
    for file in (kept, run.path / CHECKPOINT):
        file.touch()
        assert artifacts.open(file) == Weights(file, run)
        assert artifacts.run_of(file) == run


def test_weights_that_were_brought_alone(tmp_path):
    file = tmp_path / WEIGHTS[Kind.LANDMARKS]
    file.touch()
    assert artifacts.open(file) == Weights(file, None)
    assert artifacts.open(tmp_path) == Run(tmp_path, Kind.LANDMARKS, {})
    with pytest.raises(RunError, match="not in a run"):
        artifacts.run_of(file)


def test_packs_are_told_by_their_names(tmp_path):
    assert artifacts.open(tmp_path / "x.onnx") == Pack(tmp_path / "x.onnx")
    with pytest.raises(RunError, match="is a style pack"):
        artifacts.weights_of(tmp_path / "x.onnx", Kind.DENOISER)


@pytest.mark.parametrize("text", ["{", "[]", '{"kind": "paint"}', '{"size": 64}'])
def test_what_is_no_run(tmp_path, text):
    with pytest.raises(RunError, match="is not a run yet"):
        artifacts.open(tmp_path / "none")
    with pytest.raises(RunError, match="is not a run yet"):
        artifacts.open(tmp_path)
    (tmp_path / CONFIG).write_text(text)
    with pytest.raises(RunError):
        artifacts.open(tmp_path)
