"""Scores per group of people, by attributes in ``labels.csv``: a check of fairness.

``labels.csv`` beside ``landmarks.csv``: a column ``file``, and one column a label (``age``,
``glasses`` ...). An empty cell is unknown.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from toonmark.errors import DataError
from toonmark.evaluation.identity import share
from toonmark.evaluation.scores import GroupScores, Item

FILE = "labels.csv"
#: Groups beyond this many a label are left out: such a column is a number or a name.
MOST = 20

#: File name to label to value.
Labels = Mapping[str, Mapping[str, str]]


def read_labels(folder: Path) -> Labels:
    """The labels of a set; empty where there are none.

    Raises:
        DataError: the table cannot be understood.
    """
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if "file" not in (reader.fieldnames or ()):
                raise DataError(
                    f"{path} has no column file.", "Its first line must be: file,LABEL,..."
                )
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path} cannot be read ({error}).", "Is it a UTF-8 CSV file? Or take it away."
        ) from error
    return {
        row["file"]: {
            label: value.strip()
            for label, value in row.items()
            if label not in ("file", None) and isinstance(value, str) and value.strip()
        }
        for row in rows
    }


def by_group(items: Sequence[Item], labels: Labels) -> list[GroupScores]:
    """Each group's own numbers; retrieval is still among all photos."""
    groups: dict[str, dict[str, list[Item]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        for label, value in labels.get(item.file, {}).items():
            groups[label][value].append(item)
    return [
        _scores(label, value, own)
        for label, values in groups.items()
        if 1 < len(values) <= MOST
        for value, own in sorted(values.items())
    ]


def _scores(label: str, value: str, items: Sequence[Item]) -> GroupScores:
    overlaps = [item.overlap for item in items if item.overlap is not None]
    tops = [item.top_difference for item in items if item.top_difference is not None]
    errors = [item.error for item in items if item.error is not None]
    return GroupScores(
        label=label,
        value=value,
        n=len(items),
        top1=share(sum(item.rank == 1 for item in items), len(items)),
        landmark_error=float(np.median(errors)) if errors else None,
        not_found=1 - len(errors) / len(items),
        skin_difference=float(np.median([item.skin_difference for item in items])),
        lightness_shift=float(np.median([i.skin_cartoon - i.skin_photo for i in items])),
        overlap=float(np.median(overlaps)) if overlaps else None,
        top_difference=float(np.median(tops)) if tops else None,
    )
