"""Outline, colour on the head and glasses, on portraits whose answer is known."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from toonmark.data.layers.drawn_features import draw_frames
from toonmark.data.layers.glasses import frames_at
from toonmark.data.layers.pen import Pen
from toonmark.evaluation.portrait import JudgedPortrait, PortraitJudge, portrait_scores
from toonmark.evaluation.summary import silhouette_texts
from toonmark.models.drawing_layers import Layer

SIZE = 512
pytestmark = pytest.mark.filterwarnings("ignore::toonmark.evaluation.errors.MeasurementWarning")


@pytest.fixture
def judge_of_one(portrait):
    """A judge of one made-up portrait, whose mattes and points are known; photo and person."""
    photo, alpha, dense = portrait(SIZE)
    judge = PortraitJudge.__new__(PortraitJudge)
    judge._matting = SimpleNamespace(coarse=lambda picture: alpha)
    judge._second = lambda picture: alpha
    judge._mesh = lambda picture, points: SimpleNamespace(dense=dense)
    return judge, photo, alpha


@pytest.fixture
def judged(judge_of_one):
    """The person on white, and what judges a drawing of them."""
    judge, photo, alpha = judge_of_one
    white = np.where(alpha[..., None] > 0.5, photo, 255).astype(np.uint8)
    points = np.zeros((5, 2))
    return white, lambda drawing, shown=photo: judge(shown, drawing, points)


def test_the_person_on_white_loses_nothing(judged):
    white, judge = judged
    one = judge(white)
    assert one.overlap > 0.98
    assert one.outside == 0
    assert one.top < 1


def test_what_is_drawn_beside_the_person_is_outside_and_what_lacks_is_not(judged):
    white, judge = judged
    more = white.copy()
    more[40:120, 10:90] = 0
    assert 0.02 < judge(more).outside < 0.2
    less = white.copy()
    less[:180] = 255
    assert judge(less).outside == 0
    assert judge(less).overlap < 0.8


def test_a_matte_that_errs_counts_only_where_it_is_alone(judged, judge_of_one):
    (white, ask), (judge, _, alpha) = judged, judge_of_one
    lost = alpha.copy()
    lost[:180] = 0  # as one that takes a hat for the background
    judge._matting = SimpleNamespace(coarse=lambda picture: lost)
    one = ask(white)
    assert one.overlap < 0.85
    assert one.outside > 0.02
    assert one.second > 0.98
    assert one.second_outside == 0
    assert one.agreed > 0.98


def test_dyed_hair_is_told_from_the_persons(judged):
    white, judge = judged
    dyed = white.copy()
    dyed[white.max(-1) < 110] = (200, 60, 160)
    assert judge(dyed).top > 20


def test_glasses_are_kept_or_invented(judged):
    white, judge = judged
    layers = np.zeros((SIZE, SIZE), np.uint8)
    eyes = np.array([[204.8, 225.3], [307.2, 225.3]])
    draw_frames(Pen(layers, np.zeros((0, 2))), frames_at(eyes, 0.42, 0.8, 3.0, 0.04), False)
    worn = np.where((layers == Layer.GLASSES)[..., None], np.uint8(10), white)
    one = judge(worn)
    assert one.glasses_drawn > one.glasses


def test_scores_count_what_is_certain():
    sure, none = 20.0, 0.0
    ones = [
        JudgedPortrait(0.9, 0.0, 0.8, 0.1, 0.95, 5.0, sure, sure),
        JudgedPortrait(0.8, 0.1, 0.7, 0.0, 0.9, float("nan"), sure, none),
        JudgedPortrait(0.7, 0.2, 0.6, 0.1, 0.8, 7.0, none, sure),
        JudgedPortrait(0.2, 0.1, 0.1, 0.0, 0.3, 9.0, 8.0, sure),  # doubtful: neither
    ]
    scores = portrait_scores(ones)
    assert (scores.glasses_worn, scores.glasses_kept) == (2, 1)
    assert (scores.bare, scores.glasses_invented) == (1, 1)
    assert scores.overlap == pytest.approx(0.75)
    assert scores.overlap_worst_tenth < 0.4
    assert scores.outside == pytest.approx(0.1)
    assert scores.second_overlap == pytest.approx(0.65)
    assert scores.second_worst_tenth < 0.3
    assert scores.second_outside == pytest.approx(0.05)
    assert scores.agreed_overlap == pytest.approx(0.85)
    assert scores.agreed_worst_tenth < 0.5
    assert silhouette_texts(scores)[2:] == ["0.650 / 0.250", "0.850 / 0.450"]
    assert (scores.top_difference, scores.top_measured) == (7.0, 3)


def test_without_colour_on_any_head_none_is_given():
    scores = portrait_scores([JudgedPortrait(1.0, 0.0, 1.0, 0.0, 1.0, float("nan"), 0.0, 0.0)])
    assert scores.top_difference is None
    assert scores.top_measured == 0


def test_the_command_measures_portraits_where_asked(make_set, make_pack, tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from toonmark.cli import app
    from toonmark.evaluation import networks

    overlaps = iter([0.5, 0.9, 0.7, 0.8, 0.6, 0.4])

    class Judge:
        def __call__(self, photo, drawing, points):
            assert photo.shape == drawing.shape
            assert points.shape == (5, 2)
            return JudgedPortrait(next(overlaps), 0.25, 1.0, 0.0, 1.0, 3.0, 20.0, 20.0)

    monkeypatch.setattr(networks, "PortraitJudge", Judge)
    faces = make_set("faces", 6)
    (faces / "labels.csv").write_text("file,hat\n0000.png,yes\n0001.png,no\n0002.png,no\n")
    arguments = ["evaluate", str(make_pack()), "--faces", str(faces), "--cartoons", str(faces)]
    arguments += ["--all", "--n", "6", "--cache", str(tmp_path / "c"), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [*arguments, "--portraits"])
    assert result.exit_code == 0, result.output
    assert "6 of 6" in result.output
    (scores,) = json.loads((tmp_path / "out" / "scores.json").read_text())["scores"]
    assert scores["portraits"]["overlap"] == pytest.approx(0.65)
    assert [item["overlap"] for item in scores["items"]] == [0.5, 0.9, 0.7, 0.8, 0.6, 0.4]
    assert {g["value"]: g["overlap"] for g in scores["groups"]} == {"no": 0.8, "yes": 0.5}
    assert "Whole portraits" in (tmp_path / "out" / "report.html").read_text()
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "Whole portraits" not in (tmp_path / "out" / "report.html").read_text()
