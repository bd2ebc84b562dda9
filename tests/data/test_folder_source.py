"""From a folder of photos, sound and broken, to a set."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageFilter
from tests.using.test_detect import score_high_both_ways
from typer.testing import CliRunner

from toonmark.cli.data import app
from toonmark.data import matting
from toonmark.data.dataset import Dataset
from toonmark.data.sources import Kept, Rejected
from toonmark.data.sources.build import build, name_for
from toonmark.data.sources.folder import Folder
from toonmark.data.sources.selection import Duplicates, Selection, perceptual_hash
from toonmark.errors import ConfigurationError, DataError
from toonmark.faces.detect import face_from_points
from toonmark.landmarks import FRAMES, Array, frame_of, template_points

ASTRONAUT = skimage.data.astronaut()


def portrait(seed: int, size: int = 160) -> Image.Image:
    """Coloured noise, coarse and fine: with a fake detector, a person of their own."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 255, (8, 8, 3), np.uint8)
    image = Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)
    grain = random.integers(-30, 30, (size, size, 1))
    return Image.fromarray(np.clip(np.asarray(image, int) + grain, 0, 255).astype(np.uint8))


def one_face(image: Array) -> list:
    """A detector that finds a frontal face in the middle of each picture."""
    return [face_from_points(template_points(image.shape[0]))]


def faking(find: Callable[[Array], list], root: Path, **options: object) -> Folder:
    return Folder(root=root, size=64, detector=("fake", find), **options)  # type: ignore[arg-type]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(6):
        portrait(seed).save(folder / f"{seed}.png")
    return folder


