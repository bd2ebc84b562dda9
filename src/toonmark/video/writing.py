"""Writes a clip: its frames, encoded, and its sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from toonmark.errors import OutputNotWritableError
from toonmark.landmarks import Array
from toonmark.video.colour_spaces import colours_of
from toonmark.video.reading import Shown
from toonmark.video.sound import Track, container_format

#: What is written, and the codecs for it, the best first.
WRITTEN = {
    ".mp4": ("libx264", "mpeg4"),
    ".m4v": ("libx264", "mpeg4"),
    ".mov": ("libx264", "mpeg4"),
    ".mkv": ("libx264", "mpeg4"),
    ".webm": ("libvpx-vp9", "libvpx"),
}


def codec_for(av: Any, target: Path) -> str:
    """The codec of the film in a file of this name.

    Raises:
        OutputNotWritableError: videos are not written under such a name.
    """
    suffix = target.suffix.lower()
    for codec in WRITTEN.get(suffix, ()):
        if codec in av.codecs_available:
            return codec
    raise OutputNotWritableError(
        f"Videos are not written as {suffix or 'a file without an ending'}.",
        f"Use one of {', '.join(WRITTEN)}.",
    )


@contextmanager
def writing(av: Any, target: Path, temporary: Path) -> Iterator[Any]:
    """Opens the new file; what FFmpeg says meanwhile is its writer's fault, not the source's.

    An MP4 or MOV has its index in front, so that it plays before it has been loaded whole.

    Args:
        target: what the file is to be called.
        temporary: where it is written first.

    Raises:
        OutputNotWritableError: FFmpeg cannot write it. OSErrors come from the disk: they pass.
    """
    kind = container_format(target.suffix.lower())
    options = {"movflags": "+faststart"} if kind in ("mp4", "mov") else {}
    try:
        with av.open(str(temporary), "w", format=kind, options=options) as made:
            yield made
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise OutputNotWritableError(
            f"{target.name} could not be written ({error.strerror}).",
            f"Write another kind: {', '.join(WRITTEN)}.",
        ) from error


class Writer:
    """Puts frames and sound into an open file; the picture's size is the first frame's.

    Args:
        film: of the source, for rate and times.
    """

    def __init__(self, container: Any, codec: str, film: Any) -> None:
        self._container, self._film = container, film
        self._stream = container.add_stream(codec, rate=film.average_rate or 25)
        self._stream.pix_fmt = "yuv420p"
        if codec == "libx264":
            self._stream.options = {"crf": "18", "preset": "veryfast"}
        elif codec.startswith("libvpx"):
            self._stream.options = {"crf": "24", "b": "0", "cpu-used": "5", "row-mt": "1"}
        self._stream.codec_context.time_base = film.time_base
        self._begun = False
        self._waiting: list[tuple[Track, Any]] = []
        self._tracks: dict[int, Track] = {}

    def pass_on(self, track: Track, packet: Any) -> None:
        """Sound; it waits until the first frame has told how large the picture is."""
        self._tracks[id(track)] = track
        self._waiting.append((track, packet))
        if self._begun:
            self._pass_on()

    def _pass_on(self) -> None:
        for track, packet in self._waiting:
            for one in track.packets(packet):
                self._container.mux(one)
        self._waiting.clear()

    def write(self, pixels: Array, like: Shown) -> None:
        """One picture, at the time and in the colour space of the one that it was made from."""
        # The colour format of films has a colour only for each two by two pixels.
        height, width = (side - side % 2 for side in pixels.shape[:2])
        if not self._begun:
            self._stream.width, self._stream.height = width, height
            self._colours = colours_of(like.frame).written
            self._colours.tag(self._stream.codec_context)
            self._begun = True
        frame = self._colours.frame(np.ascontiguousarray(pixels[:height, :width]))
        frame.pts, frame.time_base = like.pts, self._film.time_base
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Writes what codecs still hold, and sound that is still waiting."""
        self._pass_on()
        for track in self._tracks.values():
            for one in track.rest():
                self._container.mux(one)
        self._container.mux(self._stream.encode(None))
