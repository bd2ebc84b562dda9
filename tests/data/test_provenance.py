"""What made the points of a set is said by the set, and by the styles that learnt from it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from toonmark.data.dataset import Dataset, write_description
from toonmark.data.proposals import Proposal
from toonmark.data.provenance import KEY, landmarks_of, made_by, trained_on
from toonmark.data.sources.build import build
from toonmark.data.sources.cartoons import Cartoons
from toonmark.landmarks import template_points


class Detector:
    name = "MTCNN"

    def propose(self, image):
        return Proposal(template_points(image.shape[0]), 1.0)


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """A set of drawings whose points MTCNN proposed."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(3):
        pixels = np.random.default_rng(i).integers(0, 255, (64, 64, 3), np.uint8)
        Image.fromarray(pixels).save(photos / f"{i}.png")
    build(Cartoons(root=photos, size=64, proposer=Detector()), tmp_path / "drawn")
    return tmp_path / "drawn"


def test_a_set_says_which_detector_made_its_points(drawn: Path) -> None:
    assert Dataset.open(drawn).description["landmarks"] == "MTCNN"


@pytest.mark.parametrize(
    ("description", "made"),
    [
        ({"configuration": {"source": "folder", "detector": "YuNet, refined"}}, "YuNet, refined"),
        (
            {"configuration": {"source": "cartoons", "proposer": "MTCNN", "refiner": "regressor"}},
            "MTCNN, then regressor",
        ),
        ({"configuration": {"source": "cartoons", "proposer": "MTCNN", "refiner": None}}, "MTCNN"),
        ({"configuration": {"source": "celeba"}}, "given"),
        ({"landmarks": "MediaPipe Face Mesh", "configuration": {"size": 1}}, "MediaPipe Face Mesh"),
        ({"configuration": {"source": "somebody's"}}, ""),
        ({}, ""),
    ],
)
def test_sets_of_before_say_it_in_their_configuration(description, made) -> None:
    assert made_by(description) == made


def test_a_style_keeps_what_made_the_points_that_it_learnt_from(drawn: Path, tmp_path) -> None:
    (drawn / "part.csv").write_bytes((drawn / "landmarks.csv").read_bytes())
    folders = [str(drawn / "part.csv"), str(drawn), str(tmp_path / "gone")]
    assert landmarks_of(folders) == {KEY: {"drawn": "MTCNN"}}
    assert landmarks_of([str(tmp_path / "gone")]) == {}
    write_description(drawn, {"landmarks": "exact"})
    assert landmarks_of(folders) == {KEY: {"drawn": "exact"}}


def test_all_runs_that_a_style_comes_from_are_asked() -> None:
    facts = {
        "runs": [{KEY: {"a": "MTCNN"}, "weights": {"landmarks": 100.0}}, {"seed": 0}],
        "distilled": {KEY: {"b": "given"}, "teacher": {"distilled": {KEY: {"c": "YuNet"}}}},
    }
    assert trained_on(json.loads(json.dumps(facts))) == {"a": "MTCNN", "b": "given", "c": "YuNet"}
    assert trained_on({"runs": [{"seed": 0}]}) == {}
