"""The annotation page's memory and its server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from toonmark.data.annotation.store import NAME, Annotations, State
from toonmark.data.dataset import read_landmarks, write_description, write_landmarks
from toonmark.errors import DataError, DiskFullError, LandmarksError
from toonmark.landmarks import template_points

POINTS = template_points(64)


def make(folder: Path, names: tuple[str, ...] = ("a.png", "b.png", "c é 😀.png")) -> Path:
    (folder / "images").mkdir(parents=True)
    for i, name in enumerate(names):
        Image.new("RGB", (64, 64), (200, 150, 60 * i)).save(folder / "images" / name)
    write_landmarks(folder / "landmarks.csv", [(name, POINTS) for name in names])
    return folder


def test_the_most_doubtful_come_first_and_what_is_done_last(tmp_path: Path) -> None:
    make(tmp_path)
    made = {"a.png": {"confidence": 0.9}, "b.png": {"confidence": 0.2}}
    write_description(tmp_path, {"pictures": made})
    annotations = Annotations(tmp_path)
    assert annotations.order() == ["b.png", "c é 😀.png", "a.png"]
    annotations.save("b.png", POINTS, State.DONE)
    assert annotations.order() == ["c é 😀.png", "a.png", "b.png"]
    assert annotations.count() == 1


def test_what_is_said_is_kept_and_a_missing_face_leaves_the_table(tmp_path: Path) -> None:
    annotations = Annotations(make(tmp_path))
    annotations.save("a.png", POINTS + 1, State.DONE)
    annotations.save("c é 😀.png", POINTS, State.NO_FACE)
    table = read_landmarks(tmp_path / "landmarks.csv")
    assert set(table) == {"a.png", "b.png"}
    np.testing.assert_allclose(table["a.png"], POINTS + 1, atol=0.01)
    again = Annotations(tmp_path)
    states = {name: entry.state for name, entry in again.entries.items()}
    assert states == {"a.png": "done", "b.png": "proposed", "c é 😀.png": "no face"}
    again.save("c é 😀.png", POINTS, State.PROPOSED)
    assert len(read_landmarks(tmp_path / "landmarks.csv")) == 3


def test_proposals_never_touch_what_a_person_said(tmp_path: Path) -> None:
    annotations = Annotations(make(tmp_path))
    annotations.save("a.png", POINTS + 1, State.STARTED)
    other = Annotations(tmp_path)
    other.propose(dict.fromkeys(other.entries, (POINTS - 1, 0.7)))
    # The page, which was open meanwhile, takes the new proposals up when it saves.
    annotations.save("b.png", POINTS + 2, State.DONE)
    found = Annotations(tmp_path).entries
    shifts = [round(float((found[name].points - POINTS).mean())) for name in sorted(found)]
    assert shifts == [1, 2, -1]
    assert found["c é 😀.png"].confidence == 0.7


def test_pictures_without_a_table_get_guesses(tmp_path: Path) -> None:
    Image.new("RGB", (80, 60)).save(tmp_path / "x.jpg")
    (tmp_path / "broken.png").write_bytes(b"")
    (tmp_path / "notes.txt").touch()
    annotations = Annotations(tmp_path)
    assert set(annotations.entries) == {"x.jpg", "broken.png"}
    entry = annotations.entries["x.jpg"]
    assert entry.confidence == 0
    np.testing.assert_allclose(entry.points, template_points(60) + [10, 0])


def test_a_killed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    annotations = Annotations(make(tmp_path))
    annotations.save("a.png", POINTS, State.DONE)
    before = (tmp_path / NAME).read_bytes()

    def full(*_: object) -> None:
        raise DiskFullError("The disk was full.", "Free some space.")

    monkeypatch.setattr("toonmark.data.annotation.store.write_text", full)
    with pytest.raises(DiskFullError):
        annotations.save("b.png", POINTS + 3, State.DONE)
    assert (tmp_path / NAME).read_bytes() == before
    assert annotations.entries["b.png"].state is State.PROPOSED


@pytest.mark.parametrize("bad", [np.nan, -1.0, 64.0])
def test_points_outside_are_refused(tmp_path: Path, bad: float) -> None:
    points = POINTS.copy()
    points[2, 0] = bad
    with pytest.raises(LandmarksError, match="inside the picture"):
        Annotations(make(tmp_path)).save("a.png", points, State.DONE)


def test_a_damaged_picture_may_be_said_to_show_no_face(tmp_path: Path) -> None:
    folder = make(tmp_path)
    annotations = Annotations(folder)
    (annotations.images / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with pytest.raises(DataError, match="damaged"):
        annotations.save("a.png", POINTS, State.DONE)
    annotations.save("a.png", POINTS, State.NO_FACE)
    assert Annotations(folder).entries["a.png"].state is State.NO_FACE
    with pytest.raises(LandmarksError):
        annotations.save("a.png", POINTS * np.nan, State.NO_FACE)


def test_sizes_are_of_upright_pictures_whatever_their_exif_says(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20)).save(images / "a.jpg", exif=exif)
    # As text, where a number belongs.
    odd = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x02\0\0\0x\0" + bytes(8)
    Image.new("RGB", (40, 20)).save(images / "b.jpg", exif=odd)
    annotations = Annotations(tmp_path)
    assert annotations.size("a.jpg") == (20, 40)
    assert annotations.size("b.jpg") == (40, 20)


def test_a_name_that_is_no_text_is_refused_at_once(tmp_path: Path) -> None:
    """Each save would fail on it."""
    folder = make(tmp_path)
    name = os.fsencode(Annotations(folder).images) + b"/\xff.png"
    try:
        shutil.copy(Annotations(folder).images / "a.png", name)
    except OSError:
        pytest.skip("this file system has no such names")
    with pytest.raises(DataError, match="not UTF-8"):
        Annotations(folder)


def test_two_processes_lose_no_word_of_each_other(tmp_path: Path) -> None:
    """The page saves while `data landmarks` proposes."""
    names = tuple(f"{i}.png" for i in range(40))
    folder = make(tmp_path, names)
    Annotations(folder).write()
    code = (
        "import sys, numpy as np\n"
        "from toonmark.data.annotation.store import Annotations, State\n"
        "from toonmark.landmarks import template_points\n"
        "own = Annotations(sys.argv[1])\n"
        "for i in range(int(sys.argv[2]), 40, 2):\n"
        "    own.save(f'{i}.png', template_points(64), State.DONE)\n"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(folder), start]) for start in ("0", "1")
    ]
    assert [one.wait(timeout=120) for one in both] == [0, 0]
    assert Annotations(folder).count() == 40


def test_a_word_written_within_one_tick_of_the_clock_is_not_lost(tmp_path: Path) -> None:
    """File systems stamp several writes with one time."""
    folder = make(tmp_path, ("a.png", "b.png", "c.png"))
    first, second = Annotations(folder), Annotations(folder)
    first.save("a.png", POINTS, State.DONE)
    stamp = (folder / NAME).stat()
    second.save("b.png", POINTS, State.DONE)
    os.utime(folder / NAME, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    first.save("c.png", POINTS, State.DONE)
    assert Annotations(folder).count() == 3


def test_readers_never_see_half_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    annotations = Annotations(make(tmp_path))
    whole, seen = set(annotations.entries), []
    guess = Annotations._guess
    monkeypatch.setattr(
        Annotations, "_guess", lambda self, n: seen.append(set(self.entries)) or guess(self, n)
    )
    (annotations.folder / "landmarks.csv").unlink(missing_ok=True)
    (annotations.folder / NAME).unlink(missing_ok=True)
    annotations._read()
    assert seen
    assert all(names == whole for names in seen)


def test_a_damaged_file_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no pictures"):
        Annotations(tmp_path)
    make(tmp_path / "set")
    for text in ("[", "{}", json.dumps({"pictures": {"a.png": {"state": "fine"}}})):
        (tmp_path / "set" / NAME).write_text(text)
        with pytest.raises(DataError, match="is damaged"):
            Annotations(tmp_path / "set")


def test_the_server_shows_and_keeps_nothing_but_the_set(tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    pytest.importorskip("httpx")
    from fastapi.testclient import TestClient

    from toonmark.data.annotation.server import create_app

    client = TestClient(create_app(Annotations(make(tmp_path))))
    assert "app.js" in client.get("/").text
    listed = client.get("/api/set").json()["pictures"]
    assert [picture["name"] for picture in listed] == ["a.png", "b.png", "c é 😀.png"]
    for picture in listed:
        assert client.get("/api/picture", params=picture).content[:4] == b"\x89PNG"
    for name in ("../landmarks.csv", "/etc/passwd", "x.png"):
        assert client.get("/api/picture", params={"name": name}).status_code == 404
    body = {"name": "a.png", "points": (POINTS + 1).tolist(), "state": "done"}
    assert client.put("/api/points", json=body).json() == {"done": 1, "of": 3}
    assert client.put("/api/points", json=body | {"name": "x"}).status_code == 404
    assert client.put("/api/points", json=body | {"state": "?"}).status_code == 422
    assert client.put("/api/points", json=body | {"points": [[1, 2]]}).status_code == 422
    outside = client.put("/api/points", json=body | {"points": (POINTS + 99).tolist()})
    assert (outside.status_code, "inside" in outside.json()["error"]) == (422, True)
    assert client.get("/api/set", headers={"host": "evil.example"}).status_code == 400
