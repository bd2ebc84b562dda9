"""Table 1 from made-up answers: rates, intervals, agreement."""

from __future__ import annotations

import json

import numpy as np
import pytest

from toonmark.study.agreement import alpha
from toonmark.study.answers import Answer
from toonmark.study.errors import DamagedStudyError, NoAnswersError
from toonmark.study.ratings_table import markdown, tabulate
from toonmark.study.study import load


@pytest.fixture
def study(study_folder):
    return load(study_folder)


def given(study, rater, group, methods, question="Identity"):
    tokens = {method: token for token, method in study.groups[group].drawings.items()}
    return Answer(rater, group, question, tuple(tokens[m] for m in methods), 1)


def test_rates(study):
    orders = [
        ("a", 0, ("ours", "plain", "grey")),
        ("a", 1, ("ours", "late", "plain")),
        ("b", 0, ("plain", "ours", "grey")),
        ("b", 1, ("ours", "grey", "plain")),
    ]
    table = tabulate(study, [given(study, *order) for order in orders])
    identity, realistic, _ = table.questions
    rates = {m.method: (m.top1.value, m.top3.value) for m in identity.methods}
    assert rates == {
        "plain": (0.25, 1.0), "ours": (0.75, 1.0), "grey": (0.0, 0.75), "late": (0.0, 0.25),
        "mirror": (0.0, 0.0),
    }  # fmt: skip
    assert sum(first for first, _ in rates.values()) == 1
    assert sum(three for _, three in rates.values()) == 3
    ours = identity.methods[1].top1
    assert ours.low <= 0.75 <= ours.high
    assert ours.low < 0.6
    assert (table.raters, table.complete) == (2, 0)
    assert realistic.answers == 0
    assert realistic.alpha is None
    text = markdown(table)
    assert "| Identity | top 1 | 0.25 [" in text
    assert "**0.75** [" in text
    assert "2 raters" in text
    json.loads(table.model_dump_json())


def test_full_agreement_and_none(study):
    same = [given(study, str(r), g, ("ours", "late", "grey")) for r in range(6) for g in (0, 1)]
    assert tabulate(study, same).questions[0].alpha == pytest.approx(1)
    rng = np.random.default_rng(0)
    chance = [
        given(study, str(r), g, rng.choice(study.methods, 3, replace=False))
        for r in range(200)
        for g in (0, 1)
    ]
    assert tabulate(study, chance).questions[0].alpha == pytest.approx(0, abs=0.02)


def test_intervals_hold_what_they_promise(study):
    """95 % of studies' intervals hold the true rate, or some more: two groups are few."""
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(60):
        answers = [
            given(study, str(r), g, ("ours", "late", "grey") if rng.random() < 0.6
                  else ("late", "ours", "grey"))
            for r in range(25) for g in (0, 1)
        ]  # fmt: skip
        rate = tabulate(study, answers).questions[0].methods[1].top1
        hits += rate.low <= 0.6 <= rate.high
    assert hits >= 54


def test_complete_raters(study):
    order = ("ours", "late", "grey")
    answers = [given(study, "a", g, order, q) for g in (0, 1) for q in study.questions]
    table = tabulate(study, [*answers, given(study, "b", 0, order)])
    assert (table.raters, table.complete) == (2, 1)


def test_nobody(study):
    with pytest.raises(NoAnswersError):
        tabulate(study, [])


def test_an_answer_of_another_study(study):
    with pytest.raises(DamagedStudyError, match="does not have"):
        tabulate(study, [Answer("a", 0, "Identity", ("0" * 16,) * 3, 1)])


#: Krippendorff (2011), section C: four observers, twelve units; 0 is missing.
PUBLISHED = """
1 2 3 3 2 1 4 1 2 0 0 0
1 2 3 3 2 2 4 1 2 5 0 3
0 3 3 3 2 3 4 2 2 5 1 0
1 2 3 3 2 4 4 1 2 5 1 0
"""


def test_alpha_as_published():
    table = np.array([[int(v) for v in line.split()] for line in PUBLISHED.strip().splitlines()])
    units = [[value - 1 for value in column if value] for column in table.T]
    assert alpha(units, 5) == pytest.approx(0.815, abs=5e-4)


def test_alpha_where_there_is_none():
    assert alpha([], 4) is None
    assert alpha([[1], [2]], 4) is None
    assert alpha([[1, 1], [1, 1]], 4) is None
