"""The command line, as people call it."""

import csv
import json
import os
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from toonmark import __version__, files
from toonmark.cli import SPINS, app
from toonmark.cli.application import COMMANDS
from toonmark.cli.inputs import Targets
from toonmark.errors import OutputNotWritableError
from toonmark.landmarks import NAMES, template_points

runner = CliRunner()


def run(*arguments):
    return runner.invoke(app, [str(argument) for argument in arguments])


def command(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "toonmark", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        **options,
    )


@pytest.fixture
def draw(pack):
    return lambda *arguments: run("cartoonize", "--style", pack, *arguments)


@pytest.fixture
def folder(tmp_path, photo):
    """Where the photo lies, alone."""
    folder = tmp_path / "photos"
    folder.mkdir()
    photo.rename(folder / "me.png")
    return folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# The application -----------------------------------------------------------------------------


def test_version_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['toonmark', '--version']; from toonmark.cli import main; main();"
        "print({'typer', 'numpy', 'cv2', 'onnxruntime', 'torch', 'PIL', 'rich', 'pydantic'}"
        " & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.split("\n")[:2] == [f"toonmark {__version__}", "set()"], result.stderr
    assert run("--version").stdout == f"toonmark {__version__}\n"


def test_help_lists_all_and_imports_none():
    code = (
        "import sys; sys.argv = ['toonmark', '--help']\n"
        "from toonmark.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m.startswith('toonmark.cli.')])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8"
    )
    for name in COMMANDS:
        assert f" {name} " in result.stdout
    assert "['toonmark.cli.application']" in result.stdout, result.stderr


@pytest.mark.parametrize(
    ("chosen", "spins"),
    [({}, SPINS), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, None)],
)
def test_threads_of_torch_wait_as_the_user_says_and_else_not_for_long(chosen, spins, monkeypatch):
    """Beside other work, threads that wait awake take the cores from those that they wait for."""
    from toonmark.cli import main

    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["toonmark", "--help"])
    with pytest.raises(SystemExit):
        main()
    assert os.environ.get("GOMP_SPINCOUNT") == spins


def test_every_command_is_where_it_is_said_to_be():
    for name in COMMANDS:
        result = run(name, "--help")
        assert result.exit_code == 0, (name, result.output)


def test_a_missing_extra_gives_the_line_that_installs_it(tmp_path):
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError('no torch', name='torch')")
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
        "import toonmark.cli.application as a\n"
        "import types; m = types.ModuleType('toonmark.cli.train')\n"
        "def train():\n    import torch\n"
        "m.train = train; sys.modules['toonmark.cli.train'] = m\n"
        "sys.argv = ['toonmark', 'train']\n"
        "from toonmark.cli import main; main()"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "pip install 'toonmark[train]'" in result.stderr
    assert "Traceback" not in result.stderr


def test_no_command_and_a_wrong_one():
    assert run().exit_code in (0, 2)  # with Click before 8.2, and since
    assert run("cartonize").exit_code == 2


# cartoonize ----------------------------------------------------------------------------------


def test_beside_the_photo(draw, folder):
    before = (folder / "me.png").read_bytes()
    result = draw(folder / "me.png")
    assert result.exit_code == 0, result.output
    assert names(folder) == ["me-toon.png", "me.png"]
    assert (folder / "me.png").read_bytes() == before
    assert Image.open(folder / "me-toon.png").size == (512, 512)
    assert "me-toon.png" in result.stdout


@pytest.mark.parametrize("name", ["new/you.png", "you.jpg", "you.webp"])
def test_to_a_file(draw, folder, tmp_path, name):
    assert draw(folder / "me.png", "-o", tmp_path / name, "--size", 200).exit_code == 0
    assert Image.open(tmp_path / name).size == (200, 200)


def test_folders_and_patterns(draw, folder, tmp_path):
    Image.open(folder / "me.png").save(folder / "you.jpg")
    (folder / "notes.txt").write_text("not a picture")
    out = tmp_path / "out"
    assert draw(folder, "-o", out).exit_code == 0
    assert names(out) == ["me-toon.png", "you-toon.png"]
    assert draw(folder / "*.jpg", "-o", tmp_path / "out2").exit_code == 0
    assert names(tmp_path / "out2") == ["you-toon.png"]
    # Drawn into the folder itself, and once more: the cartoons are not drawn again.
    for _ in range(2):
        assert draw(folder).exit_code == 0
    assert names(folder) == ["me-toon.png", "me.png", "notes.txt", "you-toon.png", "you.jpg"]


