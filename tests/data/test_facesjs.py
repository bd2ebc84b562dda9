"""Cartoons from facesjs: the parts, exact landmarks, a folder that can be trusted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("svgelements")
pytest.importorskip("resvg_py")

from toonmark.data.dataset import Dataset
from toonmark.data.facesjs import cartoon_set, choices, landmark_parts, parts
from toonmark.data.facesjs.bounds import box_of, ends_of
from toonmark.data.facesjs.canvas import Canvas, css_matrix
from toonmark.data.facesjs.cartoon_set import write_dataset
from toonmark.data.facesjs.person_colours import css
from toonmark.data.facesjs.person_svg import draw
from toonmark.data.facesjs.random_person import person
from toonmark.data.facesjs.render import rasterise
from toonmark.errors import ConfigurationError, DataError
from toonmark.faces.align import similarity, transform_points
from toonmark.files import default_cache
from toonmark.landmarks import FRAMES, mirror, template_points

_FAMILIES = (
    "hairBg", "body", "jersey", "ear", "head", "eyeLine", "miscLine", "facialHair", "eye",
    "eyebrow", "mouth", "nose", "hair", "glasses",
)  # fmt: skip
EYE = (
    '<path d="M10 40S20 20 50 20 90 40 90 40" style="fill:#fff"/>'
    '<ellipse cx="60" cy="34" rx="8" ry="6"/><path d="M0 12 10 22"/>'
)


@pytest.fixture(scope="session")
def archive() -> Path:
    """The npm archive, from the user's cache or the registry."""
    try:
        parts.load_parts()
    except parts.PartsDownloadError as error:
        pytest.skip(f"facesjs' parts cannot be had here: {error.happened}")
    return default_cache() / f"{parts.PACKAGE}-{parts.VERSION}.tgz"


@pytest.fixture(scope="session")
def drawn(archive: Path) -> parts.Parts:
    return parts.load_parts(archive)


# The parts ---------------------------------------------------------------------------------------


def test_an_export_is_read_without_node() -> None:
    script = (
        '// generated\nexport default {"eye": {"a": "<path d=\\"M0 0\\"/>"}};\nexport const b = {}'
    )
    assert parts.parse_export(script) == {"eye": {"a": '<path d="M0 0"/>'}}
    assert parts.parse_export('export const index = {"eye": ["a"]};') == {"eye": ["a"]}


@pytest.mark.parametrize("script", ["const a = {}", "export default {a: 1}", ""])
def test_a_script_in_another_form_is_refused(script: str) -> None:
    with pytest.raises(parts.PartsError):
        parts.parse_export(script)


def test_another_archive_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "facesjs.tgz"
    wrong.write_bytes(b"something else")
    with pytest.raises(parts.PartsChecksumError, match="checksum"):
        parts.load_parts(wrong)
    with pytest.raises(DataError, match="cannot be read"):
        parts.load_parts(tmp_path / "none.tgz")


def test_without_npm_one_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOONMARK_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(parts.PartsDownloadError, match="npm is not installed"):
        parts.load_parts()


def test_an_unreachable_registry_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error code ENOTFOUND' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("TOONMARK_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(parts.PartsDownloadError, match="ENOTFOUND"):
        parts.load_parts()
    assert not list(tmp_path.glob("*.tgz"))


def test_a_wrong_download_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOONMARK_CACHE", str(tmp_path))
    monkeypatch.setattr(parts, "download", lambda: b"a proxy's error page")
    with pytest.raises(parts.PartsChecksumError):
        parts.load_parts()
    assert not list(tmp_path.iterdir())


