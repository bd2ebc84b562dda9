"""Pre-annotation of drawings: landmarks from detectors, each with a confidence.

Nobody should place five points on an empty picture: whatever finds a face roughly proposes, a
regressor refines, and a person corrects what is doubtful (``toonmark annotate``).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from toonmark.errors import DataError
from toonmark.faces.animeface import AnimeFace
from toonmark.faces.mtcnn import Mtcnn
from toonmark.landmarks import (
    FACE_TEMPLATE,
    Array,
    inter_eye_distance,
    template_points,
)


@dataclass(frozen=True)
class Proposal:
    """Points for a picture.

    Attributes:
        points: (5, 2) pixels.
        confidence: 0 (a guess that only a person can turn into points) to 1.
    """

    points: Array
    confidence: float


class Proposer(Protocol):
    """Proposes points; safe to call from several threads."""

    name: str

    def propose(self, image: Array) -> Proposal | None:
        """(H, W, 3) uint8 RGB to a proposal for its one face, or None."""
        ...


def agreement(points: Array, others: Array) -> float:
    """The agreement of two answers, 1 for the same: 0.37 where they differ by 5 % of the eyes."""
    unit = max(float(inter_eye_distance(points)), 1e-6)
    apart = np.linalg.norm(np.asarray(points) - others, axis=-1).mean() / unit
    return float(np.exp(-apart / 0.05))


class MtcnnProposer:
    """MTCNN (Zhang et al., arXiv 1604.02878): made for photos, right on Bitmoji-like faces too.

    Raises:
        MissingExtraError: the package that carries it is not installed.
    """

    name = "MTCNN"

    def __init__(self) -> None:
        self._local = threading.local()  # OpenCV's networks cannot be shared between threads
        self._finder()

    def _finder(self) -> Any:
        if not hasattr(self._local, "finder"):
            self._local.finder = Mtcnn()
        return self._local.finder

    def propose(self, image: Array) -> Proposal | None:
        """Detects twice, the second time with a white margin; points that agree are trusted."""
        pad = max(image.shape[:2]) // 6
        white = (255, 255, 255)
        further = cv2.copyMakeBorder(image, *(pad,) * 4, cv2.BORDER_CONSTANT, value=white)
        near, far = self._finder().find(image), self._finder().find(further)
        if near is None and far is None:
            return None
        if near is None or far is None:
            return Proposal(near if near is not None else far - pad, 0.2)
        return Proposal((near + far - pad) / 2, agreement(near, far - pad))


class AnimeFaceProposer:
    """animeface, for anime faces; see :class:`toonmark.faces.animeface.AnimeFace`."""

    name = "animeface 2"
    _side, _margins = 128, (0.0, 0.25)

    def __init__(self) -> None:
        self._finder = AnimeFace()

    def propose(self, image: Array) -> Proposal | None:
        """Detects in the picture, then with a white margin around it."""
        found = (self._finder.largest(image, self._side, margin) for margin in self._margins)
        answers = [one for one in found if one is not None]
        if not answers:
            return None
        best = max(answers, key=lambda answer: answer.likelihood)
        if len(answers) < 2:
            return Proposal(best.points, 0.5 * best.likelihood)
        return Proposal(best.points, best.likelihood * agreement(*(a.points for a in answers)))


class Cascade:
    """A user's own OpenCV cascade, such as ``lbpcascade_animeface.xml``: boxes, and no points.

    Points are then found in the box by ``inner``; without it, or where that finds none, they are
    guessed from the box, to be corrected.
    """

    #: Where the points lie in a box of lbpcascade_animeface: (5, 2) shares of it.
    points_in_box = np.array([[0.31, 0.52], [0.69, 0.52], [0.5, 0.68], [0.42, 0.8], [0.58, 0.8]])

    def __init__(self, path: Path, inner: Proposer | None = None) -> None:
        self._text, self._inner = path, inner
        self._local = threading.local()
        self.name = f"cascade {path.name}" + (f", {inner.name}" if inner else "")
        self._cascade()

    def _cascade(self) -> Any:
        if not hasattr(self._local, "cascade"):
            cascade = cv2.CascadeClassifier()
            try:
                loaded = self._text.is_file() and cascade.load(str(self._text))
            except cv2.error:
                loaded = False
            if not loaded:
                raise DataError(
                    f"{self._text} is no cascade that OpenCV can read.",
                    "Give the .xml file of a trained cascade.",
                )
            self._local.cascade = cascade
        return self._local.cascade

    def propose(self, image: Array) -> Proposal | None:
        """The largest box, and points in it."""
        grey = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        boxes = self._cascade().detectMultiScale(grey, 1.1, 5, minSize=(24, 24))
        if len(boxes) == 0:
            return None
        x, y, width, height = max(boxes.tolist(), key=lambda box: box[2])
        spare = width // 3
        x0, y0 = max(0, x - spare), max(0, y - spare)
        part = image[y0 : y + height + spare, x0 : x + width + spare]
        if self._inner and (found := self._inner.propose(np.ascontiguousarray(part))):
            return Proposal(found.points + [x0, y0], found.confidence)
        return Proposal(self.points_in_box * [width, height] + [x - 0.5, y - 0.5], 0.0)


def guess(size: int) -> Proposal:
    """The template itself, where nothing was found: to be dragged, never from nothing."""
    return Proposal(template_points(size, FACE_TEMPLATE), 0.0)