def test_two_photos_of_one_name(draw, folder, tmp_path):
    Image.open(folder / "me.png").save(folder / "ME.jpg")
    (tmp_path / "other").mkdir()
    Image.open(folder / "me.png").save(tmp_path / "other" / "me.png", compress_level=1)
    out = tmp_path / "out"
    result = draw(folder / "me.png", folder / "ME.jpg", tmp_path / "other" / "me.png", "-o", out)
    assert result.exit_code == 0
    assert names(out) == ["ME-toon (2).png", "me-toon (3).png", "me-toon.png"]


@pytest.mark.parametrize("face", ["largest", "all"])
def test_a_second_run_writes_the_same_names(draw, tmp_path, two_faces, face):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("x.jpg", "x.png", "x.webp"):
        Image.fromarray(two_faces).save(folder / name)
    (folder / "x.bmp").write_text("not a picture, and first by its name")
    assert draw(folder, "--face", face).exit_code == 2
    first = names(folder)
    ends = [""] if face == "largest" else ["-face1", "-face2"]
    expected = [f"x-toon ({number}){end}.png" for number in (2, 3, 4) for end in ends]
    assert first == sorted(["x.bmp", "x.jpg", "x.png", "x.webp", *expected])
    draw(folder, "--face", face)
    assert names(folder) == first
    # What could not be drawn before takes the place that was kept for it.
    Image.fromarray(two_faces).save(folder / "x.bmp")
    assert draw(folder, "--face", face).exit_code == 0
    assert names(folder) == sorted([*first, *(f"x-toon{end}.png" for end in ends)])


def test_names_with_faces_spare_photos_too(tmp_path):
    photos = [tmp_path / "me.png", tmp_path / "me-toon-face2.png"]
    place = Targets(photos, None).place(photos[0], ".png")
    assert [path.name for path in place.names([1, 2])] == [
        "me-toon (2)-face1.png",
        "me-toon (2)-face2.png",
    ]
    place = Targets(photos[1:], tmp_path / "me-toon.png").place(photos[1], ".png")
    assert [path.name for path in place.names([None])] == ["me-toon.png"]
    assert photos[1] not in place.names([1, 2])


@pytest.mark.parametrize("name", ["me.bmp", "out.TIFF", "me.gif", "me.xyz"])
def test_a_file_in_a_format_that_is_not_written(draw, folder, tmp_path, name):
    result = draw(folder / "me.png", "-o", tmp_path / name)
    assert result.exit_code == 2
    assert f".{name.split('.')[1]} is no format that is written." in result.stderr
    assert ".svg, or name a folder." in result.stderr
    assert not (tmp_path / name).exists()
    (tmp_path / name).mkdir()
    assert draw(folder / "me.png", "-o", tmp_path / name).exit_code == 0
    assert names(tmp_path / name) == ["me-toon.png"]


@pytest.mark.parametrize("name", ["out", "v1.2", "2026.11.25", "a. b"])
def test_a_name_that_is_no_files_is_a_folders(draw, folder, tmp_path, name):
    assert draw(folder / "me.png", "-o", tmp_path / name).exit_code == 0
    assert names(tmp_path / name) == ["me-toon.png"]


def test_several_photos_do_not_go_into_one_file_of_another_format(tmp_path):
    photos = [tmp_path / "me.png", tmp_path / "you.png"]
    with pytest.raises(OutputNotWritableError, match="one file"):
        Targets(photos, tmp_path / "me.bmp")
    assert Targets(photos, tmp_path / "out.new").file is None


def test_a_photo_is_never_written_over(draw, folder):
    before = (folder / "me.png").read_bytes()
    result = draw(folder / "me.png", "-o", folder / "me.png")
    assert result.exit_code == 2
    assert "never written over" in result.stderr
    # Not even one that has the name of another's cartoon.
    (folder / "me-toon.png").write_bytes(before)
    assert draw(folder / "me.png", folder / "me-toon.png").exit_code == 0
    assert (folder / "me.png").read_bytes() == (folder / "me-toon.png").read_bytes() == before
    assert names(folder) == ["me-toon (2).png", "me-toon-toon.png", "me-toon.png", "me.png"]


def test_several_photos_do_not_go_into_one_file(draw, folder, tmp_path):
    result = draw(folder / "me.png", folder / "you.png", "-o", tmp_path / "one.png")
    assert result.exit_code == 2
    assert "folder" in result.stderr


