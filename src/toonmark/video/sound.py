"""The sound of a clip: passed on as it is where the new file takes it, else coded anew."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Protocol

#: What sound is coded as where it cannot be passed on, the best first.
CODECS = {".webm": ("libopus", "libvorbis")}
USUAL = ("aac", "libfdk_aac", "aac_at")
#: Of what FFmpeg would write into an MP4, what phones, browsers and televisions play.
PLAYED = {
    suffix: frozenset(("aac", "mp3", "mp3float", "ac3", "eac3", "alac", "opus", "libopus", "flac"))
    for suffix in (".mp4", ".m4v")
}
#: Bits a second for each channel.
BITS = 96_000
#: Seconds by which times must jump for a pause in the sound to be kept, or a clock to start anew.
JUMP = 0.2


def container_format(suffix: str) -> str:
    """FFmpeg's name for the format of files that end so."""
    return {".m4v": "mp4", ".mkv": "matroska"}.get(suffix, suffix[1:])


def copies(av: Any, container: Any, suffix: str, clip: Any) -> tuple[dict[Any, Track], list[str]]:
    """Sets up every sound track of a clip in the new file.

    Args:
        container: the new file, still without a header.
        suffix: what its name ends in.
        clip: the source.

    Returns:
        The source's streams and their copies, and sentences on what is not kept as it was.
    """
    tracks: dict[Any, Track] = {}
    notes: list[str] = []
    for number, track in enumerate(clip.streams.audio, 1):
        name = "The sound" if len(clip.streams.audio) == 1 else f"Sound track {number}"
        codec = next((c for c in CODECS.get(suffix, USUAL) if c in av.codecs_available), None)
        if takes(av, suffix, track):
            tracks[track] = Passed(container, track)
        elif track.codec_context is None:
            notes.append(f"{name} is not kept: it is coded in a way that is not read here.")
        elif codec is None:
            notes.append(f"{name} is not kept: FFmpeg has no codec here that {suffix} takes.")
        else:
            tracks[track] = made = Recoded(av, container, track, codec, name)
            notes.append(f"{name} was {track.codec_context.name} and is now {made.codec}, which"
                         f" players of {suffix} files understand.")  # fmt: skip
        if track in tracks and track.language:
            tracks[track].stream.metadata["language"] = track.language
    if clip.streams.subtitles:
        notes.append("The subtitles are not kept.")
    return tracks, notes


def takes(av: Any, suffix: str, track: Any) -> bool:
    """Whether a file of this kind has a place for a sound track as it is: tried, in memory."""
    if suffix in PLAYED and (
        track.codec_context is None or track.codec_context.name not in PLAYED[suffix]
    ):
        return False
    try:
        with av.open(io.BytesIO(), "w", format=container_format(suffix)) as trial:
            trial.add_stream_from_template(track)
            trial.start_encoding()
    except (ValueError, av.FFmpegError):
        return False
    return True


class Track(Protocol):
    """A sound track's copy in the new file."""

    stream: Any

    def packets(self, packet: Any) -> Iterator[Any]:
        """The packets to write for one of the source's track."""

    def rest(self) -> Iterator[Any]:
        """The packets that are still held."""

    def note(self) -> str:
        """In the end: what went wrong, or nothing."""


class Passed:
    """A sound track as it is."""

    def __init__(self, container: Any, track: Any) -> None:
        self.stream = container.add_stream_from_template(track)
        self._jump = round(Fraction(JUMP) / (track.time_base or 1))
        self._last: int | None = None
        self._shift = 0

    def packets(self, packet: Any) -> Iterator[Any]:
        """The same, its times in order: where recordings were joined they start anew."""
        if packet.dts is None:  # there is nothing in it: the end
            return
        time = packet.dts + self._shift
        if self._last is not None and time <= self._last:
            after = self._last + max(packet.duration or 0, 1)
            if time < self._last - self._jump:
                self._shift += after - time
            time = after
        if packet.pts is not None:
            packet.pts += time - packet.dts
        packet.dts = self._last = time
        packet.stream = self.stream
        yield packet

    def rest(self) -> Iterator[Any]:
        """Nothing is held."""
        return iter(())

    def note(self) -> str:
        """Nothing goes wrong."""
        return ""


class Recoded:
    """A sound track, coded anew.

    Args:
        codec: FFmpeg's name of it.
        name: of the track, for people.
    """

    def __init__(self, av: Any, container: Any, track: Any, codec: str, name: str) -> None:
        self._av, self._name = av, name
        source = track.codec_context
        rates = sorted(av.Codec(codec, "w").audio_rates or [])
        own = source.sample_rate or 48000
        self._rate = next((rate for rate in rates if rate >= own), rates[-1] if rates else own)
        channels = source.layout.nb_channels
        self._layout = "mono" if channels == 1 else "5.1" if channels >= 6 else "stereo"
        self.stream = container.add_stream(codec, rate=self._rate, layout=self._layout)
        self.stream.bit_rate = BITS * {"mono": 1, "stereo": 2, "5.1": 6}[self._layout]
        self._kind: Any = None
        self._resampler: Any = None
        self._next: int | None = None
        self._heard = False

    def packets(self, packet: Any) -> Iterator[Any]:
        """The packets to write for one of the source's track; none for one that is damaged."""
        try:
            frames = packet.decode()
        except self._av.FFmpegError:
            return
        for frame in frames:
            kind = frame.format.name, frame.layout.name, frame.sample_rate
            if kind != self._kind:
                yield from self._coded(self._resampled(None))
                self._kind, self._resampler = (
                    kind,
                    self._av.AudioResampler(
                        format=self.stream.codec_context.format,
                        layout=self._layout,
                        rate=self._rate,
                    ),
                )
            yield from self._coded(self._resampled(frame))

    def rest(self) -> Iterator[Any]:
        """The packets that resampler and codec still hold."""
        yield from self._coded(self._resampled(None))
        if self._heard:
            yield from self.stream.encode(None)

    @property
    def codec(self) -> str:
        """The codec's name, for people."""
        return str(self.stream.codec_context.name).removeprefix("lib")

    def note(self) -> str:
        """Says so where nothing could be read."""
        return "" if self._heard else f"{self._name} could not be read: it is silent."

    def _resampled(self, frame: Any) -> list[Any]:
        return [] if self._resampler is None else self._resampler.resample(frame)

    def _coded(self, frames: list[Any]) -> Iterator[Any]:
        """Without gaps or overlaps, unless there is a real pause."""
        for frame in frames:
            if self._next is None:
                self._next = frame.pts or 0
            elif frame.pts is not None and frame.pts > self._next + JUMP * self._rate:
                self._next = frame.pts
            frame.pts, frame.time_base = self._next, Fraction(1, self._rate)
            self._next += frame.samples
            self._heard = True
            yield from self.stream.encode(frame)
