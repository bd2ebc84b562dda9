"""``clip.mp4`` in, a cartoon of it out: frame by frame, with its sound."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from toonmark import blend
from toonmark.errors import (
    MissingExtraError,
    NoFaceError,
    OutputNotWritableError,
)
from toonmark.files import written_whole
from toonmark.landmarks import Array
from toonmark.video.colours import colours_of
from toonmark.video.geometry import fitted, lie_of, shown_size
from toonmark.video.reading import Shown, opened, played
from toonmark.video.tracking import Tracker

if TYPE_CHECKING:
    from toonmark.cartoon import Cartoon
    from toonmark.cartoonizer import Cartoonizer

#: What the name of a clip ends in.
SUFFIXES = frozenset((".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"))
#: What is written, and the codecs for it, the best first.
WRITTEN = {
    ".mp4": ("libx264", "mpeg4"),
    ".m4v": ("libx264", "mpeg4"),
    ".mov": ("libx264", "mpeg4"),
    ".mkv": ("libx264", "mpeg4"),
    ".webm": ("libvpx-vp9", "libvpx"),
}

Output = Literal["crop", "in-photo", "side-by-side"]


@dataclass(frozen=True)
class ClipReport:
    """What was drawn, and how steady it is.

    Attributes:
        frames: of the clip.
        drawn: frames with a face in them.
        faces: how many were followed.
        seconds: how long the clip is.
        flicker: mean absolute change of a cartoon's values (0 to 255) from frame to frame.
        own_flicker: the same of the photo's aligned crops, which a cartoon need not stay below.
    """

    frames: int
    drawn: int
    faces: int
    seconds: float
    flicker: float
    own_flicker: float


def cartoonize_clip(
    cartoonizer: Cartoonizer,
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    faces: Literal["largest", "all"] = "largest",
    output: Output = "in-photo",
    size: int = 512,
    progress: Callable[[int, int], None] | None = None,
) -> ClipReport:
    """Draws the faces of a clip.

    Args:
        source: a file that FFmpeg reads.
        target: a file that ends in one of :data:`WRITTEN`; written whole or not at all.
        faces: the largest face, or all; they are followed and their points smoothed.
        output: ``crop`` is the largest face's cartoon alone, ``in-photo`` the whole picture with
            the faces drawn in their place, ``side-by-side`` the aligned face and its cartoon.
        size: edge of a cartoon in pixels, for ``crop`` and ``side-by-side``; made even.
        progress: called with frames done and frames in all (0 if the file does not say).

    Raises:
        MissingExtraError: PyAV is not installed.
        VideoError: the file holds no moving picture, or is damaged.
        NoFaceError: there is no face in any frame.
        OutputError: the place cannot be written to, or the disk is full.
    """
    try:
        import av
    except ImportError as error:
        raise MissingExtraError("Drawing videos", "video") from error
    source, target = Path(source), Path(target)
    codec = _codec(av, target)
    with opened(av, source) as (clip, stream), written_whole(target) as temporary:
        drawer = _ClipDrawer(cartoonizer, faces, output, size - size % 2)
        upright = _Upright(stream.sample_aspect_ratio)
        total = stream.frames or round(float((stream.duration or 0) * (stream.time_base or 0))
                                       * float(stream.average_rate or 0))  # fmt: skip
        format = _FORMATS.get(target.suffix.lower())
        with _writing(av, target), av.open(str(temporary), "w", format=format) as made:
            writer = _Writer(made, codec, stream)
            sound = clip.streams.audio[0] if clip.streams.audio else None
            if sound is not None and not writer.takes(sound):
                sound = None
            others = [sound] if sound is not None else []
            for one in played(av, clip, stream, others, source.name):
                if not isinstance(one, Shown):
                    writer.pass_on(one)
                    continue
                time = float(one.pts * (stream.time_base or 0))
                writer.write(drawer(upright(one.frame), time), one)
                if progress is not None:
                    progress(drawer.frames, total)
            if not drawer.drawn:
                raise NoFaceError(
                    f"No face was found in the {drawer.frames} frames of {source.name}.",
                    "Take a video that shows one from the front.",
                )
            writer.close()
        return drawer.report()


class _ClipDrawer:
    """Draws one frame after the other, and remembers how much changed."""

    def __init__(
        self, cartoonizer: Cartoonizer, faces: Literal["largest", "all"], output: Output, size: int
    ) -> None:
        self._cartoonizer, self._output, self._size = cartoonizer, output, size
        self._tracker = Tracker(cartoonizer.refine, "all" if faces == "all" else "largest")
        self._last: tuple[int, Array, Array] | None = None
        self._changes: list[tuple[float, float]] = []
        self._canvas: Array | None = None
        self.frames = self.drawn = 0
        self._time = 0.0

    def __call__(self, frame: Array, time: float) -> Array:
        self.frames += 1
        self._time = time
        tracks = self._tracker.next(frame, time)
        if not tracks:
            self._last = None
            return self._picture(frame, [])
        self.drawn += 1
        cartoons = self._cartoonizer.draw_points(frame, np.stack([t.smooth for t in tracks]))
        largest = max(range(len(tracks)), key=lambda i: cartoons[i].face_size)
        self._compare(tracks[largest].number, cartoons[largest])
        return self._picture(frame, [cartoons[largest], *cartoons[:largest],
                                     *cartoons[largest + 1 :]])  # fmt: skip

    def _compare(self, number: int, cartoon: Cartoon) -> None:
        image, crop = cartoon.image.astype(np.int16), cartoon.crop.astype(np.int16)
        if self._last is not None and self._last[0] == number:
            _, before, crop_before = self._last
            changed = float(np.abs(image - before).mean()), float(np.abs(crop - crop_before).mean())
            self._changes.append(changed)
        self._last = number, image, crop

    def _picture(self, frame: Array, cartoons: list[Cartoon]) -> Array:
        if self._output == "in-photo":
            return blend.in_photo(frame, cartoons) if cartoons else frame
        if cartoons:
            if self._output == "crop":
                self._canvas = cartoons[0].resized(self._size)
            else:
                self._canvas = blend.side_by_side(frame, cartoons[0], self._size)
        elif self._canvas is None:  # before the first face; later, its last picture stays
            wide = self._size * (2 if self._output == "side-by-side" else 1)
            self._canvas = np.full((self._size, wide, 3), 255, np.uint8)
        return self._canvas

    def report(self) -> ClipReport:
        flicker, own = np.mean(self._changes, axis=0) if self._changes else (0.0, 0.0)
        return ClipReport(
            self.frames, self.drawn, self._tracker.seen, self._time, float(flicker), float(own)
        )


class _Writer:
    """A file that frames and sound go into; the picture's size is the first frame's."""

    def __init__(self, container: Any, codec: str, source: Any) -> None:
        self._container, self._source = container, source
        self._stream = container.add_stream(codec, rate=source.average_rate or 25)
        self._stream.pix_fmt = "yuv420p"
        if codec == "libx264":
            self._stream.options = {"crf": "18", "preset": "veryfast"}
        elif codec.startswith("libvpx"):
            self._stream.options = {"crf": "24", "b": "0", "cpu-used": "5", "row-mt": "1"}
        self._stream.codec_context.time_base = source.time_base
        self._begun = False
        self._sound: Any = None
        self._waiting: list[Any] = []

    def takes(self, sound: Any) -> bool:
        """Whether the format has a place for the source's sound as it is."""
        try:
            self._sound = self._container.add_stream_from_template(sound)
        except ValueError:
            return False
        return True

    def pass_on(self, packet: Any) -> None:
        """Sound, copied; it waits until the first frame has told how large the picture is."""
        if packet.dts is not None:  # else there is nothing in it: the end
            packet.stream = self._sound
            self._waiting.append(packet)
        if self._begun:
            self._pass_on()

    def _pass_on(self) -> None:
        for one in self._waiting:
            self._container.mux(one)
        self._waiting.clear()

    def write(self, pixels: Array, like: Shown) -> None:
        """One picture, at the time and in the colour space of the one that it was made from."""
        # The colour format of films has a colour only for each two by two pixels.
        height, width = (side - side % 2 for side in pixels.shape[:2])
        if not self._begun:
            self._stream.width, self._stream.height = width, height
            self._colours = colours_of(like.frame)
            self._colours.tag(self._stream.codec_context)
            self._begun = True
        frame = self._colours.frame(np.ascontiguousarray(pixels[:height, :width]))
        frame.pts, frame.time_base = like.pts, self._source.time_base
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Writes what the codec still holds, and sound that is still waiting."""
        self._pass_on()
        self._container.mux(self._stream.encode(None))


def _codec(av: Any, target: Path) -> str:
    suffix = target.suffix.lower()
    for codec in WRITTEN.get(suffix, ()):
        if codec in av.codecs_available:
            return codec
    raise OutputNotWritableError(
        f"Videos are not written as {suffix or 'a file without an ending'}.",
        f"Use one of {', '.join(WRITTEN)}.",
    )


_FORMATS = {".m4v": "mp4", ".mkv": "matroska"}


@contextmanager
def _writing(av: Any, target: Path) -> Iterator[None]:
    """Names what FFmpeg says while a file is written as the writer's fault; the disk's pass."""
    try:
        yield
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise OutputNotWritableError(
            f"{target.name} could not be written ({error.strerror}).",
            f"Write another kind: {', '.join(WRITTEN)}.",
        ) from error


class _Upright:
    """Frames as a player shows them: turned as they were held, in square pixels, of one size.

    Args:
        pixel: width of a pixel over its height, as the file has it.
    """

    def __init__(self, pixel: Fraction | None = None) -> None:
        self._pixel = pixel
        self._size: tuple[int, int] | None = None

    def __call__(self, frame: Any) -> Array:
        """(h, w, 3) uint8 RGB; h and w are the first frame's."""
        size = shown_size(frame.width, frame.height, self._pixel)
        pixels = lie_of(frame).upright(colours_of(frame).pixels(frame, size))
        height, width = pixels.shape[:2]
        self._size = self._size or (width, height)
        return fitted(pixels, *self._size)
