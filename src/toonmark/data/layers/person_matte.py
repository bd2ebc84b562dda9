"""The person's alpha matte, from U2-Net-p and MediaPipe Selfie Segmentation combined."""

from __future__ import annotations

from toonmark.data.matting import Matting, refine
from toonmark.data.mediapipe_networks import SelfieMask
from toonmark.landmarks import Array

#: How much Selfie Segmentation counts beside u2netp, which takes shoulders and headscarves in the
#: colour of what is behind them for background: where the former is sure, it decides.
_SHARE = 0.65


class PersonMatte:
    """The matte of a portrait.

    Raises:
        MattingMissingError, MediaPipeMissingError: a network is not installed.
    """

    def __init__(self) -> None:
        self._matting, self._selfie = Matting(), SelfieMask()

    def __call__(self, photo: Array, known: Array) -> Array:
        """(S, S, 3) uint8 RGB and where it shows the photo, (S, S) bool, to alpha in [0, 1]."""
        coarse = _SHARE * self._selfie(photo) + (1 - _SHARE) * self._matting.coarse(photo)
        return refine(photo, coarse * known) * known
