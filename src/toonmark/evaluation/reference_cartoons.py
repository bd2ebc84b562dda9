"""Measures held-out real cartoons: the reference values that no style can be expected to beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from toonmark.evaluation import background
from toonmark.evaluation.estimates import point_error
from toonmark.evaluation.networks import EvaluationNetworks
from toonmark.evaluation.scores import PointError
from toonmark.evaluation.selection import Selection, batches
from toonmark.landmarks import Array, inter_eye_distance


@dataclass
class Cartoons:
    """Features, the detector's error with and without its mean offset, and how clean they are."""

    features: Array
    error: PointError | None
    corrected: PointError | None
    offset: Array | None
    haze: float
    chequer: float

    @classmethod
    def measure(
        cls,
        cartoons: Selection,
        size: int,
        tools: EvaluationNetworks,
        report: Callable[[str, int, int], None],
        what: str,
        points: bool,
    ) -> Cartoons:
        """Takes all measures that need no style."""
        features, true, found, clean = [np.zeros((0, tools.extractor.dimensions))], [], [], []
        done = 0
        for pictures, given in batches(cartoons, size):
            features.append(tools.features(pictures))
            known = [i for i, point in enumerate(given) if points and point is not None]
            if known:
                true += [given[i] for i in known]
                found.append(tools.points(pictures[known]))
            clean += [(background.haze(p), background.chequer(p)) for p in pictures]
            done += len(pictures)
            report(what, done, len(cartoons))
        error = corrected = offset = None
        if true:
            exact, seen = np.stack(true), np.concatenate(found)  # type: ignore[arg-type]
            error = point_error(seen, exact)
            shift = (seen - exact) / inter_eye_distance(exact)[:, None, None]
            if error.not_found < 1:
                offset = np.nanmean(shift, axis=0)
                moved = seen - offset * inter_eye_distance(exact)[:, None, None]
                corrected = point_error(moved, exact)
        haze, chequer = np.mean(clean, axis=0) if clean else (0.0, 0.0)
        return cls(np.concatenate(features), error, corrected, offset, float(haze), float(chequer))
