"""Answers: kept once, by one of two tabs, from many raters at a time."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from toonmark.study.answers import Answer, Answers
from toonmark.study.errors import (
    DamagedStudyError,
    OlderAnswerError,
    UnknownRaterError,
    WrongAnswerError,
)
from toonmark.study.study import load


@pytest.fixture
def study(study_folder):
    return load(study_folder)


@pytest.fixture
def answers(study_folder, study):
    return Answers(study_folder, study)


def answer(study, rater, group=0, first=0, revision=1, question="Identity", count=3):
    tokens = list(study.groups[group].drawings)
    picks = tuple(tokens[(first + i) % len(tokens)] for i in range(count))
    return Answer(rater, group, question, picks, revision)


def test_posted_twice_kept_once(answers, study):
    one = answer(study, answers.new_rater())
    for _ in range(3):
        answers.give(one)
    assert answers.all() == [one]


def test_changed_and_late(answers, study):
    rater = answers.new_rater()
    first, second = answer(study, rater), answer(study, rater, first=1, revision=2)
    answers.give(first)
    answers.give(second)
    for late in (first, answer(study, rater, first=2, revision=2)):
        with pytest.raises(OlderAnswerError):
            answers.give(late)
    assert answers.of(rater) == [second]


def test_two_tabs_at_once(answers, study):
    rater = answers.new_rater()

    def post(first):
        try:
            answers.give(answer(study, rater, first=first))
            return 1
        except OlderAnswerError:
            return 0

    with ThreadPoolExecutor(5) as pool:
        assert sum(pool.map(post, range(5))) == 1
    assert len(answers.all()) == 1


def test_many_raters_at_once(answers, study):
    def take(_):
        rater = answers.new_rater()
        for group in range(2):
            for question in study.questions:
                answers.give(answer(study, rater, group, question=question))
        return rater

    with ThreadPoolExecutor(8) as pool:
        raters = list(pool.map(take, range(16)))
    assert len(set(raters)) == 16
    assert len(answers.all()) == 16 * 6
    assert all(len(answers.of(rater)) == 6 for rater in raters)


def test_wrong_answers(answers, study):
    rater = answers.new_rater()
    good = answer(study, rater)
    other = next(iter(study.groups[1].drawings))
    for wrong in (
        answer(study, rater, count=2),
        answer(study, rater, count=4),
        answer(study, rater, question="Beauty"),
        Answer(rater, 7, "Identity", good.picks, 1),
        Answer(rater, -1, "Identity", good.picks, 1),
        Answer(rater, 0, "Identity", (*good.picks[:2], good.picks[0]), 1),
        Answer(rater, 0, "Identity", (*good.picks[:2], other), 1),
    ):
        with pytest.raises(WrongAnswerError):
            answers.give(wrong)
    with pytest.raises(UnknownRaterError):
        answers.give(answer(study, "nobody"))
    with pytest.raises(UnknownRaterError):
        answers.of("nobody")
    assert answers.all() == []


def test_another_study_s_answers(answers, study, study_folder):
    with pytest.raises(DamagedStudyError, match="another study"):
        Answers(study_folder, study.model_copy(update={"seed": 77}))


def test_a_damaged_file(study, tmp_path):
    (tmp_path / "answers.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(DamagedStudyError, match="is damaged"):
        Answers(tmp_path, study)


def test_write_ahead(answers, study_folder):
    database = sqlite3.connect(study_folder / "answers.sqlite")
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()
