"""Points smoothed over time, so that a drawing does not jitter."""

from __future__ import annotations

import numpy as np

from toonmark.landmarks import Array


class PointFilter:
    """The One Euro filter (Casiez, Roussel and Vogel, 2012): steady when still, quick in motion.

    Speeds are measured in distances between the eyes a second, so that a near face is treated as a
    far one. The page has the same filter (``web/src/vision/euro.js``).

    Args:
        cutoff: Hz, how much is smoothed at rest; less is steadier.
        beta: how much faster it follows the faster the points move.
        speed_cutoff: Hz, for the speeds themselves.
        jump: points that move further than this at once, in eye distances, are another face's.
    """

    def __init__(
        self,
        cutoff: float = 1.2,
        beta: float = 1.5,
        speed_cutoff: float = 1.0,
        jump: float = 0.6,
    ) -> None:
        self.cutoff, self.beta, self.speed_cutoff, self.jump = cutoff, beta, speed_cutoff, jump
        self._points: Array | None = None
        self._speeds = np.zeros((5, 2))
        self._time = 0.0

    def next(self, points: Array, unit: float, time: float) -> Array:
        """Takes what was measured, and gives what to draw.

        Args:
            points: (5, 2) pixels.
            unit: distance between the eyes in pixels.
            time: seconds since the beginning.

        Returns:
            (5, 2) float64.
        """
        points = np.asarray(points, np.float64)
        last = self._points
        if last is None or np.linalg.norm(points - last, axis=1).max() > self.jump * unit:
            self._points, self._speeds, self._time = points.copy(), np.zeros_like(points), time
            return self._points
        seconds = max(time - self._time, 1e-3)
        self._time = time
        speed = (points - last) / unit / seconds
        self._speeds = self._speeds + _share(self.speed_cutoff, seconds) * (speed - self._speeds)
        share = _share(self.cutoff + self.beta * np.abs(self._speeds), seconds)
        self._points = last + share * (points - last)
        return self._points


def _share(cutoff: Array | float, seconds: float) -> Array:
    """The weight of a new value in a low-pass filter of this cut-off frequency."""
    return np.asarray(1 / (1 + 1 / (2 * np.pi * np.asarray(cutoff) * seconds)))
