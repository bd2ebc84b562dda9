"""Colour spaces of films: read from a frame, and written on its copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from toonmark import hdr
from toonmark.errors import VideoError

#: Numbers of ITU-T H.273: what a file says that it does not say, and high definition's own.
UNSPECIFIED, BT709 = 2, 1
#: The same for what came before it; 6 is the American twin of 5.
BT601 = 6
#: Between luma and colours; FFmpeg converts with these.
MATRICES = (1, 4, 5, 6, 7, 9)
#: Wide gamuts' own; and a matrix that FFmpeg does not convert, so it is done here.
BT2020, YCGCO = 9, 8
#: Matrices that nearly are another: constant luminance for the usual one.
LIKE = {10: BT2020, YCGCO: BT601}
#: Numbers of FFmpeg: all of 0 to 255 is used.
FULL = 2
#: Films of at least so many rows are taken for high definition where they do not say.
HIGH = 720


@dataclass(frozen=True)
class Colours:
    """Matrix, primaries and transfer as numbers of ITU-T H.273."""

    matrix: int
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED

    @property
    def written(self) -> Colours:
        """The colours in which a film of such frames is written: no high range, no wide gamut."""
        special = hdr.is_special(self.primaries, self.transfer)
        return Colours(BT709, BT709, BT709) if special else self

    def pixels(self, frame: Any, size: tuple[int, int] | None = None) -> Any:
        """A decoded frame as (h, w, 3) uint8 RGB, with primaries and transfer of :attr:`written`.

        Args:
            size: width and height; the frame's own unless told otherwise.

        Raises:
            VideoError: FFmpeg cannot convert frames of this kind.
        """
        import av

        width, height = size or (frame.width, frame.height)
        said = frame.colorspace
        frame.colorspace = self.matrix  # FFmpeg refuses frames that say what it does not know
        try:
            if said == YCGCO and not frame.format.is_rgb:
                return _from_ycgco(frame, width, height)
            special = hdr.is_special(self.primaries, self.transfer)
            pixels = frame.to_ndarray(
                format="rgb48le" if special else "rgb24",
                width=width,
                height=height,
                src_colorspace=self.matrix,
            )
            return hdr.ordinary(pixels, self.primaries, self.transfer) if special else pixels
        except av.FFmpegError as error:
            raise VideoError(
                f"Frames of the kind {frame.format.name} cannot be converted ({error.strerror}).",
                "Convert the video to MP4 (H.264).",
            ) from error
        finally:
            frame.colorspace = said

    def frame(self, pixels: Any) -> Any:
        """(h, w, 3) uint8 RGB with even sides as a frame to encode."""
        import av

        frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
        return frame.reformat(format="yuv420p", dst_colorspace=self.matrix, dst_color_range="MPEG")

    def tag(self, codec: Any) -> None:
        """Has an encoder write down what its frames mean, for players not to guess."""
        codec.colorspace, codec.color_range = self.matrix, 1
        codec.color_primaries, codec.color_trc = self.primaries, self.transfer


def colours_of(frame: Any) -> Colours:
    """The colours of a decoded frame; those that players assume where it states none."""
    matrix, primaries, transfer = (
        int(number) for number in (frame.colorspace, frame.color_primaries, frame.color_trc)
    )
    usual = BT709 if frame.height >= HIGH else BT601
    if matrix in LIKE:
        matrix = LIKE[matrix]
    elif matrix not in MATRICES:
        if UNSPECIFIED in (primaries, transfer):
            return Colours(usual, usual, usual)
        matrix = BT2020 if primaries == BT2020 else usual
    return Colours(matrix, primaries, transfer)


def _from_ycgco(frame: Any, width: int, height: int) -> Any:
    """Luma, green and orange (H.273's matrix 8), which FFmpeg does not convert, as RGB."""
    import numpy as np

    full = frame.color_range == FULL or frame.format.name.startswith("yuvj")
    kind, scale = ("yuvj444p", (255, 255)) if full else ("yuv444p", (219, 224))
    planes = frame.to_ndarray(format=kind, width=width, height=height).astype(np.float32)
    luma = (planes[0] - (0 if full else 16)) * np.float32(255 / scale[0])
    green, orange = (planes[1:] - 128) * np.float32(255 / scale[1])
    rest = luma - green
    rgb = np.stack([rest + orange, luma + green, rest - orange], axis=-1)
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8)
