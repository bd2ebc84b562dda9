"""Learning from what is annotated, and proposing the rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from toonmark.data.annotation.store import Annotations, State
from toonmark.data.dataset import Dataset
from toonmark.errors import DataError
from toonmark.landmarks import template_points
from toonmark.models.heatmaps import heatmaps
from toonmark.training.annotation_learning import FEWEST, learn
from toonmark.training.config import RegressorConfig
from toonmark.training.regressor_proposals import RegressorProposer, sharpness


def test_too_few_annotated_pictures_are_refused(face_set: Path) -> None:
    with pytest.raises(DataError, match=f"{FEWEST} is the least"):
        learn(face_set)


def test_what_is_learnt_is_proposed_and_nothing_annotated_is_touched(
    tmp_path: Path, face_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "images").symlink_to(face_set / "images")
    (tmp_path / "landmarks.csv").write_bytes((face_set / "landmarks.csv").read_bytes())
    annotations = Annotations(tmp_path)
    names = sorted(annotations.entries)
    before = {name: annotations.entries[name].points for name in names}
    annotations.accept({name: before[name] for name in names[:FEWEST]}, State.DONE)
    annotations.save(names[FEWEST], before[names[FEWEST]], State.STARTED)
    annotations.save(names[FEWEST + 1], before[names[FEWEST + 1]], State.NO_FACE)

    def small(table: Path, iterations: int, batch: int = 2) -> RegressorConfig:
        return RegressorConfig(data=[str(table)], size=64, iterations=iterations, batch=2)

    monkeypatch.setattr("toonmark.training.annotation_learning.configuration", small)
    learn(tmp_path, iterations=1)
    learnt = learn(tmp_path, iterations=2)  # longer: begun anew
    assert (learnt.annotated, learnt.proposed) == (FEWEST, len(names) - FEWEST - 2)
    assert learnt.error["n"] == 1
    after = Annotations(tmp_path).entries
    for name in names[: FEWEST + 2]:
        np.testing.assert_allclose(after[name].points, before[name], atol=0.011)
    for name in names[FEWEST + 2 :]:
        assert after[name].state is State.PROPOSED
        assert np.abs(after[name].points - before[name]).max() > 0.1
        assert 0 <= after[name].confidence <= 1
    assert len(Dataset.open(tmp_path)) == len(names) - 1
    assert len(Dataset.open(tmp_path / "annotated.csv")) == FEWEST


def test_sure_maps_are_sharper_than_low_wide_or_double_ones() -> None:
    points = torch.tensor(template_points(64)).float()
    sure = heatmaps(points, 64)
    low, wide, double = sure.clone(), sure.clone(), sure.clone()
    low[2] *= 0.4
    wide[2] = heatmaps(points, 64, 6.0)[2]
    double[2] = torch.maximum(double[2], double[2].flip(0) * 0.8)
    found = sharpness(torch.stack([sure, low, wide, double]))
    assert found[0] > 0.9
    assert found[1:].max() < 0.6


def test_a_regressors_points_are_the_pictures_own() -> None:
    class Known(torch.nn.Module):
        """Answers the template, straight or mirrored: its own mirror image."""

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            points = torch.tensor([[20, 30], [43, 30], [31.5, 40], [22, 50], [41, 50]]).float()
            return heatmaps(points, 64).expand(len(images), -1, -1, -1)

    proposer = RegressorProposer.of(Known(), 64)
    images = [np.zeros((128, 128, 3), np.uint8)] * 17 + [np.zeros((64, 64, 3), np.uint8)]
    proposals = list(proposer.propose_all(images))
    assert len(proposals) == 18
    np.testing.assert_allclose(proposals[0].points[0], [40.5, 60.5], atol=0.05)
    np.testing.assert_allclose(proposals[17].points[0], [20, 30], atol=0.05)
    assert proposals[0].confidence > 0.9
