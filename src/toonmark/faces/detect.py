"""Detects faces and five landmarks in a photo, by YuNet at several scales, tiles and rotations."""

from __future__ import annotations

import numpy as np

from toonmark.faces.yunet import OVERLAP, Face, Sizes, detect_once, overlap
from toonmark.landmarks import Array, inter_eye_distance

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

#: What is only found in an odd view of the picture counts from this score.
CAREFUL_SCORE = 0.8
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
    sizes = Sizes(image)
    if not thorough and longer > QUICK_SIDE:
        faces = sorted(detect_once(sizes, QUICK_SIDE), key=lambda face: -face.size)
        good = faces and faces[0].size * QUICK_SIDE / longer >= GOOD_SIZE[0]
        if good and faces[0].score >= UPRIGHT_SCORE:
            over = detect_once(sizes, QUICK_SIDE, quarters=2)
            if faces[0].score >= max((face.score for face in over), default=0.0):
                return faces
    faces = detect_once(sizes, SIDE)
    if not faces:
        faces = detect_once(sizes, QUICK_SIDE, frame=0.4, score=CAREFUL_SCORE)
    if (thorough or not faces) and longer > 1.5 * SIDE:
        faces = _best(faces + _closer(image, faces))
    if (thorough or not faces) and longer > PART:
        faces = _best(faces + _look_at_parts(image))

    turned, best = 0, max((face.score for face in faces), default=CAREFUL_SCORE)
    for quarters in (1, 2, 3) if best < UPRIGHT_SCORE else (2,):
        others = detect_once(sizes, SIDE, quarters=quarters)
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
    """The finds of a closer look; of those that a coarser one should have seen, only those it saw.

    Else badges and patterns are faces. Of 200 portraits in groups of up to 25 it loses none.
    """
    found = detect_once(image, LARGE_SIDE, score=CAREFUL_SCORE)
    seen = GOOD_SIZE[0] * max(image.shape[:2]) / SIDE
    return [
        face
        for face in found
        if not faces or face.size < seen or any(overlap(face, other) > OVERLAP for other in faces)
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
    for found in detect_once(part, QUICK_SIDE, frame=frame, quarters=quarters):
        (left, top, *size), points = found.box, found.points + low
        moved = Face((left + low[0], top + low[1], size[0], size[1]), points, found.score)
        if overlap(moved, face) > OVERLAP:
            return moved
    return face


def _look_at_parts(image: Array) -> list[Face]:
    """Small faces in a large picture, such as a panorama of a crowd."""
    height, width = image.shape[:2]
    faces = []
    for top in _starts(height):
        for left in _starts(width):
            part = image[top : top + PART, left : left + PART]
            for face in detect_once(part, LARGE_SIDE, score=CAREFUL_SCORE):
                x, y, *size = face.box
                box = (x + left, y + top, size[0], size[1])
                faces.append(Face(box, face.points + [left, top], face.score))
    return faces


def _starts(side: int) -> list[int]:
    """Where parts begin that cover a side, all of one length."""
    steps = -(-max(side - PART, 0) // (PART - PART_OVERLAP))
    return [round(step * (side - PART) / steps) for step in range(steps + 1)] if steps else [0]


def _best(faces: list[Face]) -> list[Face]:
    """Of faces that cover each other, the one with the best score."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(overlap(face, other) < OVERLAP for other in kept):
            kept.append(face)
    return kept
