"""People's answers in one SQLite file: safe against double posts and many raters at once."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from toonmark.errors import OutputNotWritableError
from toonmark.study.errors import (
    DamagedStudyError,
    OlderAnswerError,
    UnknownRaterError,
    WrongAnswerError,
)
from toonmark.study.study import ANSWERS, Study

_TABLES = """
CREATE TABLE IF NOT EXISTS study (checksum TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS raters (
    id TEXT PRIMARY KEY, began TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers (
    rater TEXT NOT NULL REFERENCES raters(id),
    number INTEGER NOT NULL,
    question TEXT NOT NULL,
    picks TEXT NOT NULL,
    revision INTEGER NOT NULL,
    given TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (rater, number, question)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Answer:
    """One rater's picks for one question about one group.

    Attributes:
        rater: the rater's code.
        group: index into :attr:`Study.groups`.
        question: its name.
        picks: tokens of the drawings, the best first.
        revision: 1 for the first answer; each change adds one.
    """

    rater: str
    group: int
    question: str
    picks: tuple[str, ...]
    revision: int


class Answers:
    """The answers of one study; each call has a connection of its own, so threads may share it.

    Raises:
        DamagedStudyError: the file belongs to another study, or is no database.
        OutputNotWritableError: it cannot be written.
    """

    def __init__(self, folder: Path, study: Study) -> None:
        self._path, self._study = folder / ANSWERS, study
        with self._connected() as database:
            database.executescript("PRAGMA journal_mode=WAL;" + _TABLES)
            database.execute("BEGIN IMMEDIATE")
            row = database.execute("SELECT checksum FROM study").fetchone()
            if row is None:
                database.execute("INSERT INTO study VALUES (?)", (study.checksum,))
            elif row[0] != study.checksum:
                raise DamagedStudyError(
                    f"{self._path} holds the answers to another study.",
                    "Put the study file back that they were given to, or move them away.",
                )

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """A connection in autocommit; a transaction that was begun ends with the block."""
        try:
            database = sqlite3.connect(self._path, timeout=30, isolation_level=None)
            try:
                database.execute("PRAGMA foreign_keys=ON")
                yield database
                if database.in_transaction:
                    database.execute("COMMIT")
            finally:
                database.close()  # takes an unfinished transaction back
        except sqlite3.OperationalError as error:
            raise OutputNotWritableError(
                f"Answers cannot be kept in {self._path} ({error}).",
                "Serve the study from a folder that may be written to.",
            ) from error
        except sqlite3.DatabaseError as error:
            raise DamagedStudyError(
                f"{self._path} is damaged ({error}).", "Restore it from a copy, or move it away."
            ) from error

    def new_rater(self) -> str:
        """Somebody begins; their code lets them go on elsewhere."""
        code = secrets.token_urlsafe(9)
        with self._connected() as database:
            database.execute("INSERT INTO raters (id) VALUES (?)", (code,))
        return code

    def knows(self, rater: str) -> bool:
        """Whether there is such a rater."""
        with self._connected() as database:
            query = "SELECT 1 FROM raters WHERE id = ?"
            return database.execute(query, (rater,)).fetchone() is not None

    def of(self, rater: str) -> list[Answer]:
        """A rater's answers so far.

        Raises:
            UnknownRaterError: no such rater.
        """
        if not self.knows(rater):
            raise UnknownRaterError(
                "This study knows nobody with this code.", "Begin anew, or check the link."
            )
        return self._select("WHERE rater = ?", (rater,))

    def all(self) -> list[Answer]:
        """Everybody's answers."""
        return self._select("", ())

    def _select(self, where: str, values: Sequence[str]) -> list[Answer]:
        query = f"SELECT rater, number, question, picks, revision FROM answers {where}"
        with self._connected() as database:
            rows = database.execute(query + " ORDER BY rater, number, question", values).fetchall()
        return [Answer(r, g, q, tuple(json.loads(p)), v) for r, g, q, p, v in rows]

    def give(self, answer: Answer) -> None:
        """Keeps an answer; the same one posted twice is kept once.

        Raises:
            WrongAnswerError: not what was asked.
            UnknownRaterError: no such rater.
            OlderAnswerError: there is a newer answer, or another of the same revision.
        """
        self._check(answer)
        key = (answer.rater, answer.group, answer.question)
        picks = json.dumps(answer.picks)
        with self._connected() as database:
            # Reading and writing under one lock: of two tabs one comes first, the other is told.
            database.execute("BEGIN IMMEDIATE")
            if not database.execute("SELECT 1 FROM raters WHERE id = ?", key[:1]).fetchone():
                raise UnknownRaterError(
                    "This study knows nobody with this code.", "Begin anew, or check the link."
                )
            row = database.execute(
                "SELECT picks, revision FROM answers"
                " WHERE rater = ? AND number = ? AND question = ?",
                key,
            ).fetchone()
            if row is not None and row[1] >= answer.revision:
                if row == (picks, answer.revision):
                    return
                raise OlderAnswerError(
                    "This question was answered meanwhile, from another tab or device.",
                    "Look at that answer before changing it.",
                )
            database.execute(
                "INSERT INTO answers (rater, number, question, picks, revision)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " picks = excluded.picks, revision = excluded.revision, given = CURRENT_TIMESTAMP",
                (*key, picks, answer.revision),
            )

    def _check(self, answer: Answer) -> None:
        study = self._study
        remedy = "Reload the page and answer again."
        if not 0 <= answer.group < len(study.groups):
            raise WrongAnswerError(f"There is no group {answer.group}.", remedy)
        if answer.question not in study.questions:
            raise WrongAnswerError(f"There is no question {answer.question!r}.", remedy)
        if len(answer.picks) != study.picks or len(set(answer.picks)) != study.picks:
            raise WrongAnswerError(f"An answer is {study.picks} different drawings.", remedy)
        if any(study.method_of(answer.group, token) is None for token in answer.picks):
            raise WrongAnswerError("A picked drawing is not of this group.", remedy)
