"""Clips that lie turned or mirrored, of pixels that are not square, of more than one size."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from tests.using.clips import (
    read_clip,
    swaying,
    with_matrix,
    write_clip,
    write_jpegs,
    write_sizes,
)

from toonmark import Cartoonizer
from toonmark.errors import VideoError
from toonmark.video.clip import cartoonize_clip
from toonmark.video.geometry import fitted, shown_size

av = pytest.importorskip("av")


@pytest.fixture(scope="module")
def cartoonizer(pack):
    return Cartoonizer(pack, threads=1)


#: a, b, c, d of the matrix, and what it does to a picture with rows that go down.
LIES = {
    "as it is": ((1, 0, 0, 1), lambda p: p),
    "a quarter clockwise": ((0, 1, -1, 0), lambda p: np.rot90(p, 3)),
    "a half": ((-1, 0, 0, -1), lambda p: np.rot90(p, 2)),
    "a quarter counterclockwise": ((0, -1, 1, 0), lambda p: np.rot90(p)),
    "mirrored": ((-1, 0, 0, 1), lambda p: p[:, ::-1]),
    "upside down": ((1, 0, 0, -1), lambda p: p[::-1]),
    "transposed": ((0, 1, 1, 0), lambda p: p.swapaxes(0, 1)),
    "transposed the other way": ((0, -1, -1, 0), lambda p: np.rot90(p, 2).swapaxes(0, 1)),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_clip_is_drawn_as_a_player_shows_it(cartoonizer, astronaut, tmp_path, lie):
    """The picture is stored so that its matrix brings it upright; out comes an upright one."""
    matrix, shown = LIES[lie]
    wanted = swaying(astronaut, 0)
    # Each of them is undone by itself or by the quarter the other way.
    stored = np.rot90(wanted, {"a quarter clockwise": 1, "a quarter counterclockwise": 3}[lie]) \
        if "quarter" in lie else shown(wanted)  # fmt: skip
    np.testing.assert_array_equal(shown(stored), wanted)
    source = write_clip(tmp_path / "a.mp4", [np.ascontiguousarray(stored)] * 2, sound=False)
    target = tmp_path / "b.mp4"
    report = cartoonize_clip(cartoonizer, with_matrix(source, matrix), target)
    assert report.drawn == 2
    for frame in read_clip(target)[0]:
        assert frame.shape == wanted.shape
        gap = np.abs(frame.astype(int) - wanted).mean(axis=2)
        assert gap[:60, :60].mean() < 10
        assert gap[100:200, 180:300].mean() > 25  # drawn


@pytest.mark.parametrize("lie", [lie for lie, (m, _) in LIES.items() if np.linalg.det(
    np.reshape(m, (2, 2))) > 0])  # fmt: skip
def test_frames_with_exif_are_read_and_turned(cartoonizer, astronaut, tmp_path, lie):
    """Old cameras write it into each JPEG of a film, and PyAV has no name for it."""
    matrix, shown = LIES[lie]
    wanted = swaying(astronaut, 0)
    stored = wanted if "quarter" in lie else shown(wanted)
    exif = Image.Exif()
    exif[271] = "a camera"
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(stored)).save(buffer, "JPEG", quality=95, exif=exif)
    source = write_jpegs(tmp_path / "a.mov", [buffer.getvalue()] * 2)
    target = tmp_path / "b.mp4"
    assert cartoonize_clip(cartoonizer, with_matrix(source, matrix), target).frames == 2
    (frame, _), _, _ = read_clip(target)
    expected = shown(stored)
    assert frame.shape == expected.shape
    for corner in (np.s_[:60, :60], np.s_[-60:, :60], np.s_[-60:, -60:]):
        assert np.abs(frame[corner].astype(int) - expected[corner]).mean() < 10


@pytest.mark.parametrize("pixel", [Fraction(4, 3), Fraction(3, 4)])
def test_pixels_that_are_not_square_are_made_so(cartoonizer, astronaut, tmp_path, pixel):
    import cv2

    width, height = (360, 360) if pixel > 1 else (480, 270)
    picture = swaying(astronaut, 0)  # 480 × 360 as it is shown
    squashed = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    source = write_clip(tmp_path / "a.mp4", [squashed] * 2, sound=False, pixel=pixel)
    target = tmp_path / "b.mp4"
    assert cartoonize_clip(cartoonizer, source, target).drawn == 2
    (frame, _), _, _ = read_clip(target)
    assert frame.shape == picture.shape
    assert np.abs(frame[:60, :60].astype(int) - picture[:60, :60]).mean() < 10
    with av.open(str(target)) as file:
        assert file.streams.video[0].sample_aspect_ratio in (None, 0, 1)


def test_a_change_of_size_in_the_middle_is_not_stretched(cartoonizer, astronaut, tmp_path):
    """As in the recording of a call; the second half is half as wide."""
    first = [swaying(astronaut, i) for i in range(3)]
    second = [np.ascontiguousarray(frame[:, 120:360]) for frame in first]
    source, target = write_sizes(tmp_path / "a.mkv", first + second), tmp_path / "b.mp4"
    report = cartoonize_clip(cartoonizer, source, target)
    frames, _, _ = read_clip(target)
    assert len(frames) == report.frames == 6
    for frame, before in zip(frames[3:], first, strict=True):
        assert frame.shape == before.shape
        assert frame[:, :110].max() < 30
        assert frame[:, -110:].max() < 30
        assert np.abs(frame[300:, 140:340].astype(int) - before[300:, 140:340]).mean() < 12


@pytest.mark.parametrize(
    ("pixel", "expected"),
    [
        (None, (720, 576)),
        (Fraction(0), (720, 576)),
        (Fraction(16, 15), (768, 576)),
        (Fraction(1, 2), (720, 1152)),
        (Fraction(1, 999), (720, 576)),  # a mistake, which must not fill the memory
        (Fraction(999), (720, 576)),
    ],
)
def test_size_in_square_pixels(pixel, expected):
    assert shown_size(720, 576, pixel) == expected


def test_fitted_pictures_keep_their_form():
    tall = np.full((80, 20, 3), 200, np.uint8)
    result = fitted(tall, 100, 40)
    assert result.shape == (40, 100, 3)
    assert (result[:, 45:55] == 200).all()
    assert not result[:, :45].any()
    assert not result[:, 55:].any()


@pytest.mark.parametrize("shape", [(1, 64), (64, 1)])
def test_a_film_of_one_row_or_column_is_named(cartoonizer, tmp_path, shape):
    source = write_sizes(tmp_path / "a.mkv", [np.zeros((*shape, 3), np.uint8)] * 2)
    with pytest.raises(VideoError, match=f"{shape[1]} × {shape[0]} pixels large"):
        cartoonize_clip(cartoonizer, source, tmp_path / "b.mp4")
    assert not (tmp_path / "b.mp4").exists()
