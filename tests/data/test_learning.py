"""Learning from what is annotated; backgrounds without people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from toonmark.data.annotation.learning import FEWEST, learn
from toonmark.data.annotation.regressor import RegressorProposer, sharpness
from toonmark.data.annotation.store import Annotations, State
from toonmark.data.cut_backgrounds import (
    cut_backgrounds,
    largest_free_square,
    occupied,
    without_people,
)
from toonmark.data.dataset import Dataset
from toonmark.errors import DataError
from toonmark.faces.detect import Face, face_from_points
from toonmark.landmarks import Array, template_points
from toonmark.models.sampling import heatmaps
from toonmark.training.config import RegressorConfig


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

    monkeypatch.setattr("toonmark.data.annotation.learning.configuration", small)
    learnt = learn(tmp_path, iterations=2)
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


def test_the_largest_square_beside_a_person() -> None:
    taken = np.zeros((6, 10), bool)
    taken[2:, 3:5] = True
    assert largest_free_square(taken) == (5, 0, 5)
    assert largest_free_square(np.ones((3, 3), bool))[2] == 0
    face = Face((100, 50, 40, 50), template_points(40), 1.0)
    grid = occupied(np.zeros((240, 480, 3), np.uint8), [face])
    assert grid.shape == (48, 96)
    assert grid[-1, 24]
    assert not grid[:, 60:].any()


def test_people_are_painted_over_by_what_surrounds_them() -> None:
    photo = np.zeros((600, 400, 3), np.uint8)
    photo[...] = (0, 150, 60)
    photo[200:, 120:280] = (200, 30, 30)
    people = np.zeros((60, 40), bool)
    people[20:, 12:28] = True
    painted = without_people(photo, people)
    assert painted is not None
    assert painted.shape == (480, 320, 3)
    assert np.abs(painted.astype(int) - (0, 150, 60)).max() < 8
    assert without_people(photo, np.ones((60, 40), bool)) is None


def test_a_portrait_gives_a_background_only_when_people_are_painted_over(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.new("RGB", (300, 300), (0, 150, 60)).save(photos / "portrait.png")
    face = Face((130, 60, 40, 50), template_points(40), 1.0)
    with pytest.raises(DataError, match="has room"):
        cut_backgrounds(photos, tmp_path / "out", size=100, find=lambda _: [face])
    # The same folder again: what had no room is looked at once more.
    counts = cut_backgrounds(photos, tmp_path / "out", size=100, find=lambda _: [face], fill=True)
    assert counts == {"kept": 1}
    (file,) = (tmp_path / "out").glob("*.jpg")
    with Image.open(file) as picture:
        assert picture.size == (300, 300)


def test_backgrounds_are_cut_where_nobody_is_and_a_run_goes_on(tmp_path: Path) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    pixels = np.zeros((200, 500, 3), np.uint8)
    pixels[:, 180:] = (0, 200, 0)  # what a head and shoulders leave
    for name in ("beside.png", "again/beside.png"):
        (photos / name).parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(photos / name)
    Image.new("RGB", (200, 200)).save(photos / "full.png")
    (photos / "broken.png").write_bytes(b"no")
    looked: list[int] = []

    def find(image: Array) -> list[Face]:
        looked.append(1)
        return [face_from_points(template_points(130))]

    counts = cut_backgrounds(photos, out, size=100, find=find)
    assert counts == {"kept": 2, "no room beside people": 1, "unreadable": 1}
    for path in out.glob("*.jpg"):
        with Image.open(path) as picture:
            assert min(picture.size) >= 100
            assert np.asarray(picture)[..., 1].min() > 150
    looked.clear()
    assert cut_backgrounds(photos, out, size=100, find=find) == counts
    assert not looked
    assert cut_backgrounds(photos, out, size=100, find=find, fill=True) == counts  # nothing around
    assert len(looked) == 1
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x").touch()
    with pytest.raises(DataError, match="is not empty"):
        cut_backgrounds(photos, tmp_path / "other", find=find)
