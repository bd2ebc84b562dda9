"""The paper's table 1 from people's answers: top-1 and top-3 rates, intervals, agreement.

A rate is the share of answers in which a method was picked first, or among the three. The paper's
top-3 rates sum to 1 over the methods and go up to 0.46, though a method that is picked once an
answer has at most a third of the picks: they are counted in some other way that it does not tell.
Ours of "among three" sum to 3.

Answers are not independent: one rater gives many, and one photo gets many. Intervals come from
drawing raters *and* groups anew, with replacement (Owen, "The pigeonhole bootstrap", 2007).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import Field

from toonmark.configuration import Frozen
from toonmark.files import write_text
from toonmark.landmarks import Array
from toonmark.study.agreement import alpha
from toonmark.study.answers import Answer, Answers
from toonmark.study.errors import DamagedStudyError, NoAnswersError
from toonmark.study.study import Study, load

RESAMPLES = 2000


class Rate(Frozen):
    """A share of answers, and its 95 % interval."""

    value: float
    low: float
    high: float


class MethodRates(Frozen):
    """One method under one question."""

    method: str
    top1: Rate
    top3: Rate


class Question(Frozen):
    """One question's part of the table."""

    name: str
    answers: int
    raters: int
    groups: int = Field(description="that somebody answered this question for")
    methods: list[MethodRates]
    alpha: float | None = Field(
        description="Krippendorff's, ordinal, on the places 1, 2, 3, not picked"
    )


class StudyTable(Frozen):
    """The contents of ``table.json``."""

    format: int = 1
    study: str = Field(description="the study's checksum")
    raters: int = Field(description="who answered anything")
    complete: int = Field(description="of these, who answered everything")
    groups: int
    picks: int
    seed: int = Field(description="of the intervals' bootstrap")
    questions: list[Question]


def tabulate(study: Study, answers: Sequence[Answer], seed: int = 0) -> StudyTable:
    """Counts the answers.

    Raises:
        NoAnswersError: there are none.
        DamagedStudyError: an answer does not belong to the study.
    """
    if not answers:
        raise NoAnswersError(
            "Nobody has answered this study yet.", "Invite people: toonmark study serve"
        )
    per_rater = Counter(answer.rater for answer in answers)
    every = len(study.groups) * len(study.questions)
    return StudyTable(
        study=study.checksum,
        raters=len(per_rater),
        complete=sum(count == every for count in per_rater.values()),
        groups=len(study.groups),
        picks=study.picks,
        seed=seed,
        questions=[
            _question(study, name, [a for a in answers if a.question == name], seed)
            for name in study.questions
        ],
    )


def _question(study: Study, name: str, answers: Sequence[Answer], seed: int) -> Question:
    raters = sorted({a.rater for a in answers})
    groups = sorted({a.group for a in answers})
    shape = (len(raters), len(groups))
    given = np.zeros(shape)
    places = np.full((len(study.methods), *shape), study.picks, int)
    ratings: dict[tuple[int, int], list[int]] = defaultdict(list)
    for answer in answers:
        r, g = raters.index(answer.rater), groups.index(answer.group)
        given[r, g] = 1
        for place, token in enumerate(answer.picks):
            places[study.methods.index(_method(study, answer.group, token)), r, g] = place
        for m in range(len(study.methods)):
            ratings[g, m].append(int(places[m, r, g]))
    weights = _resampled(shape, seed)
    return Question(
        name=name,
        answers=len(answers),
        raters=len(raters),
        groups=len(groups),
        methods=[
            MethodRates(
                method=method,
                top1=_rate(given * (place == 0), given, weights),
                top3=_rate(given * (place < study.picks), given, weights),
            )
            for method, place in zip(study.methods, places, strict=True)
        ],
        alpha=alpha(list(ratings.values()), study.picks + 1),
    )


def _method(study: Study, group: int, token: str) -> str:
    method = study.method_of(group, token) if group < len(study.groups) else None
    if method is None:
        raise DamagedStudyError(
            f"An answer names a drawing that group {group} does not have.",
            "The answers belong to another study, or were edited by hand: restore a copy.",
        )
    return method


def _resampled(shape: tuple[int, int], seed: int) -> tuple[Array, Array]:
    """The number of times that each rater and each group is drawn: (B, raters), (B, groups)."""
    rng = np.random.default_rng(seed)
    raters, groups = (
        rng.multinomial(n, np.full(n, 1 / n), RESAMPLES) if n else np.zeros((RESAMPLES, 0))
        for n in shape
    )
    return raters.astype(float), groups.astype(float)


def _rate(hits: Array, given: Array, weights: tuple[Array, Array]) -> Rate:
    """Share of answers that are hits; both (raters, groups), 0 or 1."""
    total = given.sum()
    if not total:
        return Rate(value=0, low=0, high=1)
    raters, groups = weights
    count = ((raters @ given) * groups).sum(1)
    # With few answers a draw may hold none of them.
    shares = ((raters @ hits) * groups).sum(1)[count > 0] / count[count > 0]
    low, high = np.quantile(shares, [0.025, 0.975])
    return Rate(value=float(hits.sum() / total), low=float(low), high=float(high))


def markdown(table: StudyTable) -> str:
    """The table as the paper prints it: methods in columns, two rows a question."""
    methods = [m.method for m in table.questions[0].methods]
    lines = [
        "| | rank | " + " | ".join(name.replace("|", "\\|") for name in methods) + " | alpha |",
        "| --- | --- |" + " ---: |" * (len(methods) + 1),
    ]
    for question in table.questions:
        rows = {
            "top 1": [m.top1 for m in question.methods],
            f"top {table.picks}": [m.top3 for m in question.methods],
        }
        agreement = "–" if question.alpha is None else f"{question.alpha:.2f}"
        for name, rates in rows.items():
            most = max(rate.value for rate in rates)
            told = [_cell(rate, most) for rate in rates]
            first = f"{question.name} | " if name == "top 1" else " | "
            last = agreement if name == "top 1" else ""
            lines.append(f"| {first}{name} | {' | '.join(told)} | {last} |")
    counts = ", ".join(f"{q.name} {q.answers}" for q in table.questions)
    lines += [
        "",
        f"{table.raters} raters, {table.complete} of whom answered everything, on {table.groups}"
        f" groups; answers: {counts}. Share of answers in which a method was picked first, and"
        f" among {table.picks} (these sum to {table.picks}); 95 % intervals from drawing raters"
        " and groups anew. Alpha: Krippendorff's, ordinal, over the places; 1 is full agreement,"
        " 0 is chance.",
    ]
    if table.raters < 10:
        lines.append(
            f"With {table.raters} raters the intervals are too narrow: they tell little about"
            " people who were not asked."
        )
    return "\n".join(lines) + "\n"


def write_tables(out: Path) -> str:
    """Counts a study's answers so far, and writes ``table.json`` and ``table.md`` beside them.

    Args:
        out: the study's folder.

    Returns:
        the latter's text.

    Raises:
        NoAnswersError: there are none yet.
        DamagedStudyError: it is no study, or an answer does not belong to it.
    """
    study = load(out)
    counted = tabulate(study, Answers(out, study).all())
    text = markdown(counted)
    write_text(out / "table.json", counted.model_dump_json(indent=1) + "\n")
    write_text(out / "table.md", text)
    return text


def _cell(rate: Rate, most: float) -> str:
    text = f"{rate.value:.2f}"
    bold = f"**{text}**" if rate.value == most and most > 0 else text
    return f"{bold} [{rate.low:.2f}, {rate.high:.2f}]"
