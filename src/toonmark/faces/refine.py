"""Our own landmark regressor moves a detector's coarse points to where they belong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from toonmark.cancellation import checkpoint
from toonmark.faces.align import crop, face_transform, invert, transform_points
from toonmark.faces.pose import roll
from toonmark.inference import Runtime, open_session
from toonmark.landmarks import Array, inter_eye_distance
from toonmark.ranges import to_network

#: The regressor that ships. Input `face` (N,3,128,128) RGB in [-1,1]; outputs `heatmaps`
#: (N,5,128,128) and `landmarks` (N,5,2), pixels of that crop.
WEIGHTS = Path(__file__).with_name("landmarks.onnx")
SIZE = 128

#: The regressor runs again, each time on an upright crop by its last points, until none moves by
#: more than ``SETTLED`` of the inter-eye distance, or after this many passes.
MAX_PASSES = 6
SETTLED = 0.06

#: Faces that go through the regressor at a time; each takes 6 MB in it.
BATCH = 16

#: How much the regressor's points count against the detector's. The two err independently: chosen
#: with the regressor before this one, whose mean error it took from 5.6 % to 5.2 % of the inter-eye
#: distance (a third network's points on 67 photos).
TRUST = 0.7

#: But the detector sees tilted heads as more upright than they are. Where the regressor sees a tilt
#: that differs by more than so many degrees, it is believed alone.
TILT = 6.0

#: Points that move further than this on the mean, in inter-eye distances, are not believed: there
#: the crop held no face that the regressor knows, or it settled upside down.
FURTHEST = 0.6

#: From where it looks again then: the detector's points turned by these degrees.
TURNS = (-45.0, 45.0)


class Refiner:
    """Refines landmarks; where the regressor is not installed, leaves them as they are.

    Safe to share between threads.
    """

    def __init__(
        self, path: Path = WEIGHTS, threads: int | None = None, runtime: Runtime = "cpu"
    ) -> None:
        # Points are the same whatever draws: half a pixel of bfloat16 would be seen.
        runtime = "cpu" if runtime == "openvino" else runtime
        there = path.is_file()
        self._session: Any = open_session(path, threads, runtime) if there else None

    def __call__(self, image: Array, points: Array) -> Array:
        """Moves the points of all faces in one picture.

        Args:
            image: (h, w, 3) uint8 RGB.
            points: (n, 5, 2) coarse landmarks in the picture's pixels.

        Returns:
            (n, 5, 2) float64. A face on which the regressor does not settle keeps the coarse ones.
        """
        coarse = np.asarray(points, np.float64)
        if self._session is None or len(coarse) == 0:
            return coarse
        refined, found = self._settled(image, coarse, coarse)
        if not found.all():
            lost = np.flatnonzero(~found)
            for turn in TURNS:
                others, good = self._settled(image, turned(coarse[lost], turn), coarse[lost])
                moved, before = (_moved(p, coarse[lost]) for p in (others, refined[lost]))
                good &= ~found[lost] | (moved < before)
                refined[lost[good]], found[lost[good]] = others[good], True
        turns = np.array([roll(p) - roll(q) for p, q in zip(refined, coarse, strict=True)])
        aside = np.abs((turns + 180) % 360 - 180)
        trust = np.where(aside > TILT, 1.0, TRUST)[:, None, None]
        return np.where(found[:, None, None], trust * refined + (1 - trust) * coarse, coarse)

    def _settled(self, image: Array, start: Array, coarse: Array) -> tuple[Array, Array]:
        """The points at which repeated passes settle: (n, 5, 2), and whether they do: (n,)."""
        points, still = start.copy(), np.zeros(len(start), bool)
        for _ in range(MAX_PASSES):
            open_ones = np.flatnonzero(~still)
            if len(open_ones) == 0:
                break
            found = self.locate(image, points[open_ones])
            step = np.linalg.norm(found - points[open_ones], axis=-1).max(axis=-1)
            points[open_ones] = found
            still[open_ones] = step <= SETTLED * inter_eye_distance(coarse[open_ones])
        return points, still & (_moved(points, coarse) <= FURTHEST)

    def locate(self, image: Array, points: Array) -> Array:
        """One pass of the regressor over faces whose points are roughly known, as those of the last
        frame of a clip: (n, 5, 2) to (n, 5, 2), the same if it is not installed."""
        if self._session is None:
            return points
        located = []
        for start in range(0, len(points), BATCH):
            checkpoint()
            transforms = [face_transform(face, SIZE) for face in points[start : start + BATCH]]
            faces = to_network(np.stack([crop(image, transform, SIZE) for transform in transforms]))
            (found,) = self._session.run(["landmarks"], {"face": faces})
            located += [
                transform_points(face, invert(transform))
                for face, transform in zip(found, transforms, strict=True)
            ]
        return np.stack(located)


def turned(points: Array, degrees: float) -> Array:
    """Faces' points, (n, 5, 2), turned clockwise about their means."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = points.mean(axis=-2, keepdims=True)
    return np.asarray((points - middle) @ turn.T + middle)


def _moved(points: Array, coarse: Array) -> Array:
    """The points' mean way, in inter-eye distances: (n,)."""
    return np.asarray(
        np.linalg.norm(points - coarse, axis=-1).mean(axis=-1) / inter_eye_distance(coarse)
    )
