"""The format: what is read, what is refused, what a look over finds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from toonmark.data.dataset import (
    Dataset,
    read_landmarks,
    write_description,
    write_landmarks,
)
from toonmark.data.inspection import inspect, points_problems
from toonmark.data.overview import overview
from toonmark.data.sheet import contact_sheet
from toonmark.errors import DataError
from toonmark.landmarks import COLUMNS, mirror, template_points

POINTS = template_points(32)


def make_set(folder: Path, count: int = 3, images: str = "images") -> Path:
    """A set of noise, its points those of the template, each set moved a little."""
    random = np.random.default_rng(0)
    (folder / images).mkdir(parents=True, exist_ok=True)
    names = [f"{index:03d}.png" for index in range(count)]
    for name in names:
        pixels = random.integers(0, 255, (32, 32, 3), np.uint8)
        Image.fromarray(pixels).save(folder / images / name)
    write_landmarks(folder / "landmarks.csv", [(n, POINTS + i / 50) for i, n in enumerate(names)])
    return folder


def kinds(folder: Path) -> set[str]:
    return {finding.kind for finding in inspect(folder)[1]}


@pytest.mark.parametrize("images", ["images", "."])
def test_pictures_lie_in_images_or_beside_the_table(tmp_path: Path, images: str) -> None:
    dataset = Dataset.open(make_set(tmp_path, images=images))
    assert dataset.names == ("000.png", "001.png", "002.png")
    assert dataset.points.shape == (3, 5, 2)
    assert dataset.points.dtype == np.float32
    np.testing.assert_allclose(dataset.points[2], POINTS + 2 / 50, atol=0.006)
    assert dataset.path(1) == dataset.images / "001.png"
    assert dataset.image(1).shape == (32, 32, 3)
    assert dataset.image(1).dtype == np.uint8
    assert dataset.description == {}


def test_names_are_sorted_and_points_follow_them(tmp_path: Path) -> None:
    make_set(tmp_path)
    lines = (tmp_path / "landmarks.csv").read_text().splitlines()
    (tmp_path / "landmarks.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]))
    dataset = Dataset.open(tmp_path)
    assert dataset.names[0] == "000.png"
    assert dataset.points[0, 0, 0] < dataset.points[2, 0, 0]


def test_neither_torch_nor_opencv_is_imported_to_open_a_set(tmp_path: Path) -> None:
    code = (
        "import sys; from toonmark.data.dataset import Dataset;"
        f"Dataset.open({str(make_set(tmp_path))!r}).image(0);"
        "assert not {'torch', 'cv2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


HEAD = ",".join(COLUMNS)
ROW = "1,2,3,4,5,6,7,8,9,10"


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (HEAD.replace(",nose_y", "") + "\n", "no column nose_y"),
        ("", "no column file"),
        (HEAD + "\n", "lists no pictures"),
        (f"{HEAD}\na.png,1,2,3\n", "Line 2"),
        (f"{HEAD}\na.png,{ROW.replace('4', 'nan')}\n", "has NaN"),
        (f"{HEAD}\na.png,{ROW.replace('4', 'inf')}\n", "has NaN"),
        (f"{HEAD}\na.png,{ROW.replace('4', 'four')}\n", "no number"),
        (f"{HEAD}\na.png,{ROW}\na.png,{ROW}\n", "Line 3.*second time"),
        (f"{HEAD}\n../a.png,{ROW}\n", "names no file of the set"),
        (f"{HEAD}\n/etc/a.png,{ROW}\n", "names no file of the set"),
        (f"{HEAD}\na.png,{ROW}\n", "1 of the 1 pictures.*missing, a.png"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_a_damaged_table_is_refused(tmp_path: Path, table: str | bytes, says: str) -> None:
    content = table if isinstance(table, bytes) else table.encode()
    (tmp_path / "landmarks.csv").write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        Dataset.open(tmp_path)
    assert caught.value.remedy


def test_a_folder_without_a_table_is_no_set(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no data set") as caught:
        Dataset.open(tmp_path)
    assert "toonmark data folder" in caught.value.remedy


def test_a_table_may_have_more_columns_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "landmarks.csv"
    path.write_text(f"{HEAD},who\né 1.png,{ROW},me\n", encoding="utf-8-sig")
    np.testing.assert_array_equal(read_landmarks(path)["é 1.png"].ravel(), range(1, 11))


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    path = make_set(tmp_path) / "images" / "001.png"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=r"001\.png is damaged"):
        Dataset.open(tmp_path).image(1)
    path.write_text("no picture")
    with pytest.raises(DataError, match=r"001\.png is no picture"):
        Dataset.open(tmp_path).image(1)


def test_pictures_are_upright_and_on_white_as_everywhere(tmp_path: Path) -> None:
    make_set(tmp_path)
    dataset = Dataset.open(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20), (9, 9, 9)).save(dataset.path(0), exif=exif)
    assert dataset.image(0).shape == (40, 20, 3)
    Image.new("RGBA", (32, 32), (0, 0, 0, 0)).save(dataset.path(1))
    assert (dataset.image(1) == 255).all()


def test_a_damaged_description_is_refused(tmp_path: Path) -> None:
    (make_set(tmp_path) / "dataset.json").write_text("[")
    with pytest.raises(DataError, match=r"dataset\.json cannot be read"):
        Dataset.open(tmp_path)


def test_a_sound_set_has_no_grave_findings(tmp_path: Path) -> None:
    assert kinds(make_set(tmp_path)) == {"too few pictures"}
    assert kinds(make_set(tmp_path, 100)) == set()


def test_a_look_over_finds_what_is_wrong(tmp_path: Path) -> None:
    make_set(tmp_path, 100)
    images = tmp_path / "images"
    rows = read_landmarks(tmp_path / "landmarks.csv")
    (images / "000.png").write_bytes(b"no picture")
    (images / "002.png").write_bytes((images / "001.png").read_bytes())
    rows["003.png"] = rows["003.png"] + 30
    rows["004.png"] = rows["004.png"][[1, 0, 2, 3, 4]]
    Image.new("RGB", (40, 32)).save(images / "005.png")  # of another size, no more
    near = np.asarray(Image.open(images / "007.png")).astype(int)
    Image.fromarray(np.clip(near + 2, 0, 255).astype(np.uint8)).save(images / "008.png")
    Image.fromarray(255 - near.astype(np.uint8)).save(images / "009.png")
    Image.new("RGB", (32, 32)).save(images / "stray.png")
    write_landmarks(tmp_path / "landmarks.csv", rows.items())
    write_description(tmp_path, {"pictures": {"006.png": {"sha256": "0" * 64}}})
    found = {finding.name: finding.kind for finding in inspect(tmp_path)[1]}
    assert found == {
        "000.png": "unreadable picture",
        "002.png": "duplicate",
        "003.png": "points outside the picture",
        "004.png": "mirrored eyes",
        "006.png": "changed since it was made",
        "008.png": "nearly a duplicate",
        "stray.png": "not in the table",
        "": "pictures of several sizes",
    }


def test_impossible_points() -> None:
    assert points_problems(POINTS) == []
    assert points_problems(mirror(POINTS, 32)) == []
    assert points_problems(mirror(POINTS, 32)[[1, 0, 2, 4, 3]]) == [
        "mirrored eyes",
        "mirrored mouth",
    ]
    assert points_problems(31 - POINTS) == [
        "mirrored eyes",
        "mirrored mouth",
        "mouth above the eyes",
    ]


def test_the_sheet_shows_points_where_they_are(tmp_path: Path) -> None:
    make_set(tmp_path, 5)
    for path in (tmp_path / "images").iterdir():
        Image.new("RGB", (32, 32), "white").save(path)
    sheet = contact_sheet(Dataset.open(tmp_path), count=4, columns=2, tile=128)
    assert sheet.shape == (2 * 128 + 200, 256, 3)
    x, y = np.rint(template_points(128)[0]).astype(int)
    assert tuple(sheet[y, x]) == (0, 200, 255)


def test_the_page_shows_histograms_and_what_was_left_out(tmp_path: Path) -> None:
    make_set(tmp_path, 5)
    counts = {"kept": 5, "seen": 7, "left out": {"no face": 1, "<b>odd</b>": 1}}
    write_description(tmp_path, {"source": "a & b", "counts": counts})
    page = overview(Dataset.open(tmp_path), count=4)
    assert page.count("<svg") >= 8
    assert "data:image/jpeg;base64," in page
    assert "a &amp; b" in page
    assert "no face" in page
    assert "<b>odd</b>" not in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")


def test_what_is_written_is_json_with_any_letter(tmp_path: Path) -> None:
    write_description(tmp_path, {"source": "fotos de Zoë 😀"})
    text = (tmp_path / "dataset.json").read_text(encoding="utf-8")
    assert "Zoë 😀" in text
    assert json.loads(text) == {"source": "fotos de Zoë 😀"}