def test_a_damaged_cache_is_fetched_again(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOONMARK_CACHE", str(tmp_path))
    good = archive.read_bytes()
    (tmp_path / archive.name).write_bytes(good[:1000])
    monkeypatch.setattr(parts, "download", lambda: good)
    assert parts.load_parts()["eye"]["eye12"]
    assert (tmp_path / archive.name).read_bytes() == good


def test_several_may_fetch_at_once(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOONMARK_CACHE", str(tmp_path))
    good, together = archive.read_bytes(), threading.Barrier(4, timeout=20)

    def download() -> bytes:
        together.wait()  # all of them found no cache
        return good

    monkeypatch.setattr(parts, "download", download)
    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(lambda _: parts.load_parts(), range(4)))
    assert all(one == loaded[0] for one in loaded)
    assert [path.name for path in tmp_path.iterdir()] == [archive.name]


def test_the_choices_exist(drawn: parts.Parts) -> None:
    for family, names in {
        "eye": {**choices.EYES_MEN, **choices.EYES_WOMEN},
        "eyebrow": {**choices.BROWS_MEN, **choices.BROWS_WOMEN},
        "nose": choices.NOSES,
        "mouth": {**choices.MOUTHS_OPEN, **choices.MOUTHS_CLOSED},
        "head": {**choices.HEADS_MEN, **choices.HEADS_WOMEN},
        "hair": {
            **choices.HAIR_MEN,
            **choices.HAIR_MEN_DARK,
            **choices.HAIR_BALD,
            **choices.HAIR_LONG,
            **choices.HAIR_SHORT_WOMEN,
        },
        "hairBg": choices.HAIR_BEHIND,
        "facialHair": {**choices.BEARDS, **choices.BEARDS_PLAIN},
        "glasses": choices.GLASSES,
        "ear": choices.EARS,
        "body": choices.BODIES,
        "jersey": choices.CLOTHES,
    }.items():
        assert set(names) <= set(drawn[family]), family


# Bounds ------------------------------------------------------------------------------------------


def test_boxes_are_those_of_the_drawing_without_strokes() -> None:
    assert box_of('<path d="M10 20h30v40z" stroke-width="9"/>') == (10, 20, 40, 60)
    circle = '<path d="M0 10a10 10 0 1 1 20 0 10 10 0 1 1-20 0"/>'
    assert box_of(circle) == pytest.approx((0, 0, 20, 20), abs=0.05)
    # A curve's control points are not on it.
    assert box_of('<path d="M0 0C0 40 40 40 40 0"/>') == pytest.approx((0, 0, 40, 30), abs=0.1)
    assert box_of(EYE, 1) == pytest.approx((52, 28, 68, 40), abs=0.05)


def test_a_mouths_ends_are_its_corners() -> None:
    (left, y), (right, _) = ends_of('<path d="M170 430s10 20 30 20 30-20 30-20z"/>')
    assert (left, y, right) == pytest.approx((170, 430, 230), abs=0.3)


# People ------------------------------------------------------------------------------------------


def test_a_person_depends_on_seed_and_index_alone() -> None:
    one, again = person(5, 3), person(5, 3)
    assert np.array_equal(one.points, again.points)
    assert (one.parts, one.colours, one.line) == (again.parts, again.colours, again.line)
    assert not np.array_equal(one.points, person(5, 4).points)
    assert not np.array_equal(one.points, person(6, 3).points)


def test_people_are_distributed_as_the_faces() -> None:
    people = [person(0, index) for index in range(500)]
    points = np.stack([one.points for one in people])
    mean = [[47.7, 61.0], [79.9, 61.0], [64.0, 80.5], [50.4, 92.8], [77.3, 92.7]]
    assert np.abs(points.mean(0) - mean).max() < 0.5
    assert 0.53 < np.mean([one.woman for one in people]) < 0.77
    teeth = np.mean([one.parts["mouth"] in choices.MOUTHS_OPEN for one in people])
    assert 0.4 < teeth < 0.62
    assert not any("facialHair" in one.parts for one in people if one.woman)


def test_plain_people_wear_no_glasses_and_no_goatees() -> None:
    people = [person(0, index, plain=True) for index in range(500)]
    assert not any("glasses" in one.parts for one in people)
    beards = [one.parts["facialHair"] for one in people if "facialHair" in one.parts]
    assert set(beards) == set(choices.BEARDS_PLAIN)
    men = sum(not one.woman for one in people)
    assert 0.1 < len(beards) / men < 0.28
    usual = [person(0, index).parts for index in range(500)]
    assert any("glasses" in parts for parts in usual)
    assert any(parts.get("facialHair", "").startswith("goatee") for parts in usual)


def test_lab_colours() -> None:
    assert css(np.array([100.0, 0, 0])) == "#ffffff"
    assert css(np.array([0.0, 0, 0])) == "#000000"
    assert css(np.array([53.24, 80.09, 67.2])) == "#ff0000"


# Exact landmarks ---------------------------------------------------------------------------------


def _ink(canvas: Canvas, size: int) -> np.ndarray:
    """How black each pixel of the groups alone is: (size, size) in [0, 1]."""
    groups = "".join(canvas.groups)
    matrix = css_matrix(np.array([[size / 400, 0, 0], [0, size / 400, 0]]))
    document = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}">'
        f'<rect width="{size}" height="{size}" fill="#fff"/>'
        f'<g transform="{matrix}">{groups}</g></svg>'
    )
    return 1 - rasterise(document).mean(axis=2) / 255


