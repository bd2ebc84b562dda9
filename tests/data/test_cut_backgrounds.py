"""Backgrounds cut from photos, where nobody is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from toonmark.data.backgrounds import Backgrounds
from toonmark.data.cut_backgrounds import (
    cut_backgrounds,
    largest_free_square,
    occupied,
    without_people,
)
from toonmark.errors import DataError
from toonmark.faces.detect import Face, face_from_points
from toonmark.landmarks import Array, template_points


def test_the_largest_square_beside_a_person() -> None:
    taken = np.zeros((6, 10), bool)
    taken[2:, 3:5] = True
    assert largest_free_square(taken) == (5, 0, 5)
    assert largest_free_square(np.ones((3, 3), bool))[2] == 0
    face = Face((100, 50, 40, 50), template_points(40), 1.0)
    grid = occupied(np.zeros((240, 480, 3), np.uint8), [face])
    assert grid.shape == (48, 96)
    assert grid[-1, 24]
    assert not grid[:, 60:].any()


def test_people_are_painted_over_by_what_surrounds_them() -> None:
    photo = np.zeros((600, 400, 3), np.uint8)
    photo[...] = (0, 150, 60)
    photo[200:, 120:280] = (200, 30, 30)
    people = np.zeros((60, 40), bool)
    people[20:, 12:28] = True
    painted = without_people(photo, people)
    assert painted is not None
    assert painted.shape == (480, 320, 3)
    assert np.abs(painted.astype(int) - (0, 150, 60)).max() < 8
    assert without_people(photo, np.ones((60, 40), bool)) is None


def test_a_portrait_gives_a_background_only_when_people_are_painted_over(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.new("RGB", (300, 300), (0, 150, 60)).save(photos / "portrait.png")
    face = Face((130, 60, 40, 50), template_points(40), 1.0)
    with pytest.raises(DataError, match="has room"):
        cut_backgrounds(photos, tmp_path / "out", size=100, find=lambda _: [face])
    # The same folder again: what had no room is looked at once more.
    counts = cut_backgrounds(photos, tmp_path / "out", size=100, find=lambda _: [face], fill=True)
    assert counts == {"kept": 1}
    (file,) = (tmp_path / "out").glob("*.jpg")
    with Image.open(file) as picture:
        assert picture.size == (300, 300)


def test_backgrounds_are_cut_where_nobody_is_and_a_run_goes_on(tmp_path: Path) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    pixels = np.zeros((200, 500, 3), np.uint8)
    pixels[:, 180:] = (0, 200, 0)  # what a head and shoulders leave
    for name in ("beside.png", "again/beside.png"):
        (photos / name).parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(photos / name)
    Image.new("RGB", (200, 200)).save(photos / "full.png")
    (photos / "broken.png").write_bytes(b"no")
    looked: list[int] = []

    def find(image: Array) -> list[Face]:
        looked.append(1)
        return [face_from_points(template_points(130))]

    counts = cut_backgrounds(photos, out, size=100, find=find)
    assert counts == {"kept": 2, "no room beside people": 1, "unreadable": 1}
    for path in out.glob("*.jpg"):
        with Image.open(path) as picture:
            assert min(picture.size) >= 100
            assert np.asarray(picture)[..., 1].min() > 150
    looked.clear()
    assert cut_backgrounds(photos, out, size=100, find=find) == counts
    assert not looked
    assert cut_backgrounds(photos, out, size=100, find=find, fill=True) == counts  # nothing around
    assert len(looked) == 1
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x").touch()
    with pytest.raises(DataError, match="is not empty"):
        cut_backgrounds(photos, tmp_path / "other", find=find)


def test_backgrounds_are_read_as_all_pictures_are(tmp_path: Path) -> None:
    """What is transparent is white, whatever colour lies under it."""
    Image.new("RGBA", (64, 64), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    drawn = Backgrounds([tmp_path], picture_share=1.0)(np.random.default_rng(0), 32)
    assert drawn.min() > 0.5
