"""Pictures and videos are told apart by what is in them, and what is passed over is named."""

from __future__ import annotations

import shutil

import pytest
from PIL import Image
from tests.using.clips import swaying, write_clip
from typer.testing import CliRunner

from toonmark.cli.application import app
from toonmark.cli.file_types import kind_of, pictures_and_videos_in

pytest.importorskip("av")


@pytest.fixture(scope="module")
def frames(astronaut):
    return [swaying(astronaut, 0)] * 2


def run(*arguments):
    return CliRunner().invoke(app, ["cartoonize", *map(str, arguments)])


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        (".ts", "mpeg2video"),
        (".mts", "libx264"),
        (".m2ts", "libx264"),
        (".3gp", "mpeg4"),
        (".mpg", "mpeg2video"),
        (".wmv", "wmv2"),
        (".flv", "flv"),
        (".mov", "mpeg4"),
        (".mkv", "mpeg4"),
        (".avi", "mjpeg"),
        (".ogv", "libtheora"),
        (".vob", "mpeg2video"),
        (".mxf", "mpeg2video"),
    ],
)
def test_videos_are_known_whatever_they_are_called(frames, tmp_path, suffix, codec):
    import av

    if codec not in av.codecs_available:
        pytest.skip(f"FFmpeg has no {codec} here")
    frames = [frame[:288, :352].copy() for frame in frames]  # a size that all of them take
    if suffix == ".mxf":
        source = tmp_path / "a.mxf"
        with av.open(str(source), "w") as file:
            stream = file.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = 352, 288, "yuv420p"
            for frame in frames:
                file.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
            file.mux(stream.encode(None))
    else:
        source = write_clip(tmp_path / f"a{suffix}", frames, sound=False, codec=codec)
    for name in ("b", "b.jpg", "b.txt"):
        shutil.copy(source, tmp_path / name)
        assert kind_of(tmp_path / name) == "video"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.jpg", b"", "picture"),  # by its name, to be said to be empty
        ("a.mp4", b"no video", "video"),
        ("a.txt", b"words", None),
        ("BMW.txt", b"BMW 2002, 1971", None),
        ("a.nef", b"II*\x00 and what a camera's raw file has", None),
        ("a.tif", b"II*\x00", "picture"),
        ("song.m4a", b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42", None),
        ("song.ogg", b"OggS" + bytes(24) + b"\x01vorbis", None),
        ("clock.ts", b"export const now = () => Date.now();", None),
        ("a", b"GIF89a", "picture"),
        ("IMG_1.CR3", b"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom", None),  # no film
        ("a", b"OggS" + bytes(24) + b"fishead\x00" + bytes(70) + b"OggS\x80theora", "video"),
        ("song.ogg", b"OggS" + bytes(24) + b"fishead\x00" + bytes(70) + b"OggS\x01vorbis", None),
        ("a", b"\x00\x00\x00\x08free\x00\x00\x00\x08mdat", "video"),
        ("a", b"\x00\x00\x00\x08skip\x00\x00\x00\x08moov", "video"),
        ("a", b"\x1f\x07\x00\xbf" + bytes(400), "video"),
        ("a.264", b"\x00\x00\x00\x01\x67\x64", "video"),
        ("a", (b"G" + bytes(203)) * 3, "video"),
        ("a", (b"G" + bytes(202)) * 3, None),
    ],
)
def test_what_is_neither(tmp_path, name, content, kind):
    (tmp_path / name).write_bytes(content)
    assert kind_of(tmp_path / name) == kind


def test_a_folder_of_a_photo_a_video_and_others(frames, photo, pack, tmp_path):
    folder, out = tmp_path / "camera", tmp_path / "out"
    (folder / "old").mkdir(parents=True)
    photo.rename(folder / "me.png")
    shutil.copy(folder / "me.png", folder / "really.mp4")
    write_clip(folder / "00001.mts", frames, codec="libx264")
    (folder / "notes.txt").write_text("words")
    (folder / "me-toon.png").write_text("drawn before")
    (folder / ".hidden").write_text("")
    done = run(folder, "-s", pack, "-o", out)
    assert done.exit_code == 0, done.output
    assert sorted(file.name for file in out.iterdir()) == [
        "00001-toon.mp4", "me-toon.png", "really-toon.png"]  # fmt: skip
    assert "neither picture nor video: notes.txt, old/; drawn before: me-toon.png" in done.output
    assert ".hidden" not in done.output


def test_names_of_what_is_passed_over_are_not_endless(tmp_path):
    for number in range(25):
        (tmp_path / f"{number:02d}.txt").write_text("words")
    found, note = pictures_and_videos_in(tmp_path)
    assert found == []
    assert "09.txt and 15 more." in note
    assert "10.txt" not in note


def test_a_video_among_photos_without_background_is_refused_alone(frames, photo, pack, tmp_path):
    video = write_clip(tmp_path / "a.mp4", frames, sound=False)
    out = tmp_path / "out"
    done = run(photo, video, "-s", pack, "-o", out, "--transparent")
    assert done.exit_code == 2
    assert "no transparency" in done.output
    assert [file.name for file in out.iterdir()] == ["photo-toon.png"]
    assert Image.open(out / "photo-toon.png").mode == "RGBA"
    assert "no transparency" in run(video, "-s", pack, "--transparent").output
