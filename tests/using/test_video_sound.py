"""Sound is passed on, coded anew where the new file does not take it, or its loss is said."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from tests.using.clips import FRAMES, swaying, write_clip

from toonmark import Cartoonizer
from toonmark.cli.clips import of_clip
from toonmark.video.clip import cartoonize_clip
from toonmark.video.sound import Passed, Recoded

av = pytest.importorskip("av")


@pytest.fixture(scope="module")
def cartoonizer(pack):
    return Cartoonizer(pack, threads=1)


@pytest.fixture(scope="module")
def frames(astronaut):
    return [swaying(astronaut, i) for i in range(FRAMES)][::4]


def heard(path):
    """Of each sound track: codec, seconds, and the hum's pitch in Hz."""
    told = []
    with av.open(str(path)) as file:
        count = len(file.streams.audio)
    for number in range(count):
        with av.open(str(path)) as file:
            track = file.streams.audio[number]
            wave, rate = [], track.codec_context.sample_rate
            for frame in file.decode(track):
                values = frame.to_ndarray().astype(float)
                wave.append(values[0] if frame.format.is_planar else values.ravel())
            wave = np.concatenate(wave)
            codec = track.codec_context.name.removeprefix("lib")
        crossings = np.count_nonzero(np.diff(np.signbit(wave)))
        told.append((codec, len(wave) / rate, crossings / 2 * rate / len(wave)))
    return told


@pytest.mark.parametrize(
    ("source", "codec", "sound", "target", "expected"),
    [
        ("a.mp4", "mpeg4", "aac", "b.webm", "opus"),
        ("a.avi", "mjpeg", "adpcm_ima_wav", "b.mp4", "aac"),
        ("a.avi", "mjpeg", "pcm_s16le", "b.mp4", "aac"),  # FFmpeg would, browsers do not play it
        ("a.mkv", "mpeg4", "libopus", "b.mov", "aac"),
        ("a.mkv", "mpeg4", "flac", "b.mov", "aac"),
        ("a.mkv", "mpeg4", "flac", "b.mkv", "flac"),
        ("a.mkv", "mpeg4", "libopus", "b.webm", "opus"),
    ],
)
def test_sound_arrives(cartoonizer, frames, tmp_path, source, codec, sound, target, expected):
    source = write_clip(tmp_path / source, frames, codec=codec, sounds=[sound])
    report = cartoonize_clip(cartoonizer, source, tmp_path / target)
    ((before, seconds, pitch),) = heard(source)
    ((after, own_seconds, own_pitch),) = heard(tmp_path / target)
    assert after == expected
    assert own_seconds == pytest.approx(seconds, abs=0.15)
    assert own_pitch == pytest.approx(pitch, rel=0.1)
    if before == after:
        assert report.notes == ()
    else:
        (note,) = report.notes
        assert before in note
        assert after in note
        assert of_clip(source, tmp_path / target, report, None)["video"]["notes"] == (note,)


def test_every_track_is_kept(cartoonizer, frames, tmp_path):
    source = write_clip(tmp_path / "a.mkv", frames, sounds=["aac", "libopus", "pcm_s16le"])
    report = cartoonize_clip(cartoonizer, source, tmp_path / "b.mp4")
    assert [codec for codec, *_ in heard(tmp_path / "b.mp4")] == ["aac", "opus", "aac"]
    (note,) = report.notes
    assert note.startswith("Sound track 3 was pcm_s16le")


def test_the_index_is_at_the_start(cartoonizer, frames, tmp_path):
    source = write_clip(tmp_path / "a.mp4", frames)
    for name in ("b.mp4", "b.mov", "b.m4v"):
        cartoonize_clip(cartoonizer, source, tmp_path / name)
        data = (tmp_path / name).read_bytes()
        assert data.index(b"moov") < data.index(b"mdat")


def test_lost_subtitles_are_said(cartoonizer, frames, tmp_path):
    source = tmp_path / "a.mkv"
    video = write_clip(tmp_path / "video.mkv", frames, sound=False)
    (tmp_path / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    with (
        av.open(str(video)) as film,
        av.open(str(tmp_path / "a.srt")) as titles,
        av.open(str(source), "w") as made,
    ):
        pairs = [(one, made.add_stream_from_template(one)) for one in
                 (film.streams.video[0], titles.streams.subtitles[0])]  # fmt: skip
        for stream, copy in pairs:
            for packet in stream.container.demux(stream):
                if packet.dts is not None:
                    packet.stream = copy
                    made.mux(packet)
    report = cartoonize_clip(cartoonizer, source, tmp_path / "b.mkv")
    assert report.notes == ("The subtitles are not kept.",)


def test_damaged_sound_does_not_end_the_drawing(cartoonizer, frames, tmp_path):
    source = write_clip(tmp_path / "a.mkv", frames)
    with av.open(str(source)) as file:
        packets = [bytes(p) for p in file.demux(audio=0) if p.size > 20]
    data = source.read_bytes()
    for packet in packets:
        data = data.replace(packet, b"\xff" * len(packet))
    source.write_bytes(data)
    report = cartoonize_clip(cartoonizer, source, tmp_path / "b.webm")
    assert report.drawn == len(frames)
    assert "silent" in report.notes[-1]


def test_times_of_joined_recordings_go_on(tmp_path):
    class Packet:
        def __init__(self, dts):
            self.pts = self.dts = dts
            self.duration = 1024

    class Source:
        time_base = 1 / 48000

    class Container:
        def add_stream_from_template(self, track):
            return track

    track = Passed(Container(), Source())
    times = [*range(90000, 150000, 1024), *range(0, 50000, 1024)]
    passed = [one for time in times for one in track.packets(Packet(time))]
    assert [one.dts for one in passed] == [90000 + 1024 * i for i in range(len(times))]
    assert all(one.pts == one.dts for one in passed)


def test_a_change_of_the_sound_in_the_middle(tmp_path):
    """Mono of 16 kHz, then stereo of 48: joined recordings."""
    with av.open(str(tmp_path / "a.webm"), "w") as made:
        codec = SimpleNamespace(sample_rate=16000, layout=av.AudioLayout("mono"))
        source = SimpleNamespace(codec_context=codec)
        track = Recoded(av, made, source, "libopus", "The sound")

        class Packet:
            def __init__(self, rate, layout, start):
                wave = np.sin(np.arange(rate) / rate * 440 * 2 * np.pi)
                wave = np.rint(wave * 2**14).astype(np.int16)
                channels = 2 if layout == "stereo" else 1
                self.frame = av.AudioFrame.from_ndarray(
                    np.repeat(wave, channels)[None], "s16", layout
                )
                self.frame.sample_rate, self.frame.pts = rate, start * rate

            def decode(self):
                return [self.frame]

        for packet in (Packet(16000, "mono", 0), Packet(48000, "stereo", 1)):
            made.mux(list(track.packets(packet)))
        made.mux(list(track.rest()))
        assert track.note() == ""
    ((_, seconds, pitch),) = heard(tmp_path / "a.webm")
    assert seconds == pytest.approx(2, abs=0.1)
    assert pitch == pytest.approx(440, rel=0.05)
