"""Points from and to other tools: round trips, their own spellings, damage."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from toonmark.cli.data import app
from toonmark.data.annotation.store import Annotations
from toonmark.data.dataset import Dataset, read_landmarks, write_landmarks
from toonmark.data.exchange import export_points, read_points
from toonmark.data.formats import FORMATS, Format, guess, match_names
from toonmark.data.formats.celeba import COLUMNS, read_celeba
from toonmark.data.formats.coco import read_coco
from toonmark.data.formats.cvat import read_cvat
from toonmark.data.formats.label_studio import read_label_studio
from toonmark.data.formats.points_table import which
from toonmark.errors import DataError
from toonmark.landmarks import NAMES, template_points

ENDINGS = {"csv": ".csv", "celeba": ".txt", "coco": ".json", "cvat": ".xml"}
POINTS = template_points(60)


def make(folder: Path, names: tuple[str, ...] = ("a.png", "sub/é😀.png", "c.jpg")) -> Path:
    for i, name in enumerate(names):
        (folder / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (60, 80), (i, 0, 0)).save(folder / "images" / name)
    write_landmarks(folder / "landmarks.csv", [(n, POINTS + i / 3) for i, n in enumerate(names)])
    return folder


@pytest.mark.parametrize("kind", list(Format))
def test_points_come_back_as_they_went(tmp_path: Path, kind: Format) -> None:
    folder = make(tmp_path / "set")
    file = tmp_path / f"points{ENDINGS.get(kind, '.json')}"
    assert export_points(folder, file, kind) == 3
    before = read_landmarks(folder / "landmarks.csv")
    with pytest.raises(DataError, match="exists"):
        export_points(folder, file, kind)
    with pytest.raises(DataError, match="has points already"):
        read_points(file, folder)
    (folder / "landmarks.csv").unlink()
    found = read_points(file, folder)
    assert (len(found.points), found.missing, found.proof.sure) == (3, [], 3)
    assert not found.swapped
    assert not (folder / "landmarks.csv").exists()
    found.write()
    after = read_landmarks(folder / "landmarks.csv")
    for name, points in before.items():
        np.testing.assert_allclose(after[name], points, atol=0.51 if kind == "celeba" else 0.011)
    assert Annotations(folder).count() == 3


def test_the_commands_say_what_they_did(tmp_path: Path) -> None:
    folder, file = make(tmp_path / "set"), tmp_path / "x.json"
    wanted = ["export", str(folder), str(file), "--format", "label-studio"]
    exported = CliRunner().invoke(app, wanted)
    assert exported.exit_code == 0, exported.output
    assert '<Label value="mouth_left"/>' in exported.output
    imported = CliRunner().invoke(app, ["import", str(file), str(folder), "--force"])
    assert "3 pictures" in imported.output
    cropped = CliRunner().invoke(
        app, ["crop", str(folder), str(tmp_path / "out"), "--size", "32", "--workers", "1"]
    )
    # Pictures of one colour are the same picture but for their last bit.
    assert cropped.exit_code == 0, cropped.output
    made = Dataset.open(tmp_path / "out")
    np.testing.assert_allclose(made.points[0], template_points(32), atol=0.1)


def test_spellings() -> None:
    for text in ("left_eye", "Left Eye", "lefteye", "eye-left"):
        assert which(text) == 0
    assert which("nose tip") == 2
    assert which("left mouth corner") == 3
    assert which("mouth_right") == 4
    assert which("left ear") is None


def test_names_that_other_tools_change_are_found() -> None:
    files = ["images a.png", "x/b.png", "y/b.png", "c.png"]
    listed = [
        "/data/upload/3/0a1b2c3d-c.png",
        "/data/local-files/?d=some/where/images%20a.png",
        "deep/b.png",
        "x/b.png",
    ]
    found, missing = match_names(listed, files)
    assert found == {listed[0]: "c.png", listed[1]: "images a.png", "x/b.png": "x/b.png"}
    assert missing == ["deep/b.png"]


def test_cvat_as_it_is_drawn_there(tmp_path: Path) -> None:
    row = ";".join(f"{x + 0.5},{y + 0.5}" for x, y in POINTS)
    singles = "".join(
        f'<points label="{name}" points="{x + 0.5},{y + 0.5}"/>'
        for name, (x, y) in zip(NAMES, POINTS, strict=True)
    )
    file = tmp_path / "a.xml"
    file.write_text(
        f'<annotations><image id="0" name="row.png"><points label="face" points="{row}"/></image>'
        f'<image id="1" name="single.png">{singles}</image><image id="2" name="none.png"/>'
        "</annotations>"
    )
    found = read_cvat(file).points
    assert set(found) == {"row.png", "single.png"}
    for points in found.values():
        np.testing.assert_allclose(points, POINTS, atol=1e-5)


def test_coco_keypoints_in_another_order(tmp_path: Path) -> None:
    order = [4, 2, 0, 1, 3]
    flat = [value for i in order for value in (*POINTS[i], 1)]
    names = ["Right Mouth", "nose", "Left Eye", "Right Eye", "Left Mouth"]
    content = {
        "images": [{"id": 7, "file_name": "a.png"}, {"id": 8, "file_name": "b.png"}],
        "categories": [{"id": 1, "keypoints": names}, {"id": 2, "name": "car"}],
        "annotations": [
            {"image_id": 7, "category_id": 1, "keypoints": flat},
            {"image_id": 8, "category_id": 2, "bbox": [0, 0, 1, 1]},
        ],
    }
    (tmp_path / "a.json").write_text(json.dumps(content))
    found = read_coco(tmp_path / "a.json").points
    np.testing.assert_allclose(found.pop("a.png"), POINTS, atol=1e-5)
    assert found == {}


CELEBA = f"{' '.join(COLUMNS)}\n"


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("celeba", "x\n", "no count"),
        ("celeba", f"2\n{CELEBA}a.jpg 1 2 3 4 5 6 7 8 9 10\n", "lists 2 pictures and lists 1"),
        ("celeba", f"1\n{CELEBA}a.jpg 1 2 3 4 5 6 7 8 9\n", "Line 3"),
        ("celeba", f"1\n{CELEBA}a.jpg 1 2 3 4 5 6 7 8 9 nan\n", "Line 3"),
        ("celeba", "1\nlefteye_x\na.jpg 1\n", "other columns"),
        ("coco", "[]", "not COCO"),
        ("coco", "{}", "lacks"),
        ("coco", "{", "no JSON"),
        ("cvat", "<a/>", "no CVAT"),
        ("cvat", "<annotations>", "no XML"),
        (
            "cvat",
            '<annotations><image name="a"><points label="nose" points="1,2"/></image>'
            "</annotations>",
            "has no left_eye",
        ),
        (
            "cvat",
            '<annotations><image name="a"><points label="nose" points="1"/></image></annotations>',
            "a point '1'",
        ),
        ("label-studio", "{}", "not a Label Studio"),
        ("label-studio", "[{}]", "lacks"),
    ],
)
def test_damage_is_named(tmp_path: Path, kind: str, text: str, says: str) -> None:
    file = tmp_path / "points"
    file.write_text(text)
    with pytest.raises(DataError, match=says):
        FORMATS[Format(kind)][0](file)


def test_kaggles_csv_of_celeba(tmp_path: Path) -> None:
    file = tmp_path / "list_landmarks_align_celeba.csv"
    file.write_text(f"image_id,{','.join(COLUMNS)}\n000001.jpg,1,2,3,4,5,6,7,8,9,10\n")
    assert guess(file) is Format.CELEBA
    np.testing.assert_array_equal(read_celeba(file)["000001.jpg"].ravel(), range(1, 11))


def test_label_studio_takes_predictions_where_nothing_was_annotated(tmp_path: Path) -> None:
    def results(shift: float) -> list:
        return [
            {
                "original_width": 60,
                "original_height": 60,
                "value": {
                    "x": (x + 0.5 + shift) / 0.6,
                    "y": (y + 0.5) / 0.6,
                    "keypointlabels": [name],
                },
            }
            for name, (x, y) in zip(NAMES, POINTS, strict=True)
        ]

    tasks = [
        {"data": {"image": "a"}, "predictions": [{"result": results(1)}]},
        {
            "data": {"image": "b"},
            "annotations": [{"result": results(2)}, {"result": [], "was_cancelled": True}],
            "predictions": [{"result": results(1)}],
        },
        {"data": {"image": "c"}, "annotations": []},
    ]
    (tmp_path / "a.json").write_text(json.dumps(tasks))
    found = read_label_studio(tmp_path / "a.json").points
    assert {name: round(float((p - POINTS)[0, 0])) for name, p in found.items()} == {"a": 1, "b": 2}


def test_points_outside_and_strange_pictures_are_refused(tmp_path: Path) -> None:
    folder = make(tmp_path / "set")
    write_landmarks(tmp_path / "far.csv", [("a.png", POINTS + 100)])
    with pytest.raises(DataError, match="outside the picture"):
        read_points(tmp_path / "far.csv", folder, force=True)
    write_landmarks(tmp_path / "other.csv", [("zzz.png", POINTS)])
    with pytest.raises(DataError, match=r"zzz\.png for one"):
        read_points(tmp_path / "other.csv", folder, force=True)
    with pytest.raises(DataError, match="not known by its name"):
        guess(tmp_path / "points.dat")
