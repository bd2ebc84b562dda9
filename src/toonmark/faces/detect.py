"""Finds faces and their coarse landmarks with YuNet (Wu, Peng and Yu, 2023), through OpenCV."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from toonmark.cancellation import checkpoint
from toonmark.landmarks import Array, inter_eye_distance

#: The network: OpenCV Zoo's of March 2023 in 8 bits, as `tools/detector.py` makes it; see
#: yunet.LICENSE beside it.
WEIGHTS = Path(__file__).with_name("yunet.onnx")

#: Longer side, in pixels, of the first, quick pass, which is enough for most portraits.
QUICK_SIDE = 320
#: And of the second: four times the work, and enough for faces of a twentieth of a picture.
SIDE = 640
#: For smaller faces, when nothing was found or every face is wanted.
LARGE_SIDE = 1920
#: Longer side of the parts that larger pictures are cut into then, each at ``LARGE_SIDE``: a
#: third of the least face that can be drawn is the least that the detector sees. They overlap by
#: more than any face that no coarser pass finds.
PART, PART_OVERLAP = 3 * LARGE_SIDE, 768

#: A find counts from this score; what is only found in an odd view of the picture, from more.
SCORE, CAREFUL_SCORE = 0.6, 0.8
#: Upright faces reach this score. Below it the picture may be lying on its side: faces in it are
#: found then too, with points that are wrong, but with a lower score than they have upright. Upside
#: down, one in thirty reaches it as well, and upright a higher one: of 300 portraits turned over,
#: none scored higher the wrong way up.
UPRIGHT_SCORE, UPRIGHT_MARGIN = 0.9, 0.03
#: A picture is turned over for a face of this score, or for one that is better by the margin. With
#: a medical mask painted on, 37 of 340 upright faces scored higher upside down, most by little and
#: below this; it leaves 9, and of the bare faces turned over the same one is drawn wrong as before.
TURNED_OVER_SCORE = 0.92
#: Faces of this many pixels get good points; others are detected once more, each by itself.
GOOD_SIZE = (48, 320)
#: No face that can be drawn fits into a picture with a side below this, and on a handful of pixels
#: the detector sees things that are not there.
LEAST_SIDE = 20
#: Shorter side in pixels up to which a picture is filled up with grey: of thinner ones OpenCV's
#: network makes boxes and points from memory that nobody wrote to.
FILLED_SIDE = 128
_OVERLAP = 0.3  # of two boxes that overlap more than this, the better one stays


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


def face_from_points(points: Array) -> Face:
    """A face whose landmarks are known; its box is where the detector's usually lies.

    Args:
        points: (5, 2) pixels.
    """
    points = np.asarray(points, np.float64)
    unit = float(inter_eye_distance(points))
    x, y = points[:2].mean(0) + 0.29 * (points[3:].mean(0) - points[:2].mean(0))
    return Face((x - 1.07 * unit, y - 1.42 * unit, 2.14 * unit, 2.84 * unit), points, 1.0)


def find_faces(image: Array, thorough: bool = False) -> list[Face]:
    """The faces in a picture, largest first.

    The first pass takes the picture reduced; if the largest face is good then, that is all. Further
    passes take it larger, then in a frame (for a face that fills the picture), then larger still,
    then in parts if it has more than ``PART`` pixels. One pass takes it upside down too, for
    pictures without their EXIF data, and where the best score is low, at quarter turns.

    Args:
        image: (h, w, 3) uint8 RGB.
        thorough: take all passes even if a good face was found, for the small ones.
    """
    longer = max(image.shape[:2])
    if min(image.shape[:2]) < LEAST_SIDE:
        return []
    sizes = _Sizes(image)
    if not thorough and longer > QUICK_SIDE:
        faces = sorted(_detect(sizes, QUICK_SIDE), key=lambda face: -face.size)
        good = faces and faces[0].size * QUICK_SIDE / longer >= GOOD_SIZE[0]
        if good and faces[0].score >= UPRIGHT_SCORE:
            over = _detect(sizes, QUICK_SIDE, quarters=2)
            if faces[0].score >= max((face.score for face in over), default=0.0):
                return faces
    faces = _detect(sizes, SIDE)
    if not faces:
        faces = _detect(sizes, QUICK_SIDE, frame=0.4, score=CAREFUL_SCORE)
    if (thorough or not faces) and longer > 1.5 * SIDE:
        faces = _best(faces + _closer(image, faces))
    if (thorough or not faces) and longer > PART:
        faces = _best(faces + _look_at_parts(image))

    turned, best = 0, max((face.score for face in faces), default=CAREFUL_SCORE)
    for quarters in (1, 2, 3) if best < UPRIGHT_SCORE else (2,):
        others = _detect(sizes, SIDE, quarters=quarters)
        score = max((face.score for face in others), default=0.0)
        sure = quarters == 2 and bool(faces) and score >= TURNED_OVER_SCORE
        if score > best + (0.0 if sure else UPRIGHT_MARGIN):
            faces, turned, best = others, quarters, score

    reduction = max(1.0, longer / SIDE)
    faces = [
        face
        if GOOD_SIZE[0] <= face.size / reduction <= GOOD_SIZE[1]
        else _detect_again(image, face, turned)
        for face in faces
    ]
    return sorted(faces, key=lambda face: -face.size)


def _closer(image: Array, faces: list[Face]) -> list[Face]:
    """What a closer look finds; of what a coarser one should have seen, only what it saw.

    Else badges and patterns are faces. Of 200 portraits in groups of up to 25 it loses none.
    """
    found = _detect(image, LARGE_SIDE, score=CAREFUL_SCORE)
    seen = GOOD_SIZE[0] * max(image.shape[:2]) / SIDE
    return [
        face
        for face in found
        if not faces or face.size < seen or any(_overlap(face, other) > _OVERLAP for other in faces)
    ]


def _detect_again(image: Array, face: Face, quarters: int) -> Face:
    """The same face as it is found in its surroundings alone, which fit the detector better."""
    x, y, width, height = face.box
    middle = np.array([x + width / 2, y + height / 2])
    low = np.maximum(np.floor(middle - 1.25 * face.size), 0).astype(int)
    high = np.ceil(middle + 1.25 * face.size).astype(int)
    part = image[low[1] : high[1], low[0] : high[0]]
    if part.size == 0:
        return face
    frame = 0.25 if face.size > 0.6 * max(part.shape[:2]) else 0.0
    for found in _detect(part, QUICK_SIDE, frame=frame, quarters=quarters):
        (left, top, *size), points = found.box, found.points + low
        moved = Face((left + low[0], top + low[1], size[0], size[1]), points, found.score)
        if _overlap(moved, face) > _OVERLAP:
            return moved
    return face


class _Sizes:
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


def _detect(
    image: Array | _Sizes, side: int, score: float = SCORE, frame: float = 0.0, quarters: int = 0
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
    sizes = image if isinstance(image, _Sizes) else _Sizes(image)
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


def _look_at_parts(image: Array) -> list[Face]:
    """Small faces in a large picture, such as a panorama of a crowd."""
    height, width = image.shape[:2]
    faces = []
    for top in _starts(height):
        for left in _starts(width):
            part = image[top : top + PART, left : left + PART]
            for face in _detect(part, LARGE_SIDE, score=CAREFUL_SCORE):
                x, y, *size = face.box
                box = (x + left, y + top, size[0], size[1])
                faces.append(Face(box, face.points + [left, top], face.score))
    return faces


def _starts(side: int) -> list[int]:
    """Where parts begin that cover a side, all of one length."""
    steps = -(-max(side - PART, 0) // (PART - PART_OVERLAP))
    return [round(step * (side - PART) / steps) for step in range(steps + 1)] if steps else [0]


def _filled_up(small: Array) -> Array:
    """The picture with grey to the right and below, where a side has fewer than 128 pixels."""
    import cv2

    down, right = (max(0, FILLED_SIDE - side) for side in small.shape[:2])
    if not (down or right):
        return small
    grey = (127, 127, 127)
    return np.asarray(cv2.copyMakeBorder(small, 0, down, 0, right, cv2.BORDER_CONSTANT, value=grey))


def _plausible(found: Array, shape: tuple[int, ...]) -> Array:
    """Which of the detector's finds can be faces of a picture of this shape: (n,) bool.

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


def _best(faces: list[Face]) -> list[Face]:
    """Of faces that cover each other, the one with the best score."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(_overlap(face, other) < _OVERLAP for other in kept):
            kept.append(face)
    return kept


def _overlap(a: Face, b: Face) -> float:
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
            "onnx", np.fromfile(WEIGHTS, np.uint8), nothing, (SIDE, SIDE), SCORE, _OVERLAP, 1000
        )
    return _local.detector
