"""One pass of the detector YuNet (Wu, Peng and Yu, 2023), through OpenCV."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from toonmark.cancellation import checkpoint
from toonmark.landmarks import Array

#: The network: OpenCV Zoo's of March 2023 in 8 bits, as `tools/detector.py` makes it; see
#: yunet.LICENSE beside it.
WEIGHTS = Path(__file__).with_name("yunet.onnx")

#: A find counts from this score.
SCORE = 0.6
#: Of two boxes that overlap more than this, the better one stays.
OVERLAP = 0.3
#: Shorter side in pixels up to which a picture is filled up with grey: of thinner ones OpenCV's
#: network makes boxes and points from memory that nobody wrote to.
FILLED_SIDE = 128


@dataclass(frozen=True)
class Face:
    """A face in a picture.

    Attributes:
        box: x, y of the upper left corner, width and height, in the picture's pixels.
        points: (5, 2) float64 landmarks in the picture's pixels; left and right are those of the
            upright face as it is seen.
        score: the detector's, 0 to 1; 1 for landmarks that were given.
    """

    box: tuple[float, float, float, float]
    points: Array
    score: float

    @property
    def size(self) -> float:
        """The longer side of the box in pixels."""
        return max(self.box[2:])


class Sizes:
    """A picture that is looked at several times: each smaller size of it is made once.

    Args:
        image: (h, w, 3) uint8 RGB.
    """

    def __init__(self, image: Array) -> None:
        self.shape = image.shape
        self._image = image
        self._made: dict[tuple[int, int], Array] = {}

    def at(self, size: tuple[int, int]) -> Array:
        """(height, width, 3) BGR of this (width, height), contiguous."""
        import cv2

        if size not in self._made:
            small = self._image
            if size != small.shape[1::-1]:
                small = cv2.resize(small, size, interpolation=cv2.INTER_AREA)
            self._made[size] = cv2.cvtColor(np.ascontiguousarray(small), cv2.COLOR_RGB2BGR)
        return self._made[size]


def detect_once(
    image: Array | Sizes, side: int, score: float = SCORE, frame: float = 0.0, quarters: int = 0
) -> list[Face]:
    """One pass of the detector, its finds in ``image``'s pixels.

    Args:
        image: (h, w, 3) uint8 RGB.
        side: longer side in pixels to reduce to; a smaller picture is taken as it is.
        frame: width of a grey frame put around, as a fraction of the longer side.
        quarters: quarter turns anticlockwise before looking.
    """
    import cv2

    checkpoint()
    height, width = image.shape[:2]
    scale = min(1.0, side / max(height, width))
    small_size = (max(1, round(width * scale)), max(1, round(height * scale)))
    sizes = image if isinstance(image, Sizes) else Sizes(image)
    small = np.ascontiguousarray(np.rot90(sizes.at(small_size), quarters))
    border = round(frame * max(small.shape[:2]))
    if border:
        small = cv2.copyMakeBorder(
            small, border, border, border, border, cv2.BORDER_CONSTANT, value=(127, 127, 127)
        )
    small = _filled_up(small)
    detector = _detector()
    detector.setInputSize((small.shape[1], small.shape[0]))
    detector.setScoreThreshold(score)
    found = detector.detect(small)[1]
    if found is None:
        return []
    ratio = np.array([width / small_size[0], height / small_size[1]])
    faces = []
    for row in found[_plausible(found, small.shape)].astype(np.float64):
        corners = np.array([row[:2], row[:2] + row[2:4]])
        # YuNet's right eye is the person's own: the image's left one, as our order has it.
        places = np.concatenate([corners, row[4:14].reshape(5, 2)]) - border
        places = _turn_back(places, small_size, quarters)
        places = (places + 0.5) * ratio - 0.5
        low, high = places[:2].min(0), places[:2].max(0)
        box = (float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))
        faces.append(Face(box, places[2:], float(min(row[14], 1.0))))
    return faces


def _filled_up(small: Array) -> Array:
    """The picture with grey to the right and below, where a side has fewer than 128 pixels."""
    import cv2

    down, right = (max(0, FILLED_SIDE - side) for side in small.shape[:2])
    if not (down or right):
        return small
    grey = (127, 127, 127)
    return np.asarray(cv2.copyMakeBorder(small, 0, down, 0, right, cv2.BORDER_CONSTANT, value=grey))


def _plausible(found: Array, shape: tuple[int, ...]) -> Array:
    """Whether each of the detector's finds can be a face of a picture of this shape: (n,) bool.

    Nothing that the network says is trusted: not a number, a box of no size or larger than the
    picture, one whose middle lies outside, points far from their box or all in one place.

    Args:
        found: (n, 15) float32: box, five points, score.
    """
    height, width = shape[:2]
    with np.errstate(all="ignore"):
        found = np.where(np.isfinite(found), found, np.nan).astype(np.float64)
        low, size = found[:, None, :2], found[:, None, 2:4]
        points = found[:, 4:14].reshape(-1, 5, 2)
        middle = (low + size / 2)[:, 0]
        near = (points >= low - size / 2) & (points <= low + 1.5 * size)
        unit = np.linalg.norm(points[:, 0] - points[:, 1], axis=-1)
        # NaN compares as false.
        return np.asarray(
            (size[:, 0] >= 4).all(-1)
            & (size[:, 0] <= 1.5 * max(height, width)).all(-1)
            & (middle >= 0).all(-1)
            & (middle <= [width, height]).all(-1)
            & near.all((-1, -2))
            & (unit >= 0.02 * size[:, 0].max(-1))
            & (found[:, 14] >= 0)
        )


def _turn_back(places: Array, size: tuple[int, int], quarters: int) -> Array:
    """Positions in ``np.rot90(picture, quarters)``, in the picture of this (width, height)."""
    width, height = size
    x, y = places[:, 0], places[:, 1]
    if quarters == 1:
        x, y = width - 1 - y, x
    elif quarters == 2:
        x, y = width - 1 - x, height - 1 - y
    elif quarters == 3:
        x, y = y, height - 1 - x
    return np.stack([x, y], axis=1)


def overlap(a: Face, b: Face) -> float:
    """Area in both boxes over the area in either."""
    (ax, ay, aw, ah), (bx, by, bw, bh) = a.box, b.box
    across = max(0.0, min(ax + aw, bx + bw) - max(ax, bx))
    down = max(0.0, min(ay + ah, by + bh) - max(ay, by))
    return across * down / max(aw * ah + bw * bh - across * down, 1e-9)


_local = threading.local()


def _detector() -> Any:
    """This thread's detector: it keeps the size it looks at, so threads cannot share one."""
    if not hasattr(_local, "detector"):
        import cv2

        nothing = np.zeros(0, np.uint8)
        # From memory: OpenCV cannot open a path with letters beyond ASCII on every system.
        _local.detector = cv2.FaceDetectorYN.create(
            "onnx", np.fromfile(WEIGHTS, np.uint8), nothing, (320, 320), SCORE, OVERLAP, 1000
        )
    return _local.detector
