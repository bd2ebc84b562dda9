"""Faces from frame to frame: found by the detector now and then, followed by the regressor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from toonmark.faces.choose import SMALLEST_FACE
from toonmark.faces.detect import face_from_points, find_faces
from toonmark.faces.refine import Refiner
from toonmark.landmarks import Array, inter_eye_distance
from toonmark.video.smoothing import PointFilter

#: The detector looks again after this many frames: for new faces, and whether the old are there.
LOOK_EVERY = 8
#: Points that leave the last ones by more than this, in eye distances, are no longer the face.
LOST = 0.5
#: With so many looks on end that miss a face it is given up: one may, in motion blur.
MISSES = 2


@dataclass
class Track:
    """One face over time.

    Attributes:
        number: counted from 1 in the order of appearance.
        points: (5, 2) where it was last found, not smoothed.
        smooth: (5, 2) what to draw it from.
        frames: in how many frames it was seen.
    """

    number: int
    points: Array
    smooth: Array
    frames: int = 0
    missed: int = 0
    filter: PointFilter = field(default_factory=PointFilter, repr=False)

    @property
    def unit(self) -> float:
        """Distance between the eyes in pixels."""
        return float(inter_eye_distance(self.points))


class Tracker:
    """Follows the faces of one clip.

    Args:
        refine: finds points near where they were.
        faces: follow the largest face, or all.
    """

    def __init__(self, refine: Refiner, faces: Literal["largest", "all"] = "largest") -> None:
        self._refine = refine
        self._faces = faces
        self._tracks: list[Track] = []
        self._age = LOOK_EVERY
        self.seen = 0

    def next(self, frame: Array, time: float) -> list[Track]:
        """The faces of the next frame that can be drawn, those seen longest first.

        Args:
            frame: (h, w, 3) uint8 RGB.
            time: seconds since the beginning.
        """
        self._age += 1
        if self._tracks:
            self._follow(frame)
        if not self._tracks or self._age >= LOOK_EVERY:
            self._look(frame)
        height, width = frame.shape[:2]
        drawable = []
        for track in self._tracks:
            track.frames += 1
            track.smooth = track.filter.next(track.points, track.unit, time)
            inside = (track.smooth >= 0) & (track.smooth <= [width - 1, height - 1])
            if inside.all() and face_from_points(track.smooth).size >= SMALLEST_FACE:
                drawable.append(track)
        return drawable

    def _follow(self, frame: Array) -> None:
        found = self._refine.locate(frame, np.stack([track.points for track in self._tracks]))
        for track, points in zip(self._tracks, found, strict=True):
            moved = np.linalg.norm(points - track.points, axis=1).max()
            size = float(inter_eye_distance(points)) / track.unit
            if moved < LOST * track.unit and 0.7 < size < 1.4:
                track.points = points
            else:
                self._age = LOOK_EVERY  # something happened: the detector shall see

    def _look(self, frame: Array) -> None:
        self._age = 0
        found = find_faces(frame, thorough=self._faces == "all")
        refined = self._refine(frame, np.array([face.points for face in found]))
        left = list(refined)
        for track in self._tracks:
            near = [i for i, points in enumerate(left) if _near(points, track)]
            if near:
                track.missed = 0
                # Followed points are steadier; those that went astray are put right.
                left.pop(near[0])
            else:
                track.missed += 1
                again = [i for i, points in enumerate(left) if _overlaps(points, track)]
                if again:
                    track.points, track.missed = left.pop(again[0]), 0
        self._tracks = [track for track in self._tracks if track.missed < MISSES]
        if self._faces == "largest" and self._tracks:
            return
        for points in left[: None if self._faces == "all" else 1]:
            self.seen += 1
            self._tracks.append(Track(self.seen, points, points))


def _near(points: Array, track: Track) -> bool:
    return bool(np.linalg.norm(points - track.points, axis=1).max() < LOST * track.unit)


def _overlaps(points: Array, track: Track) -> bool:
    """Still the same face, moved too fast to be followed: by less than its own width."""
    return bool(np.linalg.norm(points.mean(0) - track.points.mean(0)) < 1.2 * track.unit)
