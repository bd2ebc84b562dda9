"""Label Studio's JSON of keypoints: percentages of the picture's width and height."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from toonmark.data.formats.points_table import Listing, Sizes, Table, read_json, which
from toonmark.errors import DataError
from toonmark.files import write_text
from toonmark.landmarks import NAMES

#: The labelling interface that goes with what is written.
INTERFACE = (
    '<View><Image name="image" value="$image" zoom="true"/>'
    '<KeyPointLabels name="points" toName="image" strokeWidth="3">'
    + "".join(f'<Label value="{name}"/>' for name in NAMES)
    + "</KeyPointLabels></View>"
)


def read_label_studio(path: str | Path) -> Listing:
    """Points by picture; of a task, its last annotation, or else its prediction, which is noted.

    Raises:
        DataError: it is no such file, a picture has two faces, or points are missing.
    """
    listing = Listing()
    for task in read_json(path, list, "a Label Studio export (JSON)"):
        try:
            name = str(task["data"]["image"])
            done = [a for a in task.get("annotations") or () if not a.get("was_cancelled")]
            answers = done or task.get("predictions") or ()
            results = [result for answer in answers[-1:] for result in answer["result"]]
            marks = [mark for result in results for mark in _marks(result, f"{name} in {path}")]
            sizes = [(r["original_width"], r["original_height"]) for r in results if _labels(r)]
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            raise DataError(
                f"{path} lacks what a Label Studio export has ({error}).",
                "Export it as JSON (not JSON-MIN).",
            ) from error
        listing.add(name, f"{name} in {path}", marks, sizes[0] if sizes else ())
        if marks and len(answers) > 1:
            listing.note("have several annotations, of which the last is taken", name)
        if marks and not done:
            listing.note("have predictions alone, which are taken for annotations", name)
    return listing


def _labels(result: dict[str, Any]) -> list[str]:
    return [str(label) for label in result.get("value", {}).get("keypointlabels") or ()]


def _marks(result: dict[str, Any], where: str) -> list[tuple[str, list[float]]]:
    """The labels and place of a keypoint; none for boxes and what else people draw."""
    labels = _labels(result)
    if not labels:
        return []
    if result.get("image_rotation"):
        raise DataError(
            f"{where} was turned by {result['image_rotation']}° in Label Studio.",
            "Turn the picture's file instead, and annotate it again.",
        )
    named = [label for label in labels if which(label) is not None]
    if len(named) > 1:
        raise DataError(
            f"{where} has a point that is both {named[0]} and {named[1]}.", "Keep one label."
        )
    value, size = result["value"], (result["original_width"], result["original_height"])
    percent = (float(value["x"]), float(value["y"]))
    if not all(-0.01 <= p <= 100.01 for p in percent):  # as they are rounded
        raise DataError(
            f"{where} has {labels[0]} at {percent[0]:g} % and {percent[1]:g} % of the picture.",
            "Move the point into the picture; percentages are from 0 to 100.",
        )
    place = [p / 100 * s - 0.5 for p, s in zip(percent, size, strict=True)]
    return [(label, place) for label in labels]


def write_label_studio(path: str | Path, table: Table, sizes: Sizes) -> None:
    """Writes a task a picture, its points as an annotation; see :data:`INTERFACE`."""
    tasks = []
    for name in sorted(table):
        size = np.array(sizes[name], np.float64)
        percent = (np.asarray(table[name], np.float64) + 0.5) / size * 100
        results = [
            {
                "type": "keypointlabels",
                "from_name": "points",
                "to_name": "image",
                "original_width": sizes[name][0],
                "original_height": sizes[name][1],
                "value": {
                    "x": round(float(x), 5),
                    "y": round(float(y), 5),
                    "width": 0.8,
                    "keypointlabels": [label],
                },
            }
            for label, (x, y) in zip(NAMES, percent, strict=True)
        ]
        tasks.append({"data": {"image": name}, "annotations": [{"result": results}]})
    write_text(path, json.dumps(tasks, ensure_ascii=False) + "\n")