def _centre_of_mass(ink: np.ndarray) -> np.ndarray:
    ys, xs = np.mgrid[: ink.shape[0], : ink.shape[1]]
    return np.array([(ink * xs).sum(), (ink * ys).sum()]) / ink.sum()


@pytest.mark.parametrize("mirrored", [False, True])
def test_an_eye_is_where_its_pupil_is_drawn(mirrored: bool) -> None:
    one = replace(person(0, 0), parts={**person(0, 0).parts, "eye": "eye12", "eyebrow": "none"})
    # The pupil is the third shape of eye12; here the only one with ink.
    pupil = '<ellipse cx="60" cy="34" rx="8" ry="6"/>'
    blank = '<path d="M10 40h80" fill="none"/>'
    lone = {"eye": {"eye12": blank * 2 + pupil}, "eyebrow": {"none": blank}}
    wanted = np.array([[140.0, 300], [260, 312], [200, 360], [160, 330], [240, 330]])
    canvas = Canvas(lone, one)
    found = np.array(landmark_parts.eyes(canvas, wanted))
    assert np.allclose(found, wanted[:2])
    canvas.groups = canvas.groups[2:3] if mirrored else canvas.groups[:1]
    drawn_at = _centre_of_mass(_ink(canvas, 400))
    # Pixel centres at whole numbers: half a pixel less than SVG's coordinates.
    assert drawn_at + 0.5 == pytest.approx(wanted[int(mirrored)], abs=0.05)


@pytest.mark.parametrize("index", range(6))
def test_the_mouths_corners_are_where_it_ends(drawn: parts.Parts, index: int) -> None:
    one = person(0, index)
    canvas = Canvas(drawn, one)
    wanted = np.array([[140.0, 310], [260, 310], [200, 360], [152, 300], [247, 306]])
    found = np.array(landmark_parts.mouth(canvas, wanted))
    # Drawings that are not quite symmetric end a little above or below the line.
    assert np.abs(found - wanted[3:]).max() < 4
    inked = np.argwhere(_ink(canvas, 400) > 0.25)
    for corner, extreme in ((found[0], inked[:, 1].min()), (found[1], inked[:, 1].max())):
        assert abs(corner[0] - extreme) < 12  # the stroke's own width lies beyond


def test_landmarks_are_those_of_the_picture(drawn: parts.Parts) -> None:
    for index in range(20):
        one = person(2, index)
        _, points = draw(one, drawn, 128)
        assert np.abs(points - one.points).max() < 1.0
        assert np.abs(points[:3] - one.points[:3]).max() < 1e-6
        # At another size the pictures are the same, pixel centres at whole numbers.
        _, large = draw(one, drawn, 256)
        assert np.allclose((large + 0.5) / 2, points + 0.5)