def test_names_of_all_kinds(draw, folder, tmp_path):
    for name in ("with space.png", "Ünïcödé é.png", "😀.png", "[brackets] *.png", "-dash.png"):
        (folder / name).write_bytes((folder / "me.png").read_bytes())
    out = tmp_path / "où ça 😀"
    assert draw(folder, "-o", out).exit_code == 0
    assert len(names(out)) == 6
    assert draw(folder / "[brackets] *.png", "-o", tmp_path / "b").exit_code == 0
    assert names(tmp_path / "b") == ["[brackets] *-toon.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes are Linux's own")
def test_a_name_that_is_no_unicode(folder, tmp_path, pack):
    name = os.fsencode(folder) + b"/caf\xe9.png"
    os.rename(os.fsencode(folder / "me.png"), name)
    result = command("cartoonize", os.fsdecode(name), "--style", pack, "--json", "-")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["drawn"] == 1


def test_faces(draw, two_faces, tmp_path):
    photo = tmp_path / "two.png"
    Image.fromarray(two_faces).save(photo)
    out = tmp_path / "out"
    assert draw(photo, "-o", out, "--face", "all").exit_code == 0
    assert names(out) == ["two-toon-face1.png", "two-toon-face2.png"]
    assert draw(photo, "-o", tmp_path / "left.png", "--face", "1").exit_code == 0
    left = np.asarray(Image.open(tmp_path / "left.png"))
    np.testing.assert_array_equal(left, np.asarray(Image.open(out / "two-toon-face1.png")))
    result = draw(photo, "-o", out, "--face", "3")
    assert result.exit_code == 2
    assert "no face number 3" in result.stderr
    assert draw(photo, "--face", "smallest").exit_code == 2


def test_faces_that_are_too_small_are_told(draw, astronaut, tmp_path):
    photo, report = tmp_path / "crowd.png", tmp_path / "report.json"
    crowd = np.zeros((512, 640, 3), np.uint8)
    crowd[:128, :128] = cv2.resize(astronaut, (128, 128), interpolation=cv2.INTER_AREA)
    crowd[:, 128:] = astronaut
    Image.fromarray(crowd).save(photo)
    result = draw(photo, "--face", "all", "--json", report)
    assert result.exit_code == 0
    (line,) = result.stderr.splitlines()
    assert re.fullmatch(r"crowd\.png: 1 face of \d\d pixels was left out; 32 is the least\.", line)
    (entry,) = json.loads(report.read_text())["photos"]
    assert f"crowd.png: {entry['warning']}" == line
    assert len(entry["faces"]) == 1
    assert draw(photo, "--json", report).stderr == ""
    assert json.loads(report.read_text())["photos"][0]["warning"] is None


def test_in_photo_and_side_by_side(draw, two_faces, tmp_path):
    photo = tmp_path / "two.png"
    Image.fromarray(two_faces).save(photo)
    assert draw(photo, "--output", "in-photo", "--face", "all").exit_code == 0
    drawn = np.asarray(Image.open(tmp_path / "two-toon.png"))
    assert drawn.shape == two_faces.shape
    changed = (drawn != two_faces).any(axis=2)
    assert changed[:, :300].any()
    assert changed[:, 300:].any()
    assert changed.mean() < 0.5
    out = tmp_path / "pair.png"
    assert draw(photo, "--output", "side-by-side", "--size", "100", "-o", out).exit_code == 0
    assert Image.open(out).size == (200, 100)


def test_as_shapes(draw, folder, tmp_path, monkeypatch):
    pytest.importorskip("vtracer")
    monkeypatch.setattr("toonmark.svg.TRACED_AT", 128)  # a photo's shapes take long
    done = draw(folder / "me.png", "-o", tmp_path / "me.svg", "--size", 300)
    assert done.exit_code == 0, done.output
    assert 'width="300"' in (tmp_path / "me.svg").read_text()
    refused = draw(folder / "me.png", "-o", tmp_path / "a.svg", "--output", "side-by-side")
    assert refused.exit_code == 2
    assert "--output crop only" in refused.output


def test_transparent(draw, folder, tmp_path):
    assert draw(folder / "me.png", "--transparent", "-o", tmp_path / "a.png").exit_code == 0
    assert Image.open(tmp_path / "a.png").mode == "RGBA"
    assert draw(folder / "me.png", "--transparent", "-o", tmp_path / "a.jpg").exit_code == 2
    assert draw(folder / "me.png", "--transparent", "--output", "in-photo").exit_code == 2


