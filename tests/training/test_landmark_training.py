"""A landmark regressor learns, goes on when it was stopped, and averages what it learns."""

from __future__ import annotations

import pytest
import torch

from toonmark.training.config import RegressorConfig
from toonmark.training.fabric import make_fabric
from toonmark.training.landmarks import LandmarkTrainer, load_regressor

pytestmark = pytest.mark.slow


@pytest.fixture
def config(face_set):
    return RegressorConfig(
        data=[str(face_set)], size=64, iterations=6, batch=2, checkpoint_every=2, log_every=1
    )


def test_one_step_moves_every_weight_and_the_average_follows(config):
    trainer = LandmarkTrainer(config, make_fabric("cpu"))
    before = {name: value.clone() for name, value in trainer.regressor.named_parameters()}
    values = trainer.step(0)
    assert set(values) == {"heatmaps"}
    assert values["heatmaps"] > 0
    average = dict(trainer.averaged.named_parameters())
    for name, value in trainer.regressor.named_parameters():
        assert not torch.equal(value, before[name]), name
        # The average of a random start forgets it: nine tenths of the first step.
        assert torch.allclose(average[name], before[name] + 0.9 * (value - before[name]), atol=1e-6)


def test_stopped_and_started_again_it_ends_with_the_same_weights(
    config, run, interrupted, tmp_path
):
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