@pytest.mark.parametrize("size", [64, 128, 200])
def test_pixels_and_landmarks_agree(size: int) -> None:
    """The whole way, with a face of nothing but two dots for pupils and a line for a mouth."""
    one = person(3, 1)
    one = replace(one, parts={**one.parts, "eye": "eye12"})  # whose third shape is the pupil
    blank = '<path d="M190 300h20" fill="none"/>'
    dot = '<circle cx="35" cy="25" r="9"/>'
    line = '<path d="M170 430h60" stroke="#000" stroke-width="4"/>'
    for family, svg in (("eye", blank * 2 + dot), ("mouth", line)):
        lone = {
            name: dict.fromkeys((one.parts.get(name, ""), "none"), blank * 3) for name in _FAMILIES
        }
        lone[family][one.parts[family]] = svg
        document, points = draw(one, lone, size)
        ink = 1 - rasterise(document).mean(axis=2) / 255
        if family == "mouth":
            assert _centre_of_mass(ink) == pytest.approx(points[3:].mean(0), abs=0.12)
            columns = np.flatnonzero(ink.max(axis=0) > 0.1)
            assert columns[0] == pytest.approx(points[3, 0], abs=1)
            assert columns[-1] == pytest.approx(points[4, 0], abs=1)
        else:
            half = size // 2
            left, right = _centre_of_mass(ink[:, :half]), _centre_of_mass(ink[:, half:])
            assert left == pytest.approx(points[0], abs=0.05)
            assert right + np.array([half, 0]) == pytest.approx(points[1], abs=0.05)


def test_a_portrait_is_the_same_person_with_room_around(drawn: parts.Parts) -> None:
    for index in range(4):
        someone = person(0, index)
        document, points = draw(someone, drawn, 256, "portrait")
        face = draw(someone, drawn, 256)[1]
        to_portrait = similarity(template_points(256), template_points(256, FRAMES["portrait"]))
        np.testing.assert_allclose(points, transform_points(face, to_portrait), atol=0.5)
        image = rasterise(document)
        # White beside the head; at the bottom the body leaves the picture, and is not outlined.
        assert (image[:90, 0] == 255).all()
        bottom = image[-1, 100:156]
        assert bottom.min(axis=-1).mean() < 250
        assert (bottom.max(axis=-1) > 40).mean() > 0.5  # an outline would be black throughout


def test_a_mirrored_nose_keeps_its_tip(drawn: parts.Parts) -> None:
    one = replace(person(0, 0), parts={**person(0, 0).parts, "nose": "nose9"})
    wanted = np.array([[140.0, 310], [260, 310], [203, 360], [150, 430], [250, 430]])
    tips = []
    for flip in (False, True):
        canvas = Canvas(drawn, replace(one, nose_flip=flip))
        assert landmark_parts.nose(canvas, wanted) == pytest.approx(wanted[2])
        tips.append(_centre_of_mass(_ink(canvas, 400)))
    # The drawings mirror each other about the tip.
    assert tips[0][0] + tips[1][0] + 1 == pytest.approx(2 * wanted[2, 0], abs=0.3)
    assert tips[0][1] == pytest.approx(tips[1][1], abs=0.1)


def test_mirror_swaps_the_sides(drawn: parts.Parts) -> None:
    _, points = draw(person(0, 7), drawn, 128)
    assert points[0, 0] < points[1, 0]
    assert points[3, 0] < points[4, 0]
    flipped = mirror(points, 128)
    assert flipped[0, 0] == pytest.approx(127 - points[1, 0])


# The folder --------------------------------------------------------------------------------------


