"""``clip.mp4`` in, a cartoon of it out: frame by frame, with its sound."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from toonmark import blend
from toonmark.errors import NoFaceError, VideoError, imported
from toonmark.files import written_whole
from toonmark.landmarks import Array
from toonmark.video.colour_spaces import colours_of
from toonmark.video.geometry import fitted, lie_of, shown_size
from toonmark.video.overlapped import behind
from toonmark.video.reading import Shown, opened, played
from toonmark.video.sound import Track, copies
from toonmark.video.tracking import Tracker
from toonmark.video.writing import WRITTEN, Writer, codec_for, writing

if TYPE_CHECKING:
    from toonmark.cartoon import Cartoon, Output
    from toonmark.cartoonizer import Cartoonizer

#: What the name of a clip ends in; not ".ts", which programs' sources are called too.
SUFFIXES = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mts", ".m2ts", ".3gp", ".3g2"),
        *(".mpg", ".mpeg", ".vob", ".wmv", ".asf", ".flv", ".ogv", ".mxf"),
    )
)
#: Sides of films are even, so there is none with fewer pixels.
THINNEST = 2
#: So many packets of sound wait for the next picture; a clip may have far more after its last.
_HEARD = 1000
__all__ = ["SUFFIXES", "WRITTEN", "ClipReport", "cartoonize_clip"]


@dataclass(frozen=True)
class ClipReport:
    """The result of a clip: the frames that were drawn, and how steady they are.

    Attributes:
        frames: of the clip.
        drawn: frames with a face in them.
        faces: how many were followed.
        seconds: how long the clip is.
        flicker: mean absolute change of a cartoon's values (0 to 255) from frame to frame.
        own_flicker: the same of the photo's aligned crops, which a cartoon need not stay below.
        notes: sentences on what of the source is not in the new file as it was.
    """

    frames: int
    drawn: int
    faces: int
    seconds: float
    flicker: float
    own_flicker: float
    notes: tuple[str, ...] = ()


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
        RuntimeBrokenError: it is, and cannot be loaded.
        VideoError: the file holds no moving picture, or is damaged.
        NoFaceError: there is no face in any frame.
        OutputError: the place cannot be written to, or the disk is full.
    """
    av = imported("av", "Drawing videos", "video")
    source, target = Path(source), Path(target)
    codec = codec_for(av, target)
    with opened(av, source) as (clip, film), written_whole(target) as temporary:
        drawer = _ClipDrawer(cartoonizer, faces, output, size - size % 2)
        upright = _Upright(film.sample_aspect_ratio)
        total = film.frames or round(float((film.duration or 0) * (film.time_base or 0))
                                     * float(film.average_rate or 0))  # fmt: skip
        with writing(av, target, temporary) as made:
            writer = Writer(made, codec, film)
            tracks, notes = copies(av, made, target.suffix.lower(), clip)
            heard: list[tuple[Track, Any]] = []

            def pass_on(heard: list[tuple[Track, Any]]) -> None:
                for track, packet in heard:
                    writer.pass_on(track, packet)

            def write(one: Shown, frame: Array, cartoons: list[Cartoon], heard: Any) -> None:
                pass_on(heard)
                writer.write(drawer.picture(frame, cartoons), one)

            with behind() as do:  # puts together, codes and writes one frame beside the next
                for one in played(av, clip, film, list(tracks), source.name):
                    if not isinstance(one, Shown):
                        heard.append((tracks[one.stream], one))
                        if len(heard) == _HEARD:  # after the last picture, or before the first
                            do(pass_on, heard)
                            heard = []
                        continue
                    frame = upright(one.frame)
                    do(write, one, frame, drawer(frame, float(one.pts * (film.time_base or 0))),
                       heard)  # fmt: skip
                    heard = []
                    if progress is not None:
                        progress(drawer.frames, total)
            pass_on(heard)
            if not drawer.drawn:
                raise NoFaceError(
                    f"No face was found in the {drawer.frames} frames of {source.name}.",
                    "Take a video that shows one from the front.",
                )
            writer.close()
            notes += [note for track in tracks.values() if (note := track.note())]
        return drawer.report(tuple(notes))


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

    def __call__(self, frame: Array, time: float) -> list[Cartoon]:
        """The cartoons of the next frame, (h, w, 3) uint8; the largest first."""
        self.frames += 1
        self._time = time
        tracks = self._tracker.next(frame, time)
        if not tracks:
            self._last = None
            return []
        self.drawn += 1
        cartoons = self._cartoonizer.draw_points(frame, np.stack([t.smooth for t in tracks]))
        largest = max(range(len(tracks)), key=lambda i: cartoons[i].face_size)
        self._compare(tracks[largest].number, cartoons[largest])
        return [cartoons[largest], *cartoons[:largest], *cartoons[largest + 1 :]]

    def _compare(self, number: int, cartoon: Cartoon) -> None:
        import cv2

        image, crop = cartoon.image, cartoon.crop
        if self._last is not None and self._last[0] == number:
            pairs = (image, self._last[1]), (crop, self._last[2])
            drawn, own = (cv2.norm(now, then, cv2.NORM_L1) / now.size for now, then in pairs)
            self._changes.append((drawn, own))
        self._last = number, image, crop

    def picture(self, frame: Array, cartoons: list[Cartoon]) -> Array:
        """The picture of a frame, for one after the other in their order: (h, w, 3) uint8."""
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

    def report(self, notes: tuple[str, ...]) -> ClipReport:
        flicker, own = np.mean(self._changes, axis=0) if self._changes else (0.0, 0.0)
        return ClipReport(
            self.frames,
            self.drawn,
            self._tracker.seen,
            self._time,
            float(flicker),
            float(own),
            notes,
        )


class _Upright:
    """Frames as a player shows them: turned as they were held, in square pixels, of one size.

    Args:
        pixel: width of a pixel over its height, as the file has it.
    """

    def __init__(self, pixel: Fraction | None = None) -> None:
        self._pixel = pixel
        self._size: tuple[int, int] | None = None

    def __call__(self, frame: Any) -> Array:
        """(h, w, 3) uint8 RGB; h and w are the first frame's.

        Raises:
            VideoError: it is too thin to be written, or of a kind that cannot be converted.
        """
        size = shown_size(frame.width, frame.height, self._pixel)
        pixels = lie_of(frame).upright(colours_of(frame).pixels(frame, size))
        height, width = pixels.shape[:2]
        self._size = self._size or (width, height)
        if min(self._size) < THINNEST:
            raise VideoError(
                f"The video is {self._size[0]} × {self._size[1]} pixels large: it shows nothing.",
                "Copy or download it again.",
            )
        return fitted(pixels, *self._size)
