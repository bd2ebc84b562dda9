"""Reads a clip's frames and sound, as a player would."""

from __future__ import annotations

import errno
import heapq
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from toonmark.errors import EmptyFileError, UnreadableFileError, VideoError

#: Frames whose times are put in order together: as many as the codecs in use put out of order.
MOST_HELD, LEAST_HELD = 16, 4
#: Bytes that they may take.
HELD_BYTES = 100_000_000


@dataclass(frozen=True)
class Shown:
    """A frame and when it is shown, in the film's time base."""

    frame: Any
    pts: int


class Moments:
    """Gives decoded frames, which come in the order of showing, times in that order.

    A file may lack times, have them in the order of coding (AVI with B-frames), twice, or starting
    anew where two recordings were joined.

    Args:
        step: from frame to frame, in ticks of the time base.
        held: frames that are waited for before the first is given.
    """

    def __init__(self, step: int, held: int) -> None:
        self._step, self._held = step, held
        self._frames: deque[Any] = deque()
        self._times: list[int] = []
        self._newest: int | None = None
        self._last: int | None = None
        self._shift = 0

    def put(self, frame: Any, pts: int | None) -> Iterator[Shown]:
        """Takes a frame; gives those whose time is certain."""
        if self._newest is None:
            time = self._newest = pts or 0
        elif pts is None:
            time = self._newest + self._step
        else:
            time = pts + self._shift
            if time < self._newest - 2 * MOST_HELD * self._step:  # joined: the clock starts anew
                yield from self.rest()
                self._shift += self._newest + self._step - time
                time = self._newest + self._step
        self._newest = max(self._newest, time)
        self._frames.append(frame)
        heapq.heappush(self._times, time)
        if len(self._frames) > self._held:
            yield self._next()

    def rest(self) -> Iterator[Shown]:
        """Gives the frames that are still held."""
        while self._frames:
            yield self._next()

    def _next(self) -> Shown:
        time = heapq.heappop(self._times)
        if self._last is not None:
            time = max(time, self._last + 1)
        self._last = time
        return Shown(self._frames.popleft(), time)


@contextmanager
def opened(av: Any, source: Path) -> Iterator[tuple[Any, Any]]:
    """The clip and its film.

    Raises:
        ImageError: one of its kinds, for what cannot be read.
    """
    try:
        if source.stat().st_size == 0:
            raise EmptyFileError(f"{source} is empty.", "Copy or download it again.")
        # Titles are often in the encoding of whoever wrote them.
        clip = av.open(str(source), metadata_errors="replace")
    except OSError as error:
        # FFmpeg's readers say -1 for whatever they do not name, which reads as a lack of rights.
        unnamed = isinstance(error, av.FFmpegError) and error.errno == errno.EPERM
        if not unnamed and isinstance(
            error, FileNotFoundError | PermissionError | IsADirectoryError
        ):
            raise UnreadableFileError(
                f"{source} cannot be read ({error.strerror}).", "Check its name and your rights."
            ) from error
        raise _no_video(source) from error
    except av.FFmpegError as error:
        raise _no_video(source) from error
    with clip:
        film = _film_of(av, clip, source)
        film.thread_type = "AUTO"
        yield clip, film


def _film_of(av: Any, clip: Any, source: Path) -> Any:
    """The film that players choose: no cover art; the default, else the largest, else the first."""
    if not clip.streams.video:
        if clip.streams.audio:
            raise VideoError(f"{source.name} has sound, but no film.", "Give a video, or a photo.")
        raise _no_video(source)
    still = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    films = [one for one in clip.streams.video if not one.disposition & still]
    if not films:
        raise VideoError(
            f"{source.name} has a cover picture, but no film.", "Draw the picture itself."
        )
    films = [one for one in films if one.codec_context is not None]
    if not films:
        raise VideoError(
            f"The film in {source.name} is coded in a way that is not read here.",
            "Convert it to MP4 (H.264).",
        )
    default = av.stream.Disposition.default
    return max(films, key=lambda one: (bool(one.disposition & default), one.width * one.height))


def played(av: Any, clip: Any, film: Any, others: list[Any], name: str) -> Iterator[Any]:
    """The film and the sound of a clip, as the file has them.

    Args:
        others: streams of which packets are wanted.
        name: of the file, for errors.

    Yields:
        :class:`Shown` for the film's frames, packets of the others.

    Raises:
        VideoError: the file is damaged.
    """
    step = Fraction(1) / (film.average_rate or 25) / (film.time_base or Fraction(1, 25))
    size = max(1, 2 * film.width * film.height)
    moments = Moments(max(1, round(step)), max(LEAST_HELD, min(MOST_HELD, HELD_BYTES // size)))
    frames = 0
    failed: Exception | None = None
    try:
        for packet in clip.demux([film, *others]):
            if packet.stream is not film:
                yield packet
                continue
            try:
                decoded = packet.decode()
            except av.error.InvalidDataError as error:
                if frames:
                    raise
                failed = error  # a recording may begin in the middle: players wait
                continue
            for frame in decoded:
                frames += 1
                yield from moments.put(frame, frame.pts)
    except av.FFmpegError as error:
        raise VideoError(
            f"{name} is damaged after {frames} frames ({error.strerror}).",
            "Copy or download it again.",
        ) from error
    yield from moments.rest()
    if not frames:
        raise VideoError(
            f"{name} has no frames that can be read.", "Copy or download it again."
        ) from failed


def _no_video(source: Path) -> VideoError:
    return VideoError(
        f"{source.name} is no video, or it is damaged.", "Try another file: MP4, MOV, MKV or WebM."
    )
