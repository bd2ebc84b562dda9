"""Selects the faces that a set keeps, with a reason for each that it leaves out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import cv2
import numpy as np

from toonmark.faces.align import face_transform, scale_of
from toonmark.faces.pose import roll, yaw
from toonmark.landmarks import FACE_TEMPLATE, Array, template_points
from toonmark.srgb import to_lab

#: Edge in pixels of the crops whose sharpness and colour are judged.
JUDGED_AT = 128


class Reason(StrEnum):
    """Why a picture was left out; the words that ``dataset.json`` uses."""

    UNREADABLE = "unreadable"
    NO_FACE = "no face"
    SEVERAL = "several faces"
    NOT_FRONTAL = "not frontal"
    TOO_SMALL = "too small"
    CUT_OFF = "cut off"
    BLURRED = "blurred"
    GREY = "grey"
    DUPLICATE = "duplicate"
    BAD_MATTE = "bad matte"
    UNWANTED = "left out by name"
    NO_POINTS = "no points"
    NO_ROOM = "no room beside people"


@dataclass(frozen=True)
class Selection:
    """The thresholds. The defaults keep 99 % of CelebAMask-HQ's frontal faces.

    Attributes:
        yaw: largest turn to a side, degrees.
        roll: largest tilt, degrees.
        rival: a second face whose box's edge is this share of the first's makes it "several".
        enlargement: crop pixels a photo pixel, at most.
        cut_off: largest share of the crop that may lie beyond the photo.
        head_cut: largest share of the head that may; what the head is, :func:`head_mask` says.
        sharpness: least :func:`sharpness` of the face.
        chroma: least :func:`chroma` of the face.
        duplicate: two perceptual hashes, of which each half differs in at most this many bits, are
            one picture.
    """

    yaw: float = 15.0
    roll: float = 25.0
    rival: float = 0.4
    enlargement: float = 1.5
    cut_off: float = 0.3
    head_cut: float = 0.03
    sharpness: float = 28.0
    chroma: float = 4.0
    duplicate: int = 3

    def of_points(self, points: Array, size: int, template: Array = FACE_TEMPLATE) -> Reason | None:
        """Judges a face by its points in the photo: (5, 2) pixels, for a crop of ``size``."""
        if scale_of(face_transform(points, size, template)) > self.enlargement:
            return Reason.TOO_SMALL
        if abs(yaw(points)) > self.yaw or abs(roll(points)) > self.roll:
            return Reason.NOT_FRONTAL
        return None

    def of_crop(self, image: Array, inside: Array) -> Reason | None:
        """Judges a crop: (S, S, 3) uint8 RGB; ``inside`` (S, S) bool, what the photo covers."""
        if 1 - float(inside.mean()) > self.cut_off:
            return Reason.CUT_OFF
        # A tight portrait that only lacks background beside the hair is whole.
        if 1 - float(inside[head_mask(image.shape[0])].mean()) > self.head_cut:
            return Reason.CUT_OFF
        # Judged at one size: an enlarged face is softer a pixel, and no worse.
        if image.shape[0] > JUDGED_AT:
            image = cv2.resize(image, (JUDGED_AT, JUDGED_AT), interpolation=cv2.INTER_AREA)
        face = middle_of(image)
        if chroma(face) < self.chroma:
            return Reason.GREY
        if sharpness(face) < self.sharpness:
            return Reason.BLURRED
        return None


def head_mask(size: int) -> Array:
    """Where the head without its hair lies in a crop of ``size`` pixels: (size, size) bool."""
    at = (np.arange(size) + 0.5) / size
    return ((at[None] - 0.5) / 0.31) ** 2 + ((at[:, None] - 0.52) / 0.38) ** 2 <= 1


def middle_of(image: Array) -> Array:
    """The part of a crop that is face and nothing else."""
    size = image.shape[0]
    return image[int(0.38 * size) : int(0.8 * size), int(0.3 * size) : int(0.7 * size)]


def sharpness(image: Array) -> float:
    """The sharpness of a face: 100 x deviation of its Laplacian / of its brightness.

    CelebAMask-HQ's are above 39; blurred by 1.5 px at 128, half of them are below 21.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return 100 * float(cv2.Laplacian(grey, cv2.CV_32F).std()) / max(float(grey.std()), 1.0)


