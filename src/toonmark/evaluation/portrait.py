"""Whole portraits: whether a drawing keeps the person's outline, colours and glasses.

* Silhouette: the overlap (intersection over union) of the drawn figure with u2netp's matte of the
  photo, and how much of the figure lies outside of it. A matte errs too, so the same is measured
  against MediaPipe's Selfie Segmentation, and of the pixels on which both agree.
* What is on the head, hair or a cover: CIEDE2000 between its median colours in photo and drawing,
  in the region that GrabCut finds in the photo.
* Glasses: frames fitted to thin lines; surely worn in the photo and drawn, or surely not worn and
  drawn all the same. Of 240 portraits that were looked at, one of 23 "surely worn" wore none.

The same parts take portraits apart for ``toonmark train-layers``, so a style that learnt from them
is not judged independently here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from toonmark.cutout import figure
from toonmark.data.face_mesh import FaceMesh
from toonmark.data.layers.face_regions import SIZE
from toonmark.data.layers.glasses import NONE, SURE, fitted
from toonmark.data.layers.photo_regions import found_regions
from toonmark.data.mask_shapes import grown
from toonmark.data.matting import Matting
from toonmark.data.mediapipe_networks import SelfieMask
from toonmark.evaluation.background import iou
from toonmark.evaluation.colour import ciede2000
from toonmark.evaluation.scores import Portraits
from toonmark.landmarks import Array
from toonmark.srgb import to_lab

#: Edge in pixels at which portraits are judged.
_EDGE = 512
#: How far from the matte, of the frame's edge, a figure is outside of it.
_AWAY = 0.03
#: The least area, of 256² pixels, of what is on the head for its colour to count.
_LEAST = 200


@dataclass(frozen=True)
class JudgedPortrait:
    """One drawing beside its photo.

    Attributes:
        overlap: of figure and u2netp's matte, in [0, 1].
        outside: share of the figure that is farther from the matte than 3 % of the frame.
        second, second_outside: the same by Selfie Segmentation.
        agreed: overlap, of the pixels on which both agree.
        top: CIEDE2000 of what is on the head; NaN where there is too little of it.
        glasses, glasses_drawn: how surely there are glasses, in the photo and in the drawing
            (:data:`toonmark.data.layers.glasses.SURE`).
    """

    overlap: float
    outside: float
    second: float
    second_outside: float
    agreed: float
    top: float
    glasses: float
    glasses_drawn: float


class PortraitJudge:
    """Compares drawings with their photos; about half a second each.

    Raises:
        MattingMissingError, MediaPipeMissingError: a network is not installed.
    """

    def __init__(self) -> None:
        self._matting, self._mesh, self._second = Matting(), FaceMesh(), SelfieMask()

    def __call__(self, photo: Array, drawing: Array, points: Array) -> JudgedPortrait:
        """Judges one.

        Args:
            photo: (S, S, 3) uint8 RGB crop.
            drawing: (T, T, 3) uint8 RGB, the same frame, on white.
            points: (5, 2) landmarks, pixels of the photo.
        """
        points = (np.asarray(points, np.float64) + 0.5) * (_EDGE / len(photo)) - 0.5
        photo, drawing = (
            cv2.resize(one, (_EDGE, _EDGE), interpolation=cv2.INTER_AREA)
            for one in (photo, drawing)
        )
        person, second = self._matting.coarse(photo) > 0.5, self._second(photo) > 0.5
        drawn = figure(drawing, _EDGE)[..., 3] > 127
        agreed = person == second
        dense = self._mesh(photo, points).dense
        top = found_regions(photo, person.astype(np.float32), dense).top
        colours = [_median_lab(one, top) for one in (photo, drawing)]
        return JudgedPortrait(
            overlap=iou(drawn, person),
            outside=_outside(drawn, person),
            second=iou(drawn, second),
            second_outside=_outside(drawn, second),
            agreed=iou(drawn & agreed, person & agreed),
            top=float(ciede2000(*colours)) if top.sum() > _LEAST else float("nan"),
            glasses=fitted(photo, dense).score,
            glasses_drawn=fitted(drawing, dense).score,
        )


def _outside(drawn: Array, person: Array) -> float:
    """The share of the drawing that is farther from the person than :data:`_AWAY`."""
    near = grown(person, round(_AWAY * _EDGE))
    return float((drawn & ~near).sum() / max(drawn.sum(), 1))


def _median_lab(image: Array, mask: Array) -> Array:
    """The median L*a*b* of a region, given at a smaller size: (3,)."""
    small = cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    lab = to_lab(small)
    return np.asarray(np.median(lab[mask], axis=0) if mask.any() else np.full(3, np.nan))


def portrait_scores(judged: Sequence[JudgedPortrait]) -> Portraits:
    """The scores over all drawings of one style."""
    overlaps = {
        name: np.array([getattr(one, name) for one in judged])
        for name in ("overlap", "second", "agreed")
    }
    median = {name: float(np.median(values)) for name, values in overlaps.items()}
    worst = {name: float(np.quantile(values, 0.1)) for name, values in overlaps.items()}
    top = np.array([one.top for one in judged])
    glasses = np.array([one.glasses for one in judged])
    shown = np.array([one.glasses_drawn for one in judged]) >= SURE
    worn, bare = glasses >= SURE, glasses < NONE
    return Portraits(
        n=len(judged),
        overlap=median["overlap"],
        overlap_worst_tenth=worst["overlap"],
        outside=float(np.mean([one.outside for one in judged])),
        second_overlap=median["second"],
        second_worst_tenth=worst["second"],
        second_outside=float(np.mean([one.second_outside for one in judged])),
        agreed_overlap=median["agreed"],
        agreed_worst_tenth=worst["agreed"],
        top_difference=None if np.isnan(top).all() else float(np.nanmedian(top)),
        top_measured=int((~np.isnan(top)).sum()),
        glasses_worn=int(worn.sum()),
        glasses_kept=int((worn & shown).sum()),
        bare=int(bare.sum()),
        glasses_invented=int((bare & shown).sum()),
    )
