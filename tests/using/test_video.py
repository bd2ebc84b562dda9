"""Clips: faces followed, drawn steadily, with their sound; and what cannot be drawn."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from tests.using.clips import FRAMES, RATE, read_clip, swaying, write_clip
from typer.testing import CliRunner

from toonmark import Cartoonizer, blend
from toonmark.cli.application import app
from toonmark.errors import (
    EmptyFileError,
    NoFaceError,
    OutputNotWritableError,
    UnreadableFileError,
    VideoError,
)
from toonmark.faces.refine import Refiner
from toonmark.video.clip import _Upright, cartoonize_clip
from toonmark.video.colour_spaces import UNSPECIFIED, Colours
from toonmark.video.reading import Shown
from toonmark.video.smoothing import PointFilter
from toonmark.video.tracking import Tracker
from toonmark.video.writing import Writer

av = pytest.importorskip("av")


@pytest.fixture(scope="module")
def clip(tmp_path_factory, astronaut):
    path = tmp_path_factory.mktemp("clip") / "me.mp4"
    return write_clip(path, [swaying(astronaut, i) for i in range(FRAMES)])


@pytest.fixture(scope="module")
def cartoonizer(pack):
    return Cartoonizer(pack, threads=1)


@pytest.mark.parametrize(
    ("output", "shape"),
    [("in-photo", (360, 480)), ("crop", (200, 200)), ("side-by-side", (200, 400))],
)
def test_every_frame_is_drawn_and_the_sound_is_kept(cartoonizer, clip, tmp_path, output, shape):
    target = tmp_path / "toon.mp4"
    report = cartoonize_clip(cartoonizer, clip, target, output=output, size=201)
    frames, sound, seconds = read_clip(target)
    before, own_sound, own_seconds = read_clip(clip)
    assert len(frames) == report.frames == report.drawn == FRAMES
    assert report.faces == 1
    assert frames[0].shape[:2] == shape
    assert sound == own_sound != []
    assert seconds == pytest.approx(own_seconds, abs=0.15)
    if output == "in-photo":  # drawn where the face is, and the corner left as it was
        gap = [np.abs(a.astype(int) - b).mean(axis=2) for a, b in zip(frames, before, strict=True)]
        assert min(one[100:200, 180:300].mean() for one in gap) > 25
        assert max(one[:40, :40].mean() for one in gap) < 8


def test_a_frame_is_put_together_beside_the_drawing_of_the_next(
    cartoonizer, clip, tmp_path, monkeypatch
):
    threads, put = [], blend.in_photo
    monkeypatch.setattr(
        blend, "in_photo", lambda *given: threads.append(threading.get_ident()) or put(*given)
    )
    cartoonize_clip(cartoonizer, clip, tmp_path / "toon.mp4")
    assert len(threads) == FRAMES
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


def test_flicker_is_that_of_the_aligned_pictures(cartoonizer, clip, tmp_path):
    """The negative of a picture changes exactly as much as the picture."""
    report = cartoonize_clip(cartoonizer, clip, tmp_path / "toon.mp4")
    assert 0 < report.flicker < 30
    assert report.flicker == pytest.approx(report.own_flicker, rel=0.05)


def test_the_points_are_where_the_face_is(astronaut):
    tracker = Tracker(Refiner(threads=1))
    from toonmark.faces.detect import find_faces

    gaps = []
    for i in range(FRAMES):
        frame = swaying(astronaut, i)
        (track,) = tracker.next(frame, i / RATE)
        (face,) = find_faces(frame)
        gaps.append(np.linalg.norm(track.smooth - face.points, axis=1).mean() / track.unit)
    assert tracker.seen == 1
    assert np.median(gaps) < 0.1
    assert max(gaps) < 0.2


def test_faces_come_and_go(two_faces):
    tracker = Tracker(Refiner(threads=1), "all")
    nobody = np.full_like(two_faces, 128)
    counts = [len(tracker.next(frame, i / 25)) for i, frame in enumerate(
        [two_faces] * 10 + [nobody] * 30 + [two_faces] * 10)]  # fmt: skip
    assert counts[:10] == [2] * 10
    assert counts[25:40] == [0] * 15
    assert counts[-1] == 2
    assert tracker.seen == 4


def test_the_largest_is_followed(two_faces):
    tracker = Tracker(Refiner(threads=1))
    for i in range(12):
        (track,) = tracker.next(two_faces, i / 25)
        assert track.number == 1
        assert track.smooth[:, 0].min() > 300


def test_still_points_are_steadied_and_a_jump_is_not_smoothed():
    random = np.random.default_rng(0)
    still = np.array([[48, 61], [80, 61], [64, 80], [50, 93], [77, 93]], float)
    steps = still + random.normal(0, 0.6, (120, 5, 2))
    smooth = PointFilter()
    out = np.array([smooth.next(step, 32, i / 15) for i, step in enumerate(steps)])
    assert np.diff(out[30:], axis=0).std() < 0.5 * np.diff(steps[30:], axis=0).std()
    np.testing.assert_array_equal(smooth.next(still + 90, 32, 9.0), still + 90)


@pytest.mark.parametrize(
    ("tags", "rows", "expected"),
    [
        ((1, 1, 1), 128, (1, 1, 1)),  # said
        ((2, 2, 2), 128, (6, 6, 6)),  # not said: what players assume of a small picture
        ((2, 2, 2), 720, (1, 1, 1)),  # and of a large one
    ],
)
def test_colours_stay_what_they_were_and_say_what_they_mean(tmp_path, tags, rows, expected):
    wanted = (200, 30, 60)
    picture = np.empty((rows, 160, 3), np.uint8)
    picture[:] = wanted
    path = tmp_path / "made.mkv"
    source = Colours(*tags) if tags[0] != UNSPECIFIED else Colours(*expected)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 160, rows, "yuv420p"
        Colours(*tags).tag(stream.codec_context)
        for _ in range(2):
            file.mux(stream.encode(source.frame(picture)))
        file.mux(stream.encode(None))
    copy = tmp_path / "copy.mp4"
    with av.open(str(path)) as file, av.open(str(copy), "w") as made:
        writer = Writer(made, "libx264", file.streams.video[0])
        originals = list(file.decode(video=0))
        for frame in originals:
            np.testing.assert_allclose(_Upright()(frame).mean((0, 1)), wanted, atol=3)
            writer.write(_Upright()(frame), Shown(frame, frame.pts))
        writer.close()
    with av.open(str(copy)) as file:
        frames = list(file.decode(video=0))
    assert len(frames) == 2
    for frame, original in zip(frames, originals, strict=True):
        assert (frame.colorspace, frame.color_primaries, frame.color_trc) == expected
        assert frame.color_range == 1, "limited, and it says so"
        ours, theirs = (one.to_ndarray().astype(int) for one in (frame, original))
        assert np.abs(ours - theirs).max() <= 2, "the very numbers of the source"


def test_a_film_of_the_full_range_keeps_its_colours(tmp_path):
    picture = np.full((64, 64, 3), (250, 128, 4), np.uint8)
    frame = av.VideoFrame.from_ndarray(picture, "rgb24")
    full = frame.reformat(format="yuvj420p", dst_color_range="JPEG")
    np.testing.assert_allclose(_Upright()(full).mean((0, 1)), (250, 128, 4), atol=3)


def broken(path, clip):
    path.write_bytes(clip.read_bytes()[:-6000])


@pytest.mark.parametrize(
    ("name", "make", "error"),
    [
        ("nothing.mp4", lambda path, clip: None, UnreadableFileError),
        ("empty.mp4", lambda path, clip: path.write_bytes(b""), EmptyFileError),
        ("text.mp4", lambda path, clip: path.write_text("no video" * 99), VideoError),
        ("cut.mp4", broken, VideoError),
        (
            "nobody.mp4",
            lambda path, clip: write_clip(path, [np.full((120, 160, 3), 90, np.uint8)] * 5),
            NoFaceError,
        ),
    ],
)
def test_what_cannot_be_drawn_leaves_nothing_behind(cartoonizer, clip, tmp_path, name, make, error):
    source, folder = tmp_path / name, tmp_path / "out"
    make(source, clip)
    with pytest.raises(error):
        cartoonize_clip(cartoonizer, source, folder / "toon.mp4")
    assert not folder.exists() or not list(folder.iterdir())


def test_wrong_ending(cartoonizer, clip, tmp_path):
    with pytest.raises(OutputNotWritableError, match=r"\.mp4"):
        cartoonize_clip(cartoonizer, clip, tmp_path / "toon.gif")


def test_without_pyav_the_line_that_installs_it_is_said(monkeypatch, cartoonizer, clip, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(ImportError, match=r"toonmark\[video\]"):
        cartoonize_clip(cartoonizer, clip, tmp_path / "toon.mp4")


def test_the_command_draws_videos_among_photos(clip, photo, pack, tmp_path):
    out, report = tmp_path / "out", tmp_path / "report.json"
    command = ["cartoonize", str(clip), str(photo), "-s", str(pack), "-o", str(out)]
    done = CliRunner().invoke(app, [*command, "--output", "in-photo", "--json", str(report)])
    assert done.exit_code == 0, done.output
    assert sorted(file.name for file in out.iterdir()) == ["me-toon.mp4", "photo-toon.png"]
    assert f"1 face in {FRAMES} of {FRAMES} frames" in done.output
    video, _ = json.loads(report.read_text())["photos"]
    assert video["video"]["frames"] == FRAMES
    assert video["error"] is None


@pytest.mark.parametrize(
    ("options", "told"),
    [(["--face", "2"], "no numbers"), (["-o", "toon.png"], "is a video")],
)
def test_the_command_says_what_videos_cannot(clip, pack, tmp_path, monkeypatch, options, told):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["cartoonize", str(clip), "-s", str(pack), *options])
    assert done.exit_code == 2
    assert told in " ".join(done.output.split())
    assert not list(tmp_path.glob("*.png"))


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without asking")
def test_the_command_leaves_nothing_half_written_when_it_is_ended(astronaut, pack, tmp_path):
    source = write_clip(tmp_path / "long.mp4", [swaying(astronaut, i) for i in range(FRAMES)] * 20)
    out = tmp_path / "out"
    command = ["cartoonize", str(source), "-s", str(pack), "-o", str(out)]
    process = subprocess.Popen([sys.executable, "-m", "toonmark", *command])
    try:
        end = time.monotonic() + 120
        while not out.is_dir() or not any(out.iterdir()):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == -signal.SIGTERM
    finally:
        process.kill()
    assert list(out.iterdir()) == []