def test_lines(draw, folder, tmp_path):
    for lines in (1, 1.5):
        done = draw(folder / "me.png", "--lines", lines, "-o", tmp_path / f"{lines}.png")
        assert done.exit_code == 0, done.output
    plain, wide = (np.asarray(Image.open(tmp_path / f"{n}.png")).astype(int) for n in (1, 1.5))
    assert np.abs(plain - wide).mean() > 0.5
    assert draw(folder / "me.png", "--lines", "3").exit_code == 2
    (tmp_path / "clip.mp4").write_bytes(b"")
    refused = draw(tmp_path / "clip.mp4", "--lines", "1.5")
    assert refused.exit_code == 2
    assert "are for photos" in refused.output


def test_tuning(draw, folder, tmp_path):
    options = {"plain": [], "skin": ["--skin", 0.5], "hair": ["--hair", -0.5]}
    found = {}
    for name, more in {**options, "strength": ["--strength", 0.5]}.items():
        done = draw(folder / "me.png", "--style", "flat", *more, "-o", tmp_path / f"{name}.png")
        assert done.exit_code == 0, done.output
        found[name] = np.asarray(Image.open(tmp_path / f"{name}.png")).astype(int)
    assert found["skin"].mean() > found["plain"].mean() > found["hair"].mean()
    assert np.abs(found["strength"] - found["plain"]).mean() > 1
    refused = draw(folder / "me.png", "--style", "toon", "--skin", 0.5)
    assert refused.exit_code != 0
    assert "does not say where skin and hair are" in refused.output
    assert draw(folder / "me.png", "--skin", 2).exit_code == 2
    svg = draw(folder / "me.png", "--strength", 0.5, "-o", tmp_path / "me.svg")
    assert svg.exit_code == 2
    assert "no photo in it" in svg.output


