"""What is read of a clip: the right stream, times in order, colours of any kind, true errors."""

from __future__ import annotations

import errno
import random

import numpy as np
import pytest
from tests.using.clips import FRAMES, RATE, read_clip, swaying, write_clip

from toonmark import Cartoonizer
from toonmark.errors import (
    DiskFullError,
    OutputNotWritableError,
    UnreadableFileError,
    VideoError,
)
from toonmark.video.clip import _Upright, cartoonize_clip
from toonmark.video.colour_spaces import Colours, colours_of
from toonmark.video.reading import Moments, opened
from toonmark.video.writing import Writer

av = pytest.importorskip("av")


@pytest.fixture(scope="module")
def cartoonizer(pack):
    return Cartoonizer(pack, threads=1)


def times(path):
    with av.open(str(path)) as file:
        return [frame.time for frame in file.decode(video=0)]


@pytest.mark.parametrize(
    ("codec", "suffix"), [("libx264", ".mp4"), ("libx264", ".webm"), ("mpeg4", ".mp4")]
)
def test_avi_with_frames_out_of_order(cartoonizer, astronaut, tmp_path, codec, suffix):
    """AVI has no times but the order of coding."""
    frames = [swaying(astronaut, i) for i in range(FRAMES)]
    source = write_clip(tmp_path / "a.avi", frames, False, codec, {"bf": "3"})
    target = tmp_path / f"b{suffix}"
    report = cartoonize_clip(cartoonizer, source, target)
    assert report.frames == report.drawn == FRAMES
    np.testing.assert_allclose(np.diff(times(target)), 1 / RATE, atol=0.002)
    for frame, before in zip(read_clip(target)[0], read_clip(source)[0], strict=True):
        assert np.abs(frame[:60, :60].astype(int) - before[:60, :60]).mean() < 8


def moments(times, step=10, held=16):
    given = Moments(step, held)
    shown = [one for number, time in enumerate(times) for one in given.put(number, time)]
    shown += given.rest()
    assert [one.frame for one in shown] == list(range(len(times))), "the order of the frames"
    return [one.pts for one in shown]


def test_times_are_sorted():
    ordered = list(range(0, 1000, 10))
    shuffled = sorted(ordered, key=lambda time: time + random.Random(time).uniform(0, 150))
    assert shuffled != ordered
    assert moments(shuffled) == moments(ordered) == ordered


def test_times_that_are_missing_or_double_or_start_anew():
    assert moments([None] * 5) == [0, 10, 20, 30, 40]
    assert moments([0, 10, 10, 10, 20]) == [0, 10, 11, 12, 20]
    joined = [*range(5000, 6000, 10), *range(0, 1000, 10)]
    assert moments(joined) == list(range(5000, 7000, 10))


def boxes(data):
    """Kind and bytes of the boxes that an MP4's part consists of."""
    start = 0
    while start < len(data):
        end = start + int.from_bytes(data[start : start + 4], "big")
        yield data[start + 4 : start + 8], data[start:end]
        start = end


def write_with_cover(path, frames):
    """An MP4 whose cover picture comes before its film, as music programs write it."""
    with av.open(str(path), "w") as file:
        film = file.add_stream("mpeg4", rate=RATE) if frames else None
        cover = file.add_stream("mjpeg", rate=RATE)
        cover.disposition = av.stream.Disposition.attached_pic
        for stream, pictures in ((film, frames), (cover, [np.zeros((900, 900, 3), np.uint8)])):
            if stream is None:
                continue
            stream.height, stream.width = pictures[0].shape[:2]
            stream.pix_fmt = "yuvj420p" if stream is cover else "yuv420p"
        for stream, pictures in ((cover, [np.zeros((900, 900, 3), np.uint8)]), (film, frames)):
            for pixels in pictures:
                file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
            if pictures:
                file.mux(stream.encode(None))
    parts = []
    for kind, part in boxes(path.read_bytes()):
        if kind == b"moov":
            order = {b"mvhd": 0, b"udta": 1}
            inner = sorted(boxes(part[8:]), key=lambda box: order.get(box[0], 2))
            part = part[:8] + b"".join(box for _, box in inner)
        parts.append(part)
    path.write_bytes(b"".join(parts))
    return path


