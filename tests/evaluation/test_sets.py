from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn import SIZE, MakeSet
from PIL import Image

from toonmark.data.augmentation_settings import Augmentation
from toonmark.data.dataset import Dataset, write_landmarks
from toonmark.data.sampling import Sampler
from toonmark.data.split import HeldOut, part_of
from toonmark.errors import DataError, OutputNotWritableError
from toonmark.evaluation.cache import Cache
from toonmark.evaluation.errors import NotEnoughPicturesError
from toonmark.evaluation.selection import batches, fit, select
from toonmark.landmarks import template_points
from toonmark.ranges import eight_bits


def test_one_in_twenty_is_measured_and_another_chosen_by(make_set: MakeSet) -> None:
    pictures = Dataset.open(make_set("a", 120))
    for part in ("test", "validation"):
        chosen = select(pictures, 120, held_out=HeldOut(part=part))  # type: ignore[arg-type]
        assert chosen.names == [name for name in pictures.names if part_of(name) == part]


@pytest.mark.parametrize("landmarks", [False, True])
def test_pictures_may_lie_in_images(landmarks: bool, make_set: MakeSet) -> None:
    folder = make_set("a", 3)
    (folder / "images").mkdir()
    for path in folder.glob("*.png"):
        path.rename(folder / "images" / path.name)
    found = Dataset.open(folder, landmarks)
    assert len(found.names) == len(found.points) == 3
    assert all(found.path(index).is_file() for index in range(3))


@pytest.mark.parametrize("exists", [False, True])
def test_empty_folder(exists: bool, tmp_path: Path) -> None:
    if exists:
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "notes.txt").write_text("no picture")
    with pytest.raises(DataError, match="holds no pictures"):
        Dataset.open(tmp_path / "x", landmarks=False)


def test_missing_landmarks(make_set: MakeSet) -> None:
    folder = make_set("a", 2, landmarks=False)
    pictures = Dataset.open(folder, landmarks=False)
    assert np.isnan(pictures.points).all()
    assert select(pictures, 2, held_out=None).points == [None, None]
    with pytest.raises(DataError, match=r"landmarks\.csv"):
        Dataset.open(folder)


def test_broken_landmarks_name_the_line(make_set: MakeSet) -> None:
    folder = make_set("a", 2)
    with (folder / "landmarks.csv").open("a") as file:
        file.write("0005.png,1,2,three,4,5,6,7,8,9,10\n")
    with pytest.raises(DataError, match="Line 4 of"):
        Dataset.open(folder)


def test_what_is_measured_was_not_trained_on(make_set: MakeSet) -> None:
    folder = make_set("a", 120)
    before = Dataset.open(folder)
    trained = {before.names[i] for i in before.split()[0]}
    lines = (folder / "landmarks.csv").read_text().splitlines()
    (folder / "landmarks.csv").write_text("\n".join([lines[0], *lines[4:]]))
    pictures = Dataset.open(folder)
    assert len(pictures.unlisted()) == 3
    for part in ("test", "validation"):
        chosen = select(pictures, 120, held_out=HeldOut(part=part))  # type: ignore[arg-type]
        assert not trained & set(chosen.names)


def test_a_part_of_a_set_is_measured_as_it_is_trained_on(make_set: MakeSet) -> None:
    folder = make_set("a", 30)
    lines = (folder / "landmarks.csv").read_text().splitlines()
    (folder / "part.csv").write_text("\n".join([lines[0], *lines[5:12]]))
    pictures = Dataset.open(folder / "part.csv")
    assert pictures.names == Dataset.open(folder / "part.csv").names
    assert len(select(pictures, 7, held_out=None)) == 7
    assert (pictures.name, pictures.unlisted()) == ("a/part.csv", [])
    with pytest.raises(DataError, match=r"no other\.csv"):
        Dataset.open(folder / "other.csv", landmarks=False)


