"""What other tools' files can get wrong, format by format: refused by its cause, or said first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from toonmark.data.exchange import read_points
from toonmark.data.formats import Format, match_names
from toonmark.data.formats.celeba import COLUMNS as CELEBA
from toonmark.errors import DataError
from toonmark.landmarks import COLUMNS, MIRROR, NAMES, template_points

WIDTH, HEIGHT = 60, 80
POINTS = np.round(template_points(60), 2)
Faces = Sequence[tuple[str, np.ndarray]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pictures"
    made.mkdir()
    for name in "abc":
        Image.new("RGB", (WIDTH, HEIGHT)).save(made / f"{name}.png")
    return made


def csv(faces: Faces, names: Sequence[str], size: tuple[int, int]) -> str:
    rows = [[name, *map(str, points.ravel())] for name, points in faces]
    return "\n".join(",".join(row) for row in [COLUMNS, *rows])


def celeba(faces: Faces, names: Sequence[str], size: tuple[int, int]) -> str:
    rows = [" ".join([name, *map(str, points.ravel())]) for name, points in faces]
    return "\n".join([str(len(rows)), " ".join(CELEBA), *rows])


def coco(faces: Faces, names: Sequence[str], size: tuple[int, int]) -> str:
    listed = sorted({name for name, _ in faces})
    return json.dumps(
        {
            "images": [
                {"id": i, "file_name": n, "width": size[0], "height": size[1]}
                for i, n in enumerate(listed)
            ],
            "categories": [{"id": 1, "keypoints": list(names)}],
            "annotations": [
                {
                    "image_id": listed.index(name),
                    "category_id": 1,
                    "keypoints": [float(v) for x, y in points for v in (x, y, 2)],
                }
                for name, points in faces
            ],
        }
    )


def cvat(faces: Faces, names: Sequence[str], size: tuple[int, int]) -> str:
    images: dict[str, str] = {}
    for name, points in faces:
        marks = "".join(
            f'<points label="{label}" points="{x + 0.5},{y + 0.5}"/>'
            for label, (x, y) in zip(names, points, strict=True)
        )
        images[name] = images.get(name, "") + f'<skeleton label="face">{marks}</skeleton>'
    body = "".join(
        f'<image name="{name}" width="{size[0]}" height="{size[1]}">{marks}</image>'
        for name, marks in images.items()
    )
    return f"<annotations>{body}</annotations>"


def keypoint(place: np.ndarray, *labels: str, size: tuple[int, int] = (60, 80)) -> dict[str, Any]:
    x, y = (place + 0.5) / size * 100
    value = {"x": float(x), "y": float(y), "keypointlabels": list(labels)}
    return {"original_width": size[0], "original_height": size[1], "value": value}


def task(name: str, *answers: list[dict[str, Any]], kind: str = "annotations") -> dict[str, Any]:
    return {"data": {"image": name}, kind: [{"result": results} for results in answers]}


def label_studio(faces: Faces, names: Sequence[str], size: tuple[int, int]) -> str:
    tasks: dict[str, list[dict[str, Any]]] = {}
    for name, points in faces:
        tasks.setdefault(name, []).extend(
            keypoint(place, label, size=size) for label, place in zip(names, points, strict=True)
        )
    return json.dumps([task(name, results) for name, results in tasks.items()])


WRITERS = {
    Format.CSV: csv,
    Format.CELEBA: celeba,
    Format.COCO: coco,
    Format.CVAT: cvat,
    Format.LABEL_STUDIO: label_studio,
}
every_format = pytest.mark.parametrize("kind", list(Format))
#: Formats whose files say names and sizes.
SAYING = pytest.mark.parametrize("kind", [Format.COCO, Format.CVAT, Format.LABEL_STUDIO])


def made(
    tmp_path: Path,
    kind: Format,
    faces: Faces,
    names: Sequence[str] = NAMES,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> Path:
    path = tmp_path / "points"
    path.write_text(WRITERS[kind](faces, names, size))
    return path


@every_format
def test_sound_points_are_taken(tmp_path: Path, folder: Path, kind: Format) -> None:
    file = made(tmp_path, kind, [("a.png", POINTS), ("b.png", POINTS + 1)])
    found = read_points(file, folder, kind)
    np.testing.assert_allclose(found.points["b.png"], POINTS + 1, atol=1e-3)
    assert not any("have" in line for line in found.summary())


@every_format
def test_two_faces_of_a_picture_are_refused(tmp_path: Path, folder: Path, kind: Format) -> None:
    file = made(tmp_path, kind, [("a.png", POINTS), ("b.png", POINTS), ("b.png", POINTS / 2)])
    with pytest.raises(DataError, match=r"b\.png.*(two faces|second time|twice)"):
        read_points(file, folder, kind)


@every_format
@pytest.mark.parametrize("place", [(70.0, 30.0), (20.0, -3.0), (20.0, 80.0)])
def test_a_point_outside_is_named(
    tmp_path: Path, folder: Path, kind: Format, place: tuple[float, float]
) -> None:
    points = POINTS.copy()
    points[4] = place
    file = made(tmp_path, kind, [("a.png", POINTS), ("b.png", points)])
    with pytest.raises(DataError, match=r"mouth_right of b\.png|b\.png .* mouth_right at .* %"):
        read_points(file, folder, kind)


@every_format
def test_the_subject_s_sides_are_seen(tmp_path: Path, folder: Path, kind: Format) -> None:
    subject = POINTS[list(MIRROR)]
    found = read_points(made(tmp_path, kind, [("a.png", subject)]), folder, kind)
    np.testing.assert_allclose(found.points["a.png"], POINTS, atol=1e-3)
    assert "left and right are the subject's" in found.summary()[-1]


@every_format
def test_points_in_another_order_are_pointed_at(tmp_path: Path, folder: Path, kind: Format) -> None:
    odd = POINTS[[2, 0, 1, 3, 4]]
    file = made(tmp_path, kind, [("a.png", POINTS), ("b.png", POINTS), ("c.png", odd)])
    lines = read_points(file, folder, kind).summary()
    assert "1 have points as no face has them: look at these: c.png" in lines


@SAYING
def test_names_that_nobody_knows_are_said(tmp_path: Path, folder: Path, kind: Format) -> None:
    names = ["ear", "eyelid", "nose", "chin", "brow"]
    with pytest.raises(DataError, match=r"no left_eye|it has ear, eyelid, nose, chin, brow"):
        read_points(made(tmp_path, kind, [("a.png", POINTS)], names), folder, kind)


@SAYING
@pytest.mark.parametrize(
    ("size", "says"), [((80, 60), "how the camera was held"), ((120, 160), "as they were annot")]
)
def test_pictures_of_another_size_are_refused(
    tmp_path: Path, folder: Path, kind: Format, size: tuple[int, int], says: str
) -> None:
    file = made(tmp_path, kind, [("a.png", POINTS)], size=size)
    with pytest.raises(DataError, match=f"60 × 80 pixels here, and had {size[0]} × {size[1]}") as e:
        read_points(file, folder, kind)
    assert says in str(e.value)
    unsaid = made(tmp_path, kind, [("a.png", POINTS)])
    unsaid.write_text(unsaid.read_text().replace('"width": 60', '"width": 0'))
    assert len(read_points(unsaid, folder, kind).points) == 1


def test_pictures_held_upright_by_exif_fit_their_upright_size(tmp_path: Path, folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (HEIGHT, WIDTH)).save(folder / "t.jpg", exif=exif)
    file = made(tmp_path, Format.COCO, [("t.jpg", POINTS)])
    assert len(read_points(file, folder, Format.COCO).points) == 1


def test_numbers_beside_another_label_are_numbers_still(tmp_path: Path, folder: Path) -> None:
    nose_first = POINTS[[2, 0, 1, 3, 4]]
    file = made(tmp_path, Format.CVAT, [("a.png", nose_first)], list("12345"))
    hair = '<points label="hair" points="3,3"/></image>'
    file.write_text(file.read_text().replace("</image>", hair))
    with pytest.raises(DataError, match="only numbers, and are not in the order"):
        read_points(file, folder, Format.CVAT)


def test_coco_that_does_not_say_whose_points_these_are(tmp_path: Path, folder: Path) -> None:
    file = made(tmp_path, Format.COCO, [("a.png", POINTS), ("b.png", POINTS)])
    content = json.loads(file.read_text())
    content["images"][1]["id"] = 0
    file.write_text(json.dumps(content))
    with pytest.raises(DataError, match="images with the same id"):
        read_points(file, folder, Format.COCO)


def test_coco_with_two_numbers_a_point_is_refused(tmp_path: Path, folder: Path) -> None:
    names = (*NAMES, *(f"p{i}" for i in range(12)))
    file = made(tmp_path, Format.COCO, [("a.png", np.tile(POINTS, (4, 1))[:17])], names)
    content = json.loads(file.read_text())
    triples = content["annotations"][0]["keypoints"]
    content["annotations"][0]["keypoints"] = [v for i, v in enumerate(triples) if i % 3 < 2]
    file.write_text(json.dumps(content))
    with pytest.raises(DataError, match="34 numbers for 17 keypoints"):
        read_points(file, folder, Format.COCO)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"version": "5.4", "shapes": [], "imagePath": "a.png"}, "of labelme, which is not read"),
        ({"_via_settings": {}, "_via_img_metadata": {}}, r"\(VIA\), which is not read"),
    ],
)
def test_other_tools_files_are_told_apart(
    tmp_path: Path, folder: Path, content: dict[str, Any], says: str
) -> None:
    (tmp_path / "points.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match=says):
        read_points(tmp_path / "points.json", folder)


def test_tracks_through_a_video_are_told_apart(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "points.xml").write_text('<annotations><track id="0" label="face"/></annotations>')
    with pytest.raises(DataError, match="tracks through a video"):
        read_points(tmp_path / "points.xml", folder)


def studio(tmp_path: Path, *tasks: dict[str, Any]) -> Path:
    (tmp_path / "tasks.json").write_text(json.dumps(tasks))
    return tmp_path / "tasks.json"


def face(shift: float = 0.0) -> list[dict[str, Any]]:
    return [keypoint(p + shift, n) for n, p in zip(NAMES, POINTS, strict=True)]


def test_label_studio_s_turned_pictures_are_refused(tmp_path: Path, folder: Path) -> None:
    turned = [{**result, "image_rotation": 90} for result in face()]
    with pytest.raises(DataError, match=r"a\.png .* was turned by 90°"):
        read_points(studio(tmp_path, task("a.png", turned)), folder)
    straight = [{**result, "image_rotation": 0} for result in face()]
    assert read_points(studio(tmp_path, task("a.png", straight)), folder).points


def test_which_of_label_studio_s_answers_were_taken_is_said(tmp_path: Path, folder: Path) -> None:
    several = task("a.png", face(), face(2))
    found = read_points(
        studio(tmp_path, several, task("b.png", face(), kind="predictions")), folder
    )
    np.testing.assert_allclose(found.points["a.png"], POINTS + 2, atol=1e-3)
    lines = found.summary()
    assert "1 have several annotations, of which the last is taken: a.png" in lines
    assert "1 have predictions alone, which are taken for annotations: b.png" in lines


def test_a_point_of_label_studio_with_several_labels(tmp_path: Path, folder: Path) -> None:
    both = face()
    both[0]["value"]["keypointlabels"] = ["visible", "left_eye"]
    found = read_points(studio(tmp_path, task("a.png", both)), folder)
    np.testing.assert_allclose(found.points["a.png"], POINTS, atol=1e-3)
    assert "left out: visible 1×" in found.summary()
    both[0]["value"]["keypointlabels"] = ["left_eye", "nose"]
    with pytest.raises(DataError, match="both left_eye and nose"):
        read_points(studio(tmp_path, task("a.png", both)), folder)


def test_signs_of_addresses_in_names(tmp_path: Path) -> None:
    listed = ["images/a#1.png", "images/b?.png", "images/c%20d.png"]
    files = ["a#1.png", "b?.png", "c%20d.png"]
    assert match_names(listed, files) == (dict(zip(listed, files, strict=True)), [])
