"""Imports prove what they read: counts, names, whose left and right, before anything is written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from toonmark.cli.data import app
from toonmark.data.dataset import read_landmarks
from toonmark.data.exchange import read_points
from toonmark.data.formats.points_table import which
from toonmark.data.formats.sides import Sides, misfit
from toonmark.errors import DataError
from toonmark.landmarks import MIRROR, NAMES, template_points

POINTS = template_points(60)
SUBJECT = POINTS[list(MIRROR)]
EYES_ONLY = POINTS[[1, 0, 2, 3, 4]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pictures"
    made.mkdir()
    for name in "abcd":
        Image.new("RGB", (60, 60)).save(made / f"{name}.png")
    return made


def coco(path: Path, faces: dict[str, np.ndarray], names: tuple[str, ...] = NAMES) -> Path:
    content = {
        "images": [{"id": i, "file_name": name} for i, name in enumerate(faces)],
        "categories": [{"id": 1, "keypoints": list(names)}],
        "annotations": [
            {
                "image_id": i,
                "category_id": 1,
                "keypoints": [float(v) for x, y in points for v in (x, y, 2)],
            }
            for i, points in enumerate(faces.values())
        ],
    }
    path.write_text(json.dumps(content))
    return path


def cvat(path: Path, faces: dict[str, np.ndarray], labels: list[str]) -> Path:
    images = "".join(
        f'<image name="{name}"><skeleton label="face">'
        + "".join(
            f'<points label="{label}" outside="0" points="{x + 0.5},{y + 0.5}"/>'
            for label, (x, y) in zip(labels, points, strict=True)
        )
        + "</skeleton></image>"
        for name, points in faces.items()
    )
    path.write_text(f"<annotations>{images}</annotations>")
    return path


def label_studio(path: Path, tasks: dict[str, list[np.ndarray]]) -> Path:
    content = [
        {
            "data": {"image": name},
            "annotations": [
                {
                    "result": [
                        {
                            "original_width": 60,
                            "original_height": 60,
                            "value": {
                                "x": (x + 0.5) / 0.6,
                                "y": (y + 0.5) / 0.6,
                                "keypointlabels": [label],
                            },
                        }
                        for points in faces
                        for label, (x, y) in zip(NAMES, points, strict=True)
                    ]
                }
            ],
        }
        for name, faces in tasks.items()
    ]
    path.write_text(json.dumps(content))
    return path


def test_two_faces_in_a_task_are_refused(tmp_path: Path, folder: Path) -> None:
    file = label_studio(tmp_path / "l.json", {"a.png": [POINTS], "b.png": [POINTS, POINTS / 2]})
    with pytest.raises(DataError, match=r"b\.png .* has two faces: 'left_eye' occurs twice"):
        read_points(file, folder)


@pytest.mark.parametrize("first", [0, 1])
def test_numbered_points_are_taken_in_our_order(tmp_path: Path, folder: Path, first: int) -> None:
    numbers = [str(first + i) for i in range(5)]
    file = cvat(tmp_path / "c.xml", {"a.png": POINTS, "b.png": POINTS + 1}, numbers)
    found = read_points(file, folder)
    np.testing.assert_allclose(found.points["b.png"], POINTS + 1, atol=1e-4)
    assert f"left_eye is {first}" in "\n".join(found.summary())
    found = read_points(coco(tmp_path / "c.json", {"a.png": POINTS}, tuple(numbers)), folder)
    np.testing.assert_allclose(found.points["a.png"], POINTS, atol=1e-4)


def test_numbered_points_in_another_order_are_refused(tmp_path: Path, folder: Path) -> None:
    nose_first = POINTS[[2, 0, 1, 3, 4]]
    file = cvat(tmp_path / "c.xml", {"a.png": nose_first}, list("12345"))
    with pytest.raises(DataError, match="seem to be nose, left_eye, right_eye, mouth_left"):
        read_points(file, folder)


@pytest.mark.parametrize("turned", [0, 90, 180])
def test_the_subject_s_left_and_right_are_exchanged(
    tmp_path: Path, folder: Path, turned: int
) -> None:
    angle = np.radians(turned)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    subject, ours = ((points - 29.5) @ turn.T + 29.5 for points in (SUBJECT, POINTS))
    found = read_points(coco(tmp_path / "c.json", {"a.png": subject, "b.png": subject}), folder)
    assert found.swapped
    np.testing.assert_allclose(found.points["a.png"], ours, atol=1e-4)
    kept = read_points(tmp_path / "c.json", folder, sides=Sides.IMAGE)
    np.testing.assert_allclose(kept.points["a.png"], subject, atol=1e-4)


def test_sides_that_disagree_are_refused(tmp_path: Path, folder: Path) -> None:
    faces = {"a.png": POINTS, "b.png": POINTS, "c.png": SUBJECT}
    file = coco(tmp_path / "c.json", faces)
    with pytest.raises(DataError, match=r"image's in 2 pictures and not in 1: c\.png"):
        read_points(file, folder)
    assert len(read_points(file, folder, sides=Sides.IMAGE).points) == 3
    with pytest.raises(DataError, match="the eyes are not those of the mouth"):
        read_points(coco(tmp_path / "c.json", {"a.png": EYES_ONLY}), folder)


def test_a_face_from_the_side_is_no_argument(tmp_path: Path, folder: Path) -> None:
    profile = POINTS.copy()
    profile[:, 0] = [30, 32, 20, 27, 29]
    assert misfit(profile) > 0.03
    faces = {"a.png": POINTS, "b.png": profile}
    assert len(read_points(coco(tmp_path / "c.json", faces), folder).points) == 2


def test_labels_that_nobody_knows_are_named(tmp_path: Path, folder: Path) -> None:
    file = cvat(tmp_path / "c.xml", {"a.png": POINTS}, ["ear", "tail", "paw", "fur", "fin"])
    with pytest.raises(DataError, match="it has ear, tail, paw, fur, fin"):
        read_points(file, folder)
    (tmp_path / "e.xml").write_text('<annotations><image name="a.png"/></annotations>')
    with pytest.raises(DataError, match="lists no points"):
        read_points(tmp_path / "e.xml", folder)
    for label, index in (("l_eye", 0), ("Right Eye Center", 1), ("mouth-l", 3), ("rpupil", 1)):
        assert which(label) == index


def test_the_command_says_first_what_it_read(tmp_path: Path, folder: Path) -> None:
    tasks = {"a.png": [POINTS], "b.png": [SUBJECT], "x.png": [SUBJECT], "c.png": []}
    tasks["a.png"] = [SUBJECT]
    file = label_studio(tmp_path / "l.json", tasks)
    wanted = ["import", str(file), str(folder)]
    tried = CliRunner().invoke(app, [*wanted, "--dry-run"])
    assert tried.exit_code == 0, tried.output
    for line in (
        "3 pictures with five points are listed, 2 of them",
        "1 are not there: x.png",
        "1 are listed without points: c.png",
        "2 pictures there are not listed, or without points",
        "names: left_eye is left_eye, right_eye is right_eye",
        "left and right are the subject's, and are exchanged; 3 of 3 pictures",
        "Nothing was written.",
    ):
        assert line in tried.output
    assert not (folder / "landmarks.csv").exists()
    assert CliRunner().invoke(app, wanted).exit_code == 0
    rows = read_landmarks(folder / "landmarks.csv")
    np.testing.assert_allclose(rows["a.png"], POINTS, atol=0.01)