def test_an_unreadable_picture_is_replaced_and_named(make_set: MakeSet) -> None:
    folder = make_set("a", 6)
    whole = (folder / "0002.png").read_bytes()
    (folder / "0002.png").write_bytes(whole[: len(whole) // 2])
    (folder / "0003.png").write_bytes(b"")
    chosen = select(Dataset.open(folder), 6, held_out=None)
    assert len(chosen) == 4
    assert {name for name, _ in chosen.skipped} == {"0002.png", "0003.png"}
    assert len(select(Dataset.open(folder), 3, held_out=None)) == 3


def test_too_few_pictures(make_set: MakeSet) -> None:
    with pytest.raises(NotEnoughPicturesError, match=r"measure on all of it \(--all"):
        select(Dataset.open(make_set("a", 10)), 5)


def test_seed_decides(make_set: MakeSet) -> None:
    pictures = Dataset.open(make_set("a", 30))
    a, b, c = (select(pictures, 5, seed, held_out=None).names for seed in (0, 0, 1))
    assert a == b != c
    rest = select(pictures, 30, held_out=None, without=a)
    assert len(rest) == 25
    assert not set(rest.names) & set(a)


def test_fit_scales_points_with_the_picture() -> None:
    picture = np.zeros((2 * SIZE, 2 * SIZE, 3), np.uint8)
    points = template_points(2 * SIZE)
    fitted, moved = fit(picture, points, SIZE, recrop=False)
    assert fitted.shape == (SIZE, SIZE, 3)
    np.testing.assert_allclose(moved, template_points(SIZE))


@pytest.mark.parametrize("shape", [(128, 64), (64, 128)])
def test_a_picture_is_made_square_as_in_training(shape: tuple[int, int], tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    points = template_points(64)
    (tmp_path / "images").mkdir()
    Image.fromarray(picture).save(tmp_path / "images" / "a.png")
    write_landmarks(tmp_path / "landmarks.csv", [("a.png", points)])
    plain = Sampler([str(tmp_path)], SIZE, Augmentation(), split="position", held_out=True).plain(0)
    fitted, moved = fit(picture, points, SIZE, recrop=False)
    assert moved is not None
    np.testing.assert_allclose(moved, plain.landmarks, atol=1e-4)
    np.testing.assert_allclose(fitted, eight_bits(plain.image), atol=1)


def test_fit_crops_by_the_points() -> None:
    picture = np.zeros((300, 200, 3), np.uint8)
    points = template_points(90) + np.array([40, 100])
    fitted, moved = fit(picture, points, SIZE, recrop=True)
    assert fitted.shape == (SIZE, SIZE, 3)
    np.testing.assert_allclose(moved, template_points(SIZE), atol=1e-9)


def test_batches_stream_everything_once(make_set: MakeSet) -> None:
    chosen = select(Dataset.open(make_set("a", 7)), 7, held_out=None)
    sizes = [len(pictures) for pictures, _ in batches(chosen, SIZE, batch=3)]
    assert sizes == [3, 3, 1]


# The cache -------------------------------------------------------------------------------------


def _counting(calls: list[int]):  # type: ignore[no-untyped-def]
    def compute(pictures: np.ndarray, which: object) -> np.ndarray:
        calls.append(len(pictures))
        return pictures.reshape(len(pictures), -1)[:, :4].astype(np.float32)

    return compute


def test_second_measurement_runs_nothing(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (5, 8, 8, 3), dtype=np.uint8)
    calls: list[int] = []
    first = Cache(tmp_path).measured("m", pictures[:3], _counting(calls))
    again = Cache(tmp_path).measured("m", pictures, _counting(calls))
    assert calls == [3, 2]  # another process would find the first three, too
    np.testing.assert_array_equal(first, again[:3])


def test_cache_tells_measures_pictures_and_extras_apart() -> None:
    pictures = np.zeros((1, 8, 8, 3), np.uint8)
    calls: list[int] = []
    cache = Cache()
    cache.measured("a", pictures, _counting(calls))
    cache.measured("b", pictures, _counting(calls))
    cache.measured("a", pictures + 1, _counting(calls))
    cache.measured("a", pictures, _counting(calls), [b"other points"])
    cache.measured("a", pictures, _counting(calls))
    assert calls == [1, 1, 1, 1]


def test_unusable_cache_says_so(tmp_path: Path) -> None:
    (tmp_path / "evaluation.sqlite").write_bytes(b"this is no database" * 100)
    with pytest.raises(Exception, match="cannot be used"):
        Cache(tmp_path)


def test_a_full_disk_says_so(tmp_path: Path) -> None:
    cache, calls = Cache(tmp_path), []
    cache._database.execute("PRAGMA max_page_count = 3")
    pictures = (
        np.zeros((40, 64, 64, 3), np.uint8) + np.arange(40, dtype=np.uint8)[:, None, None, None]
    )

    def large(part: np.ndarray, indices: list[int]) -> np.ndarray:
        calls.append(len(part))
        return np.zeros((len(part), 4096), np.float32)

    with pytest.raises(OutputNotWritableError, match="cannot be kept"):
        cache.measured("m", pictures, large)
    assert calls == [40]
