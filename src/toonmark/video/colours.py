"""Which colours the numbers of a film stand for: read from a frame, and written on its copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Numbers of ITU-T H.273: what a file says that it does not say, and high definition's own.
UNSPECIFIED, BT709 = 2, 1
#: The same for what came before it; 6 is the American twin of 5.
BT601 = 6
#: Between luma and colours; FFmpeg converts with these.
MATRICES = (1, 4, 5, 6, 7, 9)
#: Films of at least so many rows are taken for high definition where they do not say.
HIGH = 720


@dataclass(frozen=True)
class Colours:
    """Matrix, primaries and transfer as numbers of ITU-T H.273."""

    matrix: int
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED

    def pixels(self, frame: Any, size: tuple[int, int] | None = None) -> Any:
        """A decoded frame as (h, w, 3) uint8 RGB, its own primaries and transfer kept.

        Args:
            size: width and height; the frame's own unless told otherwise.
        """
        width, height = size or (frame.width, frame.height)
        return frame.to_ndarray(
            format="rgb24", width=width, height=height, src_colorspace=self.matrix
        )

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
    """What a decoded frame says, and where it says nothing, what players assume."""
    usual = BT709 if frame.height >= HIGH else BT601
    matrix = int(frame.colorspace)
    if matrix not in MATRICES:
        return Colours(usual, usual, usual)
    primaries, transfer = int(frame.color_primaries), int(frame.color_trc)
    return Colours(matrix, primaries, transfer)
