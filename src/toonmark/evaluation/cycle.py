"""Cycle-consistency error: a picture translated to the other domain and back, against itself."""

from __future__ import annotations

import numpy as np

from toonmark.evaluation.baseline import Baseline
from toonmark.evaluation.drawers import Drawer, way_back
from toonmark.evaluation.networks import EvaluationNetworks
from toonmark.evaluation.scores import BothCycles, Cycle
from toonmark.evaluation.selection import Selection, batches
from toonmark.landmarks import FACE_TEMPLATE, Array


def cycle_error(
    there: Drawer,
    back: Drawer,
    pictures: Selection,
    tools: EvaluationNetworks,
    crop: bool = False,
    template: Array = FACE_TEMPLATE,
) -> Cycle:
    """The cycle's error on pictures with landmarks; the same landmarks condition both ways.

    For face to cartoon to face, ``there`` draws cartoons; for the other way, exchange them and
    give cartoons.

    Args:
        there, back: the two generators, of one size.
        pictures: each with its points.
        tools: the extractor for the perceptual distance.
        crop: as in :class:`Options`.
        template: where the points of recropped pictures lie.

    Returns:
        Mean absolute difference in [0, 1]; mean distance of the features as a share of the mean
        distance between two different pictures, so that 1 is no better than somebody else.
    """
    if there.size != back.size:
        raise ValueError(f"the generators draw {there.size} and {back.size} pixels")
    absolute, before, after = [], [], []
    for originals, given in batches(pictures, there.size, crop, template=template):
        points = np.stack(given)  # type: ignore[arg-type]
        returned = back.draw(there.draw(originals, points), points)
        difference = np.abs(returned.astype(np.float32) - originals.astype(np.float32))
        absolute.append(difference.mean((1, 2, 3)) / 255)
        before.append(tools.features(originals))
        after.append(tools.features(returned))
    own, again = np.concatenate(before), np.concatenate(after)
    moved = float(np.linalg.norm(own - again, axis=1).mean())
    # Each against its neighbour in the list: different pictures, and no N by N table.
    apart = float(np.linalg.norm(own - np.roll(own, 1, axis=0), axis=1).mean())
    values = np.concatenate(absolute)
    return Cycle(l1=float(values.mean()), perceptual=moved / max(apart, 1e-9), n=len(values))


def both_cycles(
    drawer: Drawer, base: Baseline, tools: EvaluationNetworks, crop: bool
) -> BothCycles | None:
    """A run's cycles on the pictures that everything else is measured on; None for a pack."""
    back = way_back(drawer)
    if back is None:
        return None
    known = base.cartoons.with_points()
    return BothCycles(
        face=cycle_error(drawer, back, base.faces, tools, crop, base.template),
        cartoon=cycle_error(back, drawer, known, tools) if len(known) > 1 else None,
    )
