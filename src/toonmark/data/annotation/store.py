"""The store of annotated points and of who set them: ``annotations.json`` beside the table.

``landmarks.csv`` stays the plain table that training reads; it holds the proposals too. The file
beside it says which of them a person has looked at, and how far the others may be trusted.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from toonmark.data.dataset import (
    DESCRIPTION,
    IMAGES,
    LANDMARKS,
    read_description,
    read_landmarks,
    write_landmarks,
)
from toonmark.data.proposals import guess
from toonmark.errors import DataError, ImageError, LandmarksError
from toonmark.files import waited_for, write_text
from toonmark.landmarks import COUNT, Array
from toonmark.pictures import pictures_in, upright_size

NAME = "annotations.json"

#: The confidence of points of which nothing is known.
UNKNOWN = 0.5


class State(StrEnum):
    """The state of a picture's annotation."""

    PROPOSED = "proposed"
    STARTED = "started"  # points were moved, but nobody said that they are right
    DONE = "done"
    NO_FACE = "no face"


@dataclass(frozen=True)
class Entry:
    """A picture's points.

    Attributes:
        points: (5, 2) pixels of the picture.
        state: who said so.
        confidence: how far a proposal may be trusted, 0 to 1.
    """

    points: Array
    state: State = State.PROPOSED
    confidence: float = UNKNOWN


class Annotations:
    """The points of a folder of pictures, kept on disk; safe to share between threads and
    processes.

    Args:
        folder: a set, or a folder of pictures without any table: their points are then guessed.

    Raises:
        DataError: no pictures, or a damaged table.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        images = self.folder / IMAGES
        self.images = images if images.is_dir() else self.folder
        self._lock = threading.RLock()
        self._seen = b""
        self.entries: dict[str, Entry] = {}
        self._read()

    def _read(self) -> None:
        """Reads everything; a person's word in ``annotations.json`` outweighs the table's."""
        table = self.folder / LANDMARKS
        rows = read_landmarks(table) if table.exists() else {}
        facts = read_description(self.folder / DESCRIPTION).get("pictures", {})
        said = _read_json(self.folder / NAME)
        try:
            paths = pictures_in(self.images)
        except ImageError as error:
            raise DataError(error.happened, error.remedy) from error
        present = {path.relative_to(self.images).as_posix() for path in paths}
        if not present:
            raise DataError(f"{self.folder} holds no pictures.", "Name a set, or its images.")
        # Others read meanwhile: they see the old table or the new one.
        entries: dict[str, Entry] = {}
        for name in sorted(present):
            known = said.get(name, {})
            state = State(known.get("state", State.PROPOSED))
            if state is not State.PROPOSED or (name not in rows and "points" in known):
                points = np.array(known["points"], np.float64).reshape(COUNT, 2)
            elif name in rows:
                points = np.asarray(rows[name], np.float64)
            else:
                entries[name] = Entry(self._guess(name), confidence=0.0)
                continue
            made = facts.get(name, {}) if isinstance(facts, dict) else {}
            confidence = known.get("confidence", made.get("confidence", UNKNOWN))
            entries[name] = Entry(points, state, float(confidence))
        self.entries = entries
        self._seen = self._on_disk()

    def _guess(self, name: str) -> Array:
        try:
            width, height = self.size(name)
        except DataError:
            width = height = 128  # a damaged picture; the page shows that it is
        side = min(width, height)
        return guess(side).points + [(width - side) / 2, (height - side) / 2]

    def size(self, name: str) -> tuple[int, int]:
        """A picture's width and height, as a browser shows it.

        Raises:
            DataError: it cannot be read.
        """
        try:
            return upright_size(self.images / name)
        except ImageError as error:
            raise DataError(error.happened, "Replace it, or say that it shows no face.") from error

    def order(self) -> list[str]:
        """Names, the most doubtful first, and what is done last."""
        open_states = (State.PROPOSED, State.STARTED)

        def key(name: str) -> tuple[bool, float, str]:
            entry = self.entries[name]
            return entry.state not in open_states, entry.confidence, name

        return sorted(self.entries, key=key)

    def count(self) -> int:
        """Pictures that a person has dealt with."""
        return sum(e.state in (State.DONE, State.NO_FACE) for e in self.entries.values())

    def save(self, name: str, points: Array, state: State) -> None:
        """Keeps a person's word, on disk before this returns.

        Raises:
            LandmarksError: the points are not finite, or lie outside the picture.
            OutputError: they cannot be written.
        """
        points = np.asarray(points, np.float64)
        sound = points.shape == (COUNT, 2) and bool(np.isfinite(points).all())
        if sound and state is not State.NO_FACE:  # which even a damaged picture may have
            limit = np.array(self.size(name)) - 0.5
            sound = bool(((points >= -0.5) & (points <= limit)).all())
        if not sound:
            raise LandmarksError(
                f"The points of {name} are not five points inside the picture.", "Move them."
            )
        with self._alone():
            if self._on_disk() != self._seen:
                self._read()  # `toonmark data landmarks` has made better proposals meanwhile
            before = self.entries[name]
            self.entries[name] = Entry(points, state, before.confidence)
            try:
                self.write()
            except BaseException:
                self.entries[name] = before
                raise

    def propose(self, proposals: Mapping[str, tuple[Array, float]]) -> None:
        """Takes proposals, (points, confidence) by name, where no person has said anything."""
        with self._alone():
            self._read()
            for name, (points, confidence) in proposals.items():
                if self.entries[name].state is State.PROPOSED:
                    self.entries[name] = Entry(np.asarray(points), confidence=confidence)
            self.write()

    def accept(self, points: Mapping[str, Array], state: State) -> None:
        """Takes many pictures' points as a person's word, from another tool."""
        with self._alone():
            self._read()
            for name, known in points.items():
                confidence = self.entries[name].confidence
                self.entries[name] = Entry(np.asarray(known, np.float64), state, confidence)
            self.write()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other thread, and no other process, reads, changes and writes meanwhile."""
        with self._lock, waited_for(self.folder / ".annotations.lock"):
            yield

    def write(self) -> None:
        """Writes both files, each whole or not at all, first the one that outweighs the other."""
        content = {
            name: {
                "state": str(entry.state),
                "confidence": round(entry.confidence, 3),
                "points": [round(float(value), 2) for value in entry.points.ravel()],
            }
            for name, entry in self.entries.items()
        }
        lines = ",\n".join(
            f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(value)}"
            for name, value in content.items()
        )
        write_text(self.folder / NAME, f'{{"format": 1, "pictures": {{\n{lines}\n}}}}\n')
        rows = ((n, e.points) for n, e in self.entries.items() if e.state is not State.NO_FACE)
        write_landmarks(self.folder / LANDMARKS, rows)
        self._seen = self._on_disk()

    def _on_disk(self) -> bytes:
        """A digest of what is written. Two writers can share a time stamp, so times will not do."""
        try:
            return hashlib.sha256((self.folder / NAME).read_bytes()).digest()
        except FileNotFoundError:
            return b""


def pictures_without_face(folder: Path) -> set[str]:
    """The pictures of a set of which a person said that they show no face.

    Raises:
        DataError: ``annotations.json`` is damaged.
    """
    said = _read_json(folder / NAME)
    return {name for name, entry in said.items() if entry["state"] == State.NO_FACE}


def _read_json(path: Path) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))["pictures"]
        for entry in content.values():
            State(entry["state"])
            np.array(entry["points"], np.float64).reshape(COUNT, 2)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} is damaged ({error}).", "Restore it, or put it aside to start anew."
        ) from error
    found: dict[str, dict[str, Any]] = content
    return found