def reasons(folder: Path) -> dict[str, str]:
    """Photo to reason, of those that were left out."""
    left_out = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))["left out"]
    return {entry["photo"]: reason for reason, entries in left_out.items() for entry in entries}


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_the_detector_finds_the_astronaut(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.fromarray(ASTRONAUT).save(photos / "Eileen Collins.jpg", quality=95)
    Image.fromarray(skimage.data.coffee()).save(photos / "coffee.jpg")
    made = CliRunner().invoke(app, ["folder", str(photos), str(tmp_path / "set"), "--yaw", "40"])
    assert made.exit_code == 0, made.output
    assert "1 of 2 photos" in made.output
    dataset = Dataset.open(tmp_path / "set")
    assert dataset.image(0).shape == (128, 128, 3)
    assert np.abs(dataset.points[0] - template_points(128)).max() < 10
    assert reasons(tmp_path / "set") == {"coffee.jpg": "no face"}
    checked = CliRunner().invoke(app, ["check", str(tmp_path / "set")])
    assert (checked.exit_code, "too few" in checked.output) == (0, True)
    sheet = tmp_path / "sheet.png"
    assert CliRunner().invoke(app, ["show", str(tmp_path / "set"), "-o", str(sheet)]).exit_code == 0
    assert sheet.stat().st_size > 1000


def test_a_photo_that_is_upside_down_becomes_an_upright_face(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though its score is as high as that of upright ones."""

    def made(name: str, pixels: Array) -> Array:
        (tmp_path / name).mkdir()
        Image.fromarray(pixels).save(tmp_path / name / "a.png")
        source = Folder(root=tmp_path / name, size=128, selection=Selection(yaw=40, roll=181))
        return build(source, tmp_path / f"{name}-set").image(0).astype(float)

    upright = made("upright", ASTRONAUT)
    score_high_both_ways(monkeypatch)
    over = made("over", np.ascontiguousarray(ASTRONAUT[::-1, ::-1]))
    assert np.abs(over - upright).mean() < 10 < np.abs(over[::-1, ::-1] - upright).mean()


def test_a_set_is_read_as_photos_without_its_tables(photos: Path, tmp_path: Path) -> None:
    """They were counted as pictures that cannot be read."""
    there = len(list(photos.iterdir()))
    for name in ("landmarks.csv", "dataset.json", "progress.jsonl"):
        (photos / name).write_text("no picture")
    assert len(build(faking(one_face, photos), tmp_path / "set")) == there
    assert reasons(tmp_path / "set") == {}


def test_each_photo_left_out_has_its_reason(photos: Path, tmp_path: Path) -> None:
    fine = photos / "0.png"
    (photos / "empty.jpg").touch()
    (photos / "notes.txt").write_text("no picture")
    (photos / "cut.png").write_bytes(fine.read_bytes()[:900])
    portrait(0).resize((150, 150)).save(photos / "same.jpg")
    portrait(20).convert("L").save(photos / "grey.png")
    portrait(21).filter(ImageFilter.GaussianBlur(4)).save(photos / "soft.png")
    portrait(22, 30).save(photos / "tiny.png")
    portrait(23, 1).save(photos / "dot.png")
    for number, name in enumerate(("crowd", "nobody", "turned", "edge")):
        portrait(30 + number, 170 + number).save(photos / f"{name}.png")

    def find(image: Array) -> list:
        face = one_face(image)[0]
        turned = face.points + np.array([[0, 0], [0, 0], [25, 0], [0, 0], [0, 0]])
        special = {
            170: [face, face],
            171: [],
            172: [face_from_points(turned)],
            173: [face_from_points(face.points - [80, 0])],
        }
        return special.get(image.shape[0], [face])

    dataset = build(faking(find, photos), tmp_path / "set")
    assert len(dataset) == 6
    assert reasons(tmp_path / "set") == {
        "empty.jpg": "unreadable",
        "notes.txt": "unreadable",
        "cut.png": "unreadable",
        "same.jpg": "duplicate",
        "grey.png": "grey",
        "soft.png": "blurred",
        "tiny.png": "too small",
        "dot.png": "too small",
        "crowd.png": "several faces",
        "nobody.png": "no face",
        "turned.png": "not frontal",
        "edge.png": "cut off",
    }
    counts = dataset.description["counts"]
    assert (counts["seen"], counts["kept"]) == (18, 6)
    assert counts["left out"] == Counter(reasons(tmp_path / "set").values())


def test_a_small_face_in_a_reduced_photo_is_cut_from_the_full_one(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    portrait(0, 800).resize((3200, 3200)).save(photos / "large.jpg")

    def find(image: Array) -> list:
        # 40 pixels wide when the photo is read at half its size.
        return [face_from_points(template_points(40) + image.shape[0] / 2)]

    assert len(build(faking(find, photos, selection=Selection(sharpness=0)), tmp_path / "set")) == 1


def test_a_face_that_only_the_full_photo_shows_is_found(tmp_path: Path) -> None:
    portrait(0, size=1600).resize((3200, 3200)).save(tmp_path / "a.jpg", quality=95)
    seen = []

    def find(image: Array) -> list:
        seen.append(image.shape[0])
        return one_face(image) if image.shape[0] == 3200 else []

    source = faking(find, tmp_path, selection=Selection(sharpness=0))
    kept = source.make("a.jpg", tmp_path / "a.jpg")
    assert seen == [1600, 3200]
    assert isinstance(kept, Kept)


def test_folders_links_and_odd_names(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    for seed, name in enumerate(["a/x.png", "b/x.png", "b/x.jpg", "é ü/😀 ?.png"]):
        (photos / name).parent.mkdir(parents=True, exist_ok=True)
        portrait(seed).save(photos / name)
    portrait(9).save(os.fsencode(photos) + b"/bad\xff.png")
    (photos / "a" / "loop").symlink_to(photos)
    (photos / "b" / "again").symlink_to(photos / "a")
    (photos / "broken.png").symlink_to(photos / "nowhere")
    os.mkfifo(photos / "pipe.png")
    out = photos / "set"  # inside of what is read
    for _ in range(2):
        dataset = build(faking(one_face, photos, leave_out=(out,)), out)
        assert len(set(dataset.names)) == 5
        assert reasons(out) == {"broken.png": "unreadable", "pipe.png": "unreadable"}
    sources = {entry["photo"] for entry in dataset.description["pictures"].values()}
    assert {"a/x.png", "b/x.png", "b/x.jpg", "é ü/😀 ?.png"} < sources


def test_names_stay_apart_and_safe() -> None:
    assert name_for("a/x.png") != name_for("b/x.png")
    assert name_for("x.png") != name_for("x.jpg")
    assert name_for('a/..:"\n.png').startswith("photo-") or "\n" not in name_for('a/..:"\n.png')
    assert len(name_for("x" * 300 + ".jpg")) < 100


class Stopping(Folder):
    """Is killed at the third new photo."""

    def photos(self) -> Iterator[tuple[str, Path]]:
        for number, item in enumerate(super().photos()):
            if number == 3:
                raise KeyboardInterrupt
            yield item


@pytest.mark.parametrize("workers", [1, 3])
def test_a_run_goes_on_where_it_was_stopped(photos: Path, tmp_path: Path, workers: int) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    build(faking(one_face, photos), whole, workers=workers)
    looked: list[int] = []

    def find(image: Array) -> list:
        looked.append(1)
        return one_face(image)

    # `ahead` photos are worked on at a time, so that the run has to be longer than that.
    for seed in range(6, 12):
        portrait(seed).save(photos / f"x{seed}.png")
    with pytest.raises(KeyboardInterrupt):
        build(Stopping(root=photos, size=64, detector=("fake", find)), part)
    journal = part / "progress.jsonl"
    with open(journal, "a") as file:
        file.write('{"photo": "cut in the mi')
    done = len(journal.read_text().splitlines()) - 2
    (part / "images" / ".toonmark-x.tmp.png").touch()
    looked.clear()
    build(faking(find, photos), part, workers=workers)
    build(faking(one_face, photos), whole, workers=workers)
    assert len(looked) == 12 - done
    assert files(part) == files(whole)
    looked.clear()
    build(faking(find, photos), part)
    assert not looked


def test_another_configuration_needs_force(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    build(faking(one_face, photos), out)
    before = files(out)
    stricter = faking(one_face, photos, selection=Selection(yaw=3))
    with pytest.raises(ConfigurationError, match="selection differs"):
        build(stricter, out)
    assert files(out) == before
    (out / "images" / "mine.png").write_bytes(b"kept")
    assert len(build(stricter, out, force=True)) == 6
    assert (out / "images" / "mine.png").read_bytes() == b"kept"


def test_a_folder_of_other_things_is_left_alone(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(DataError, match="is not empty"):
        build(faking(one_face, photos), tmp_path)
    with pytest.raises(DataError, match="is no folder"):
        Folder(root=tmp_path / "nowhere")


def test_nothing_kept_is_an_error_that_says_why(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no face: 6"):
        build(faking(lambda image: [], photos), tmp_path / "set")
    assert len(reasons(tmp_path / "set")) == 6


def test_duplicates_are_known_though_scaled_and_compressed(tmp_path: Path) -> None:
    looks = Duplicates(Selection.duplicate)
    looks.add(perceptual_hash(ASTRONAUT), "astronaut")
    Image.fromarray(ASTRONAUT).resize((300, 300)).save(tmp_path / "small.jpg", quality=60)
    small = np.asarray(Image.open(tmp_path / "small.jpg"))
    assert looks.find(perceptual_hash(small)) == "astronaut"
    assert looks.find(perceptual_hash(ASTRONAUT[:, ::-1])) is None
    assert looks.find(perceptual_hash(skimage.data.coffee())) is None
    # A photo that was replaced no longer looks like anything; the other one still does.
    looks.add(perceptual_hash(small), "small")
    looks.add(perceptual_hash(skimage.data.coffee()), "astronaut")
    assert looks.find(perceptual_hash(ASTRONAUT)) == "small"
    looks.discard("small")
    looks.discard("small")
    assert looks.find(perceptual_hash(ASTRONAUT)) is None


def test_a_matte_leaves_no_background_at_its_edge() -> None:
    size = 128
    ys, xs = np.mgrid[0:size, 0:size]
    disc = np.clip(40.5 - np.hypot(xs - 64, ys - 64), 0, 1)[..., None]
    image = (disc * [200, 120, 60] + (1 - disc) * [20, 160, 40]).astype(np.float32)
    coarse = np.clip((44 - np.hypot(xs - 64, ys - 64)) / 8, 0, 1)
    alpha = matting.refine(image, coarse)
    white = matting.on_white(matting.foreground(image, alpha), alpha)
    np.testing.assert_allclose(alpha, disc[..., 0], atol=0.75)
    assert np.abs(alpha - disc[..., 0]).mean() < 0.01
    ideal = disc * [200, 120, 60] + (1 - disc) * 255
    assert np.abs(white - ideal).mean() < 2
    # Green, the background's colour, is nowhere stronger than in the disc or in white.
    assert (white[..., 1] - np.maximum(white[..., 0], white[..., 2])).max() < 12


def test_the_astronaut_on_white() -> None:
    try:
        network = matting.Matting()
    except matting.MattingMissingError as error:
        pytest.skip(error.happened)
    from toonmark.faces.align import face_transform
    from toonmark.faces.detect import find_faces

    transform = face_transform(find_faces(ASTRONAUT)[0].points, 128)
    colours, alpha = network.matte(ASTRONAUT, transform, 128)
    assert colours.shape == (128, 128, 3)
    assert alpha[60:95, 50:78].min() > 0.95
    assert alpha[:10, :10].max() < 0.1


def test_results_are_what_the_builder_expects(photos: Path) -> None:
    made = faking(one_face, photos).make("0.png", photos / "0.png")
    assert isinstance(made, Kept)
    assert made.image.dtype == np.uint8
    np.testing.assert_allclose(made.points, template_points(64), atol=1e-6)
    assert isinstance(faking(one_face, photos).make("photos", photos), Rejected)


def test_a_portrait_shows_the_whole_head_and_white_where_the_photo_ends(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    # The astronaut, without what is left of her: part of the frame lies beyond the photo.
    Image.fromarray(ASTRONAUT[:, 130:]).save(photos / "astronaut.png")
    words = ["folder", str(photos), str(tmp_path / "set"), "--frame", "portrait", "--yaw", "40"]
    made = CliRunner().invoke(app, words)
    assert made.exit_code == 0, made.output
    dataset = Dataset.open(tmp_path / "set")
    assert frame_of(dataset.description["template"]) == "portrait"
    wanted = template_points(128, FRAMES["portrait"])
    assert np.abs(dataset.points[0] - wanted).max() < 8
    image = np.asarray(Image.open(dataset.images / dataset.names[0]))
    assert (image[20:100, 0] > 250).all()
    assert image[60:80, 50:80].mean() < 200


def test_a_portrait_is_judged_as_the_tight_face_is(photos: Path, tmp_path: Path) -> None:
    def far(image: Array) -> list:
        return [face_from_points(template_points(image.shape[0], FRAMES["portrait"]))]

    dataset = build(faking(far, photos, frame="portrait"), tmp_path / "set")
    assert len(dataset) == 6
    blurred = tmp_path / "blurred"
    blurred.mkdir()
    portrait(0).filter(ImageFilter.GaussianBlur(4)).save(blurred / "0.png")
    with pytest.raises(DataError):
        build(faking(far, blurred, frame="portrait"), tmp_path / "none")
    assert reasons(tmp_path / "none") == {"0.png": "blurred"}