def chroma(image: Array) -> float:
    """The chroma of a picture: the mean distance from grey in CIELAB's a and b."""
    lab = to_lab(image)
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def flaw_of_matte(alpha: Array, template: Array = FACE_TEMPLATE) -> str:
    """The fault of a matte, in a sentence; empty if there seems to be none.

    Chairs, wheels and other people beside a head join its matte, and then it reaches the side above
    the shoulders. Long hair does too, but of 10,000 mattes of CelebAMask-HQ only 2 % reach one
    side along two thirds of that height; many of those are flawed.

    Args:
        alpha: (S, S) in [0, 1], of a crop on the template.
        template: (5, 2), where the points lie, as fractions of the edge.
    """
    size = alpha.shape[0]
    face = np.zeros(alpha.shape, np.uint8)
    points = np.rint(template_points(size, template)).astype(np.int32)
    cv2.fillConvexPoly(face, cv2.convexHull(points), 1)
    if alpha[face > 0].min() < 0.95:
        return "The face has holes."
    if alpha.mean() > 0.9:
        return "Next to nothing was cut away."
    if float(((alpha > 0.15) & (alpha < 0.85)).mean()) > 0.05:
        return "Its edge is unsure."
    solid = alpha > 0.5
    above = int(0.55 * size)  # the shoulders are below
    if max(solid[:above, 0].mean(), solid[:above, -1].mean()) > 0.65:
        return "Something beside the head belongs to it."
    if solid[0].mean() > 0.75:
        return "Something above the head belongs to it."
    areas = cv2.connectedComponentsWithStats(solid.astype(np.uint8))[2][1:, cv2.CC_STAT_AREA]
    if (areas > 0.003 * solid.size).sum() > 1:
        return "It is in several pieces."
    return ""


def perceptual_hash(image: Array) -> int:
    """128 bits that stay when a picture is scaled, compressed or lightened.

    The upper 64 are a DCT hash (pHash), the lower 64 a gradient hash (dHash). Of 10,000 aligned
    faces on white, the hardest case, 46 have another within 3 bits of both, and one of those is
    another person; by pHash alone it is 80, with 4 bits 106, and some twenty other people.

    Args:
        image: (H, W, 3) uint8 RGB.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    # Whole blocks first, which is several times as fast; it may miss a last row, which is nothing.
    block = min(grey.shape) // 128
    if block > 1:
        height, width = grey.shape[0] // block, grey.shape[1] // block
        whole = grey[: height * block, : width * block]
        grey = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:8, :8].ravel()
    row = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA)
    bits = np.concatenate([low > np.median(low[1:]), (row[:, 1:] > row[:, :-1]).ravel()])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


class Duplicates:
    """Finds hashes a few bits apart without comparing each with each.

    Two hashes at most ``distance`` bits apart agree in at least one of ``distance + 1`` bands.

    Args:
        distance: of the bits of either half, how many may differ.
    """

    def __init__(self, distance: int) -> None:
        self._distance = distance
        cuts = [64 + round(64 * i / (distance + 1)) for i in range(distance + 2)]
        self._bands = [(low, (1 << (high - low)) - 1) for low, high in pairwise(cuts)]
        self._seen: dict[tuple[int, int], list[tuple[int, str]]] = {}
        self._looks: dict[str, int] = {}

    def find(self, value: int) -> str | None:
        """The name of a picture that looks the same, if there is one."""
        for band, (low, mask) in enumerate(self._bands):
            for other, name in self._seen.get((band, (value >> low) & mask), ()):
                differ = value ^ other
                half = (1 << 64) - 1
                bits = max((differ >> 64).bit_count(), (differ & half).bit_count())
                if bits <= self._distance:
                    return name
        return None

    def add(self, value: int, name: str) -> None:
        """Remembers a picture; what was known under its name is forgotten."""
        self.discard(name)
        self._looks[name] = value
        for band, (low, mask) in enumerate(self._bands):
            self._seen.setdefault((band, (value >> low) & mask), []).append((value, name))

    def discard(self, name: str) -> None:
        """Forgets a picture, if it was added: it is gone, or another one by now."""
        value = self._looks.pop(name, None)
        if value is None:
            return
        for band, (low, mask) in enumerate(self._bands):
            self._seen[band, (value >> low) & mask].remove((value, name))