def write_landmarks(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", *(f"{name}_{axis}" for name in NAMES for axis in "xy")])
        table.writerows([name, *np.ravel(points)] for name, points in rows)
    return path


def test_landmarks_for_faces_that_no_detector_finds(draw, tmp_path):
    photo = tmp_path / "drawing.png"
    Image.new("RGB", (200, 220), "#caa").save(photo)
    assert draw(photo).exit_code == 2
    points = template_points(128) + 30
    table = write_landmarks(tmp_path / "points.csv", [("drawing.png", points)])
    result = draw(photo, "--landmarks", table, "--json", tmp_path / "report.json")
    assert result.exit_code == 0, result.output
    (face,) = json.loads((tmp_path / "report.json").read_text())["photos"][0]["faces"]
    np.testing.assert_allclose(list(face["landmarks"].values()), points, atol=0.01)

    outside = write_landmarks(tmp_path / "points.csv", [("drawing.png", points + 100)])
    result = draw(photo, "--landmarks", outside)
    assert result.exit_code == 2
    assert "outside" in result.stderr


def test_landmarks_stand_for_the_faces_that_are_found(draw, folder, tmp_path):
    points = np.array([[211, 112], [257, 112], [232, 137], [213, 156], [250, 156]])
    table = write_landmarks(tmp_path / "points.csv", [("me.png", points)])
    result = draw(folder / "me.png", "--landmarks", table, "--json", tmp_path / "report.json")
    assert result.exit_code == 0, result.output
    (face,) = json.loads((tmp_path / "report.json").read_text())["photos"][0]["faces"]
    np.testing.assert_allclose(list(face["landmarks"].values()), points, atol=0.01)


def test_the_help_shows_the_columns_of_a_table_of_landmarks():
    narrow = {**os.environ, "COLUMNS": "80"}
    shown = command("cartoonize", "--help", env=narrow).stdout
    assert "no others are looked for" in " ".join(shown.split())
    header = ["file", *(f"{name}_{axis}" for name in NAMES for axis in "xy")]
    assert ",".join(header) in "".join(shown.split())
    for name in header[1:]:
        assert name in shown


@pytest.mark.parametrize("text", ["", "file,x\na,1\n", "file\n\xff"])
def test_a_wrong_table_of_landmarks(draw, folder, tmp_path, text):
    (tmp_path / "points.csv").write_bytes(text.encode("latin-1"))
    result = draw(folder / "me.png", "--landmarks", tmp_path / "points.csv")
    assert result.exit_code == 2
    assert "points.csv" in result.stderr


def test_a_wrong_line_of_landmarks(draw, folder, tmp_path):
    table = write_landmarks(tmp_path / "points.csv", [("a", np.ones(10)), ("b", ["x"] * 10)])
    result = draw(folder / "me.png", "--landmarks", table)
    assert result.exit_code == 2
    assert "line 3" in result.stderr


def test_json(draw, folder, tmp_path):
    (folder / "bad.jpg").write_text("not a picture")
    result = draw(folder, "-o", tmp_path / "out", "--json", "-")
    assert result.exit_code == 2
    report = json.loads(result.stdout)  # and nothing else is there
    assert (report["drawn"], report["failed"]) == (1, 1)
    bad, me = report["photos"]
    assert bad["error"]["type"] == "NotAnImageError"
    (face,) = me["faces"]
    assert face["file"] == str(tmp_path / "out" / "me-toon.png")
    assert list(face["landmarks"]) == list(NAMES)
    assert face["warning"] is None
    assert np.array(face["transform"]).shape == (2, 3)


def test_a_batch_goes_on_and_lists_what_failed(draw, folder, tmp_path, no_decoders):
    (folder / "empty.png").touch()
    (folder / "text.jpg").write_text("Dear diary")
    (folder / "cut.png").write_bytes((folder / "me.png").read_bytes()[:5000])
    (folder / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100)
    Image.new("RGB", (300, 300)).save(folder / "nobody.png")
    small = cv2.resize(np.asarray(Image.open(folder / "me.png")), (128, 128))
    Image.fromarray(small).save(folder / "small.png")
    result = draw(folder, folder / "gone.png", folder / "*.none", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert names(tmp_path / "out") == ["me-toon.png"]
    assert "8 of 9 photos failed" in result.stderr
    for name, words in {
        "empty.png": "no bytes",
        "text.jpg": "not a picture",
        "cut.png": "damaged",
        "photo.heic": "toonmark[heic]",
        "nobody.png": "No face",
        "small.png": "32",
        "gone.png": "No such file",
        "*.none": "no pictures",
    }.items():
        (line,) = (line for line in result.stderr.splitlines() if f"/{name}: " in line)
        assert words in line


def test_errors_are_two_sentences(folder, pack):
    result = command("cartoonize", folder / "none.png", "--style", pack)
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 2
    result = command("cartoonize", folder / "me.png", "--style", "watercolour")
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 2
    assert "Traceback" not in result.stderr
    assert names(folder) == ["me.png"]


def test_places_that_cannot_be_written(draw, folder, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    result = draw(folder / "me.png", "-o", tmp_path / "file" / "out")
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    result = draw(folder / "me.png", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "disk was full" in result.stderr
    assert names(tmp_path / "out") == []


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's own")
def test_a_folder_that_cannot_be_made(draw, folder):
    result = draw(folder / "me.png", "-o", "/proc/foo/x.png")
    assert result.exit_code == 2
    assert "/proc/foo/x.png cannot be written" in result.stderr
    (folder / "you.png").write_bytes((folder / "me.png").read_bytes())
    result = draw(folder, "-o", "/proc/foo")
    assert result.exit_code == 2
    assert "2 of 2 photos failed" in result.stderr


def test_a_turned_face_is_drawn_and_told(draw, tmp_path):
    points = template_points(128) + np.array([[0, 0], [-10, 0], [16, 0], [4, 0], [-6, 0]]) + 30
    Image.new("RGB", (200, 220), "#caa").save(tmp_path / "a.png")
    table = write_landmarks(tmp_path / "points.csv", [("a.png", points)])
    result = draw(tmp_path / "a.png", "--landmarks", table)
    assert result.exit_code == 0
    assert "a.png: The face is turned" in result.stderr
    assert (tmp_path / "a-toon.png").is_file()


def test_the_whole_command(folder, pack, tmp_path):
    result = command("cartoonize", folder / "me.png", "-s", pack, "-o", tmp_path / "x.png")
    assert (result.returncode, result.stderr) == (0, "")
    assert Image.open(tmp_path / "x.png").size == (512, 512)


# styles --------------------------------------------------------------------------------------


def test_styles(pack, tmp_path, monkeypatch):
    from toonmark.styles import pack as pack_module

    assert run("styles").exit_code == 0
    assert "negative" in run("styles", pack).stdout
    assert "sound" in run("styles", pack).stdout
    assert json.loads(run("styles", pack, "--json").stdout)["size"] == 128
    (tmp_path / "text.onnx").write_text("Dear diary")
    assert run("styles", tmp_path / "text.onnx").exit_code == 2
    monkeypatch.setattr(pack_module, "FOLDER", pack.parent)
    assert "Negative" in run("styles").stdout
    assert [style["name"] for style in json.loads(run("styles", "--json").stdout)] == ["negative"]