def test_a_folder_is_a_data_set(drawn: parts.Parts, tmp_path: Path) -> None:
    write_dataset(tmp_path / "a", 5, drawn, size=64, seed=1)
    data = Dataset.open(tmp_path / "a")
    assert len(data) == 5
    picture = data.image(2)
    assert picture.shape == (64, 64, 3)
    svg, points = draw(person(1, 2), drawn, 64)
    assert np.array_equal(picture, rasterise(svg))
    assert np.abs(data.points[2] - points).max() < 0.006
    assert (picture[0, 0] == 255).all() or (picture[0, -1] == 255).all()
    card = json.loads((tmp_path / "a" / "dataset.json").read_text())
    assert card["counts"] == {"kept": 5}
    assert "Apache-2.0" in card["terms"]
    assert card["configuration"]["integrity"] == parts.INTEGRITY


def test_fewer_are_a_prefix_and_processes_do_not_matter(
    drawn: parts.Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cartoon_set, "_CHUNK", 2)
    write_dataset(tmp_path / "few", 3, drawn, size=32)
    write_dataset(tmp_path / "many", 5, drawn, size=32, workers=2)
    few = (tmp_path / "few" / "landmarks.csv").read_text()
    assert (tmp_path / "many" / "landmarks.csv").read_text().startswith(few)
    for name in ("00000.png", "00001.png", "00002.png"):
        pictures = [(tmp_path / which / "images" / name).read_bytes() for which in ("few", "many")]
        assert pictures[0] == pictures[1]


def test_a_stopped_run_goes_on(drawn: parts.Parts, tmp_path: Path) -> None:
    class KilledError(Exception):
        pass

    def stop(_: int) -> None:
        raise KilledError

    whole, part = tmp_path / "whole", tmp_path / "part"
    write_dataset(whole, 40, drawn, size=32)
    with pytest.raises(KilledError):
        write_dataset(part, 40, drawn, size=32, progress=stop)
    assert not (part / "landmarks.csv").exists()  # nobody takes it for complete
    before = {path.name: path.stat().st_mtime_ns for path in (part / "images").iterdir()}
    assert 0 < len(before) < 40
    write_dataset(part, 40, drawn, size=32)
    after = {path.name: path.stat().st_mtime_ns for path in (part / "images").iterdir()}
    assert len(after) == 40
    assert before.items() <= after.items()  # what was there was not drawn again
    assert (part / "landmarks.csv").read_bytes() == (whole / "landmarks.csv").read_bytes()


def test_another_configuration_is_refused(drawn: parts.Parts, tmp_path: Path) -> None:
    write_dataset(tmp_path, 2, drawn, size=32, seed=0)
    first = (tmp_path / "images" / "00000.png").read_bytes()
    with pytest.raises(ConfigurationError, match="seed: 0 -> 1"):
        write_dataset(tmp_path, 2, drawn, size=32, seed=1)
    assert (tmp_path / "images" / "00000.png").read_bytes() == first
    assert (tmp_path / "landmarks.csv").exists()
    with pytest.raises(ConfigurationError, match="plain: unknown -> True"):
        write_dataset(tmp_path, 2, drawn, size=32, seed=0, plain=True)
    write_dataset(tmp_path, 1, drawn, size=32, seed=1, force=True)
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["00000.png"]
    assert (tmp_path / "images" / "00000.png").read_bytes() != first


def test_pictures_of_unknown_origin_are_left_alone(drawn: parts.Parts, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "mine.png").write_bytes(b"mine")
    with pytest.raises(ConfigurationError, match="another configuration"):
        write_dataset(tmp_path, 1, drawn)
    assert (tmp_path / "images" / "mine.png").read_bytes() == b"mine"


def test_the_command(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "toonmark.cli",
        "render-cartoons",
        "--style",
        "facesjs",
        "--count",
        "2",
        "--size",
        "32",
    ]
    done = subprocess.run(
        [*command, "--parts", str(archive), str(out)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert len(Dataset.open(out)) == 2
    done = subprocess.run(
        [*command, "--parts", str(tmp_path / "none.tgz"), str(out)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2
    assert "cannot be read" in done.stderr