def test_cover_art_is_not_the_film(cartoonizer, astronaut, tmp_path):
    frames = [swaying(astronaut, i) for i in range(3)]
    source = write_with_cover(tmp_path / "a.mp4", frames)
    with av.open(str(source)) as file:
        assert file.streams.video[0].width == 900, "the cover comes first"
    report = cartoonize_clip(cartoonizer, source, tmp_path / "b.mp4")
    assert report.frames == 3
    assert read_clip(tmp_path / "b.mp4")[0][0].shape == frames[0].shape
    cover = write_with_cover(tmp_path / "c.mp4", [])
    with pytest.raises(VideoError, match="cover picture, but no film"):
        cartoonize_clip(cartoonizer, cover, tmp_path / "d.mp4")


def test_sound_without_a_film_is_named(cartoonizer, tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as file:
        track = file.add_stream("aac", rate=16000, layout="mono")
        block = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.int16), "s16", "mono")
        block.sample_rate = 16000
        file.mux(track.encode(block))
        file.mux(track.encode(None))
    with pytest.raises(VideoError, match="sound, but no film"):
        cartoonize_clip(cartoonizer, tmp_path / "a.mp4", tmp_path / "b.mp4")


@pytest.mark.parametrize("matrix", [*range(15), 99])
def test_any_colour_matrix_is_read(matrix):
    """What is unknown is read as players do; nothing of it makes a clip "damaged"."""
    picture = np.full((64, 64, 3), (200, 30, 60), np.uint8)
    colours = Colours(matrix if matrix in (1, 4, 5, 6, 7, 9) else 9 if matrix == 10 else 6)
    frame = colours.frame(picture)
    frame.colorspace = matrix
    if matrix == 8:
        frame = ycgco(picture)
    np.testing.assert_allclose(_Upright()(frame).mean((0, 1)), (200, 30, 60), atol=4)
    assert frame.colorspace == matrix
    assert colours_of(frame).matrix in (1, 4, 5, 6, 7, 9), "one that can be written"


def ycgco(picture):
    r, g, b = (picture[..., i].astype(float) for i in range(3))
    luma, green, orange = r / 4 + g / 2 + b / 4, -r / 4 + g / 2 - b / 4, r / 2 - b / 2
    planes = np.stack([16 + luma * 219 / 255, *(128 + c * 224 / 255 for c in (green, orange))])
    frame = av.VideoFrame.from_ndarray(np.rint(planes).astype(np.uint8), "yuv444p")
    frame.colorspace, frame.color_range = 8, 1
    return frame


def test_what_the_writer_says_is_not_called_damage(cartoonizer, astronaut, tmp_path, monkeypatch):
    source = write_clip(tmp_path / "a.mp4", [swaying(astronaut, 0)] * 2, sound=False)

    def fails(code):
        def write(*_):
            av.error.err_check(-code)

        monkeypatch.setattr(Writer, "write", write)
        cartoonize_clip(cartoonizer, source, tmp_path / "b.mp4")

    with pytest.raises(OutputNotWritableError, match=r"b\.mp4 could not be written"):
        fails(errno.EINVAL)
    with pytest.raises(DiskFullError):
        fails(errno.ENOSPC)
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [(errno.EPERM, VideoError, "is no video, or it is damaged"),
     (errno.EACCES, UnreadableFileError, "cannot be read .Permission denied")],
)  # fmt: skip
def test_damage_is_not_called_a_lack_of_rights(tmp_path, monkeypatch, code, kind, said):
    """FFmpeg's readers give -1 for what they have no name for, as of a WMV with a wrong header."""
    (tmp_path / "a.wmv").write_bytes(b"0")

    def refused(path, **_):
        av.error.err_check(-code, path)

    monkeypatch.setattr(av, "open", refused)
    with pytest.raises(kind, match=said), opened(av, tmp_path / "a.wmv"):
        pass


def test_a_title_in_another_encoding(cartoonizer, astronaut, tmp_path):
    source = tmp_path / "a.avi"
    pixels = swaying(astronaut, 0)
    with av.open(str(source), "w") as file:
        file.metadata["title"] = "Zoë"
        stream = file.add_stream("mjpeg", rate=RATE)
        stream.height, stream.width = pixels.shape[:2]
        stream.pix_fmt = "yuvj420p"
        file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
    data = source.read_bytes()
    assert "Zoë".encode() in data
    source.write_bytes(data.replace("Zoë".encode(), "Zoë ".encode("latin-1")))
    assert cartoonize_clip(cartoonizer, source, tmp_path / "b.mp4").frames == 1
