"""A landmark regressor learns, goes on when it was stopped, and averages what it learns."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch

from toonmark.training.config import RegressorConfig
from toonmark.training.fabric import make_fabric
from toonmark.training.landmark_training import LandmarkTrainer, load_regressor

pytestmark = pytest.mark.slow


@pytest.fixture
def config(face_set):
    return RegressorConfig(
        data=[str(face_set)], size=64, iterations=6, batch=2, checkpoint_every=2, log_every=1
    )


def test_one_step_moves_every_weight_and_the_average_follows(config):
    trainer = LandmarkTrainer(config, make_fabric("cpu"))
    before = {name: value.clone() for name, value in trainer.network.named_parameters()}
    values = trainer.step(0)
    assert set(values) == {"heatmaps"}
    assert values["heatmaps"] > 0
    average = dict(trainer.averaged.named_parameters())
    for name, value in trainer.network.named_parameters():
        assert not torch.equal(value, before[name]), name
        # The average of a random start forgets it: nine tenths of the first step.
        assert torch.allclose(average[name], before[name] + 0.9 * (value - before[name]), atol=1e-6)


@pytest.mark.parametrize("preset", ["compact", "paper"])
def test_stopped_and_started_again_it_ends_with_the_same_weights(
    config, run, interrupted, tmp_path, preset
):
    config = config.model_copy(update={"preset": preset, "iterations": 4})
    whole = run(LandmarkTrainer, config, tmp_path / "whole").tensors()
    again = interrupted(3, LandmarkTrainer, config, tmp_path / "stopped").tensors()
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_it_learns_where_the_points_are(config, run, tmp_path):
    longer = config.model_copy(update={"iterations": 150, "batch": 4, "average": 0.9})
    before = LandmarkTrainer(longer, make_fabric("cpu")).error()
    trainer = run(LandmarkTrainer, longer, tmp_path)
    after = trainer.error()
    assert after["n"] == before["n"] == 2
    assert after["median"] < 0.7 * before["median"]
    path = trainer.save(tmp_path, after)
    loaded = load_regressor(tmp_path, "compact", 64)
    assert path.exists()
    weights = trainer.averaged.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in loaded.state_dict().items())


def test_a_regressor_is_exported_with_the_terms_of_its_faces(face_set, run, tmp_path):
    import json

    import onnx
    import onnxruntime
    from typer.testing import CliRunner

    from toonmark.cli.application import app

    description = {"format": 1, "source": "made up", "terms": "Any use.", "size": 64}
    faces = tmp_path / "faces"
    shutil.copytree(face_set, faces)
    (faces / "dataset.json").write_text(json.dumps(description))
    config = RegressorConfig(data=[str(faces)], size=64, iterations=2, batch=2)
    folder, file = tmp_path / "run", tmp_path / "landmarks.onnx"
    trainer = run(LandmarkTrainer, config, folder)
    unfinished = CliRunner().invoke(app, ["export", str(folder), str(file)])
    assert isinstance(unfinished.exception, SystemExit)
    assert not file.exists()
    trainer.save(folder, {"median": 0.05})
    done = CliRunner().invoke(app, ["export", str(folder), str(file)])
    assert done.exit_code == 0, done.output
    assert "a landmark regressor" in done.output
    facts = {entry.key: entry.value for entry in onnx.load(file).metadata_props}
    assert facts["toonmark_terms"] == "Any use."
    assert facts["error_median"] == "0.05000"
    assert str(faces) not in json.dumps(facts), "no path of this machine"
    session = onnxruntime.InferenceSession(str(file))
    face = np.random.default_rng(0).uniform(-1, 1, (1, 3, 64, 64)).astype(np.float32)
    maps, points = session.run(None, {"face": face})
    assert maps.shape == (1, 5, 64, 64)
    assert points.shape == (1, 5, 2)
