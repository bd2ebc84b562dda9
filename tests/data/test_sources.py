"""CelebA's layout, drawings with proposed points, DiceBear's avatars, photos changed in place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from toonmark.data.dataset import Dataset, read_landmarks
from toonmark.data.formats.celeba import COLUMNS, TABLE
from toonmark.data.proposals import Cascade, Proposal
from toonmark.data.sources.build import build
from toonmark.data.sources.cartoons import Cartoons
from toonmark.data.sources.celeba import SHARE, CelebA, defaults, frontality
from toonmark.data.sources.folder import Folder
from toonmark.data.sources.photos import unwanted_from
from toonmark.data.sources.selection import Selection, flaw_of_matte, head_mask
from toonmark.errors import DataError, MissingExtraError, PillowTooNewError
from toonmark.faces.detect import face_from_points
from toonmark.landmarks import Array, template_points

#: Mean points of CelebA's aligned pictures, 178 × 218.
MEAN = np.array([[69, 111], [108, 111], [88, 135], [73, 152], [105, 152]], float)


def noise(seed: int, size: tuple[int, int] = (160, 160)) -> Image.Image:
    random = np.random.default_rng(seed)
    image = Image.fromarray(random.integers(0, 255, (8, 8, 3), np.uint8))
    grown = np.asarray(image.resize(size, Image.Resampling.BICUBIC), int)
    grain = random.integers(-30, 30, (size[1], size[0], 1))
    return Image.fromarray(np.clip(grown + grain, 0, 255).astype(np.uint8))


def left_out(folder: Path) -> dict[str, str]:
    entries = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))["left out"]
    return {entry["photo"]: reason for reason, some in entries.items() for entry in some}


def make_celeba(folder: Path, turns: list[float]) -> Path:
    """The official layout; in picture i the nose lies ``turns[i]`` pixels off the middle."""
    images = folder / "img_align_celeba"
    images.mkdir(parents=True)
    lines = [str(len(turns)), " ".join(COLUMNS) + " "]
    for i, turn in enumerate(turns, 1):
        noise(i, (178, 218)).save(images / f"{i:06d}.jpg", quality=95)
        points = (MEAN + np.outer([0, 0, 1, 0, 0], [turn, 0])).round().astype(int)
        lines.append(f"{i:06d}.jpg  " + "  ".join(map(str, points.ravel())))
    (folder / TABLE).write_text("\n".join(lines) + "\n")
    return folder


def test_celeba_keeps_the_papers_share_of_the_most_frontal(tmp_path: Path) -> None:
    turns = [0, 2, -4, 8, 12, -12, 16, 20, -20, 24, 3]
    folder = make_celeba(tmp_path / "celeba", turns)
    source = CelebA(root=folder, size=64, selection=defaults())
    assert round(SHARE * len(turns)) == 2
    assert "2 of 11 faces pass" in source.rule()
    dataset = build(source, tmp_path / "set")
    photos = {entry["photo"] for entry in dataset.description["pictures"].values()}
    assert photos == {"000001.jpg", "000002.jpg"}
    assert set(left_out(tmp_path / "set").values()) == {"not frontal"}
    assert source.rule() in dataset.description["configuration"]["rule"]
    np.testing.assert_allclose(dataset.points[0], template_points(64), atol=2.5)


def test_celeba_takes_a_threshold_and_the_pictures_own_folder(tmp_path: Path) -> None:
    folder = make_celeba(tmp_path / "celeba", [0, 2, -4, 8])
    (folder / "img_align_celeba" / "000003.jpg").unlink()
    (folder / "img_align_celeba" / "000002.jpg").write_bytes(b"")
    source = CelebA(root=folder / "img_align_celeba", size=64, threshold=0.15, selection=defaults())
    assert len(build(source, tmp_path / "set")) == 1
    assert left_out(tmp_path / "set") == {
        "000002.jpg": "unreadable",
        "000003.jpg": "unreadable",
        "000004.jpg": "not frontal",
    }


def test_a_folder_that_is_not_celeba_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no list_landmarks_align_celeba"):
        CelebA(root=tmp_path)
    (tmp_path / TABLE).write_text("0\n")
    with pytest.raises(DataError, match="holds no folder img_align_celeba"):
        CelebA(root=tmp_path)


def test_frontality_is_zero_for_symmetry_and_grows_with_each_turn() -> None:
    face = np.array([[48, 61], [80, 61], [64, 80], [50, 93], [78, 93]], float)
    turned = face + np.outer([0, 0, 1, 0, 0], [4, 0])
    leaning = face + np.outer([0, 0, 0, 0, 1], [0, 6])
    scores = frontality(np.stack([face, turned, leaning]))
    assert scores[0] == 0
    assert scores[1] == pytest.approx(4 / 32)
    assert scores[2] == pytest.approx(np.arctan2(6, 28) / 2)


class Fake:
    """Finds the template in the middle of each picture but the small ones."""

    name = "fake"

    def propose(self, image: Array) -> Proposal | None:
        height, width = image.shape[:2]
        if height < 100:
            return None
        return Proposal(template_points(height) + [(width - height) / 2, 0], height / 1000)


class Moved:
    """A refiner that answers one pixel to the right."""

    name = "moved"

    def propose(self, image: Array) -> Proposal | None:
        return Proposal(template_points(image.shape[0]) + [1, 0], 0.9)


def draw(folder: Path) -> Path:
    folder.mkdir()
    noise(0).save(folder / "a.png")
    noise(1, (200, 160)).save(folder / "é 😀.png")
    noise(0).save(folder / "again.png")
    noise(2, (50, 50)).save(folder / "none.png")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n")
    return folder


def test_drawings_get_proposed_points_with_their_confidence(tmp_path: Path) -> None:
    source = Cartoons(root=draw(tmp_path / "art"), size=64, proposer=Fake())
    dataset = build(source, tmp_path / "set")
    assert left_out(tmp_path / "set") == {
        "again.png": "duplicate",
        "none.png": "no face",
        "broken.png": "unreadable",
    }
    np.testing.assert_allclose(dataset.points, np.stack([template_points(64)] * 2), atol=0.01)
    sources = dataset.description["pictures"].values()
    assert [entry["confidence"] for entry in sources] == [0.16, 0.16]


def test_a_refiner_moves_points_and_all_may_be_kept(tmp_path: Path) -> None:
    source = Cartoons(
        root=draw(tmp_path / "art"), size=64, proposer=Fake(), refiner=Moved(), keep_all=True
    )
    dataset = build(source, tmp_path / "set")
    found = dict(zip(dataset.names, dataset.points, strict=True))
    confidence = {n: e["confidence"] for n, e in dataset.description["pictures"].items()}
    assert sorted(confidence.values()) == [0.0, 0.9, 0.9]
    moved = next(points for name, points in found.items() if name.startswith("a-"))
    np.testing.assert_allclose(moved, template_points(64) + [1, 0], atol=0.01)


def test_whole_drawings_stand_on_white_squares(tmp_path: Path) -> None:
    source = Cartoons(root=draw(tmp_path / "art"), size=100, proposer=Fake(), crop=False)
    dataset = build(source, tmp_path / "set")
    wide = next(i for i, name in enumerate(dataset.names) if name.startswith("é"))
    image = dataset.image(wide)
    assert (image[:9] == 255).all()
    assert (image[12:88] != 255).any(axis=(1, 2)).all()
    expected = (template_points(160) + [20.5, 20.5]) / 2 - 0.5
    np.testing.assert_allclose(dataset.points[wide], expected, atol=0.02)


def test_animeface_says_that_pillow_is_too_new(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    import types

    import PIL

    from toonmark.data.proposals import AnimeFaceProposer

    monkeypatch.setitem(sys.modules, "animeface", None)
    with pytest.raises(MissingExtraError, match="anime"):
        AnimeFaceProposer()
    fake = types.ModuleType("animeface")
    fake.detect = lambda image: []  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "animeface", fake)
    monkeypatch.setattr(PIL, "__version__", "12.0.0")
    with pytest.raises(PillowTooNewError, match="needs one before 12"):
        AnimeFaceProposer()
    monkeypatch.setattr(PIL, "__version__", "11.3.0")
    assert AnimeFaceProposer().propose(np.zeros((50, 40, 3), np.uint8)) is None


def test_a_file_that_is_no_cascade_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_text("<no/>")
    for name in ("x.xml", "missing.xml"):
        with pytest.raises(DataError, match="no cascade"):
            Cascade(tmp_path / name)


def test_dicebear_draws_fixed_points(tmp_path: Path) -> None:
    pytest.importorskip("dicebear")
    pytest.importorskip("resvg_py")
    from toonmark.data.sources.dicebear import STYLES, DiceBear

    assert all(len(style.points) == 5 for style in STYLES.values())
    first = build(DiceBear("avataaars", 3, 64), tmp_path / "set")
    assert len(first) == 3
    assert np.ptp(first.points, axis=0).max() == 0
    assert len(build(DiceBear("avataaars", 5, 64), tmp_path / "set")) == 5
    with pytest.raises(DataError, match="do not look straight ahead"):
        DiceBear("bottts")


def test_a_photo_changed_in_its_place_is_made_again(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for seed in range(3):
        noise(seed).save(photos / f"{seed}.png")
    looked: list[int] = []

    def find(image: Array) -> list:
        looked.append(1)
        size = image.shape[0]
        return [face_from_points(template_points(size))] if size == 160 else []

    def again() -> Dataset:
        looked.clear()
        return build(Folder(root=photos, size=64, detector=("fake", find)), tmp_path / "set")

    first = again()
    assert len(again()) == 3
    assert not looked
    noise(7).save(photos / "1.png")
    changed = again()
    assert (len(changed), len(looked)) == (3, 1)
    assert changed.description["pictures"] != first.description["pictures"]
    noise(8, (150, 150)).save(photos / "1.png")
    assert len(again()) == 2
    assert left_out(tmp_path / "set") == {"1.png": "no face"}
    assert len(list((tmp_path / "set" / "images").iterdir())) == 2
    assert len(read_landmarks(tmp_path / "set" / "landmarks.csv")) == 2


def test_photos_are_left_out_by_name(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("a.png", "é ü.png"):
        noise(len(name)).save(photos / name)
    listed = tmp_path / "unwanted.txt"
    listed.write_text("\né ü.png\n", encoding="utf-8")
    found = ("fake", lambda image: [face_from_points(template_points(160))])
    source = Folder(root=photos, size=64, detector=found, unwanted=unwanted_from(listed))
    assert len(build(source, tmp_path / "set")) == 1
    assert left_out(tmp_path / "set") == {"é ü.png": "left out by name"}
    with pytest.raises(DataError, match="cannot be read"):
        unwanted_from(tmp_path / "nowhere.txt")


def test_mattes_that_took_in_what_is_beside_the_head_are_bad() -> None:
    size = 128
    ys, xs = np.mgrid[0:size, 0:size]
    head = (((xs - 64) / 42) ** 2 + ((ys - 66) / 54) ** 2 <= 1).astype(np.float32)
    head[100:, 20:108] = 1
    assert flaw_of_matte(head) == ""
    chair, lamp, hole, other, fog = (head.copy() for _ in range(5))
    chair[20:, 90:] = 1
    lamp[:40] = 1
    hole[70:74, 60:64] = 0
    other[2:14, 2:14] = 1
    fog[:, :10] = 0.5
    flaws = [flaw_of_matte(matte) for matte in (chair, lamp, hole, other, fog)]
    assert all(flaws)
    assert len(set(flaws)) == 5
    assert flaw_of_matte(np.ones((size, size), np.float32)) != ""


def test_a_tight_portrait_is_whole_but_a_cut_head_is_not() -> None:
    image = np.asarray(noise(3, (128, 128)))
    wide, cut = np.ones((2, 128, 128), bool)
    wide[:, :14] = wide[:, -14:] = False
    cut[:30] = False
    assert head_mask(128).mean() == pytest.approx(np.pi * 0.31 * 0.38, abs=0.01)
    assert Selection().of_crop(image, wide) is None
    assert Selection().of_crop(image, cut) == "cut off"
