"""A study on disk: which drawings are shown beside which photo.

::

    OUT/study.json          groups, methods and a checksum; only the server reads who drew what
    OUT/pictures/TOKEN.png  photos and drawings under names that tell nothing
    OUT/answers.sqlite      what people answered
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from toonmark.configuration import Frozen
from toonmark.files import write_text
from toonmark.study.errors import DamagedStudyError

FILE = "study.json"
PICTURES = "pictures"
ANSWERS = "answers.sqlite"

#: The paper's three questions (section 4.6), each with what a rater is asked.
QUESTIONS = {
    "Identity": "Which look most like the person in the photo?",
    "Realistic": "Which look most like real cartoons, drawn by an artist?",
    "AsProfile": "Which would this person best take as a profile picture?",
}
#: How many a rater picks and orders.
PICKS = 3


class Group(Frozen):
    """One photo with all methods' drawings of it."""

    photo: str = Field(description="the photo's token")
    drawings: dict[str, str] = Field(description="token of a drawing: the method that made it")
    name: str = Field(description="the photo's file name, for the table only")


class Study(Frozen):
    """The questions of a study, and its pictures."""

    format: int = 1
    seed: int
    methods: list[str] = Field(min_length=2)
    questions: dict[str, str] = Field(min_length=1)
    groups: list[Group] = Field(min_length=1)

    @property
    def picks(self) -> int:
        """The number of drawings to pick: three, or all where there are fewer methods."""
        return min(PICKS, len(self.methods))

    @property
    def checksum(self) -> str:
        """The checksum of everything in the study; answers belong to one."""
        return hashlib.sha256(_canonical(self.model_dump(mode="json"))).hexdigest()

    def method_of(self, group: int, token: str) -> str | None:
        """The method that made a drawing, or None if it is none of the group's."""
        return self.groups[group].drawings.get(token)


def _canonical(values: Any) -> bytes:
    return json.dumps(values, sort_keys=True, ensure_ascii=False).encode()


def save(study: Study, folder: Path) -> None:
    """Writes the study file, whole or not at all."""
    values = {"checksum": study.checksum, **study.model_dump(mode="json")}
    write_text(folder / FILE, json.dumps(values, indent=1, ensure_ascii=False) + "\n")


def load(folder: Path) -> Study:
    """Reads a study and sees that its pictures are there.

    Raises:
        DamagedStudyError: no study, one that was edited by hand, or pictures that are missing.
    """
    file = folder / FILE
    again = "Restore the file, or make the study again with: toonmark study create"
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DamagedStudyError(
            f"{folder} holds no study.", "Make one with: toonmark study create"
        ) from error
    except (OSError, ValueError) as error:
        raise DamagedStudyError(f"{file} cannot be read ({error}).", again) from error
    checksum = values.pop("checksum", None) if isinstance(values, dict) else None
    try:
        study = Study.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DamagedStudyError(f"{file} is wrong at {where}: {first['msg']}.", again) from error
    if checksum != study.checksum:
        raise DamagedStudyError(
            f"{file} was changed after the study was made; answers would be counted for other"
            " drawings than people saw.",
            again,
        )
    shown = [token for group in study.groups for token in (group.photo, *group.drawings)]
    missing = [token for token in shown if not picture_path(folder, token).is_file()]
    if missing:
        raise DamagedStudyError(
            f"{len(missing)} of the study's {len(shown)} pictures are missing, {missing[0]}.png"
            " for one.",
            f"Put them back into {folder / PICTURES}, or make the study again.",
        )
    return study


def picture_path(folder: Path, token: str) -> Path:
    """Where a picture lies."""
    return folder / PICTURES / f"{token}.png"
