"""A source of unannotated cartoon faces, whose landmarks are detected and refined.

``cartoons`` (Bitmoji-like faces, by MTCNN) and ``anime`` (by animeface, or a cascade) are the same
source with another proposer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from toonmark import pictures
from toonmark.data.proposals import Proposal, Proposer, guess
from toonmark.data.sources import Kept, Rejected
from toonmark.data.sources.photos import Photos, crop_on_white, squared
from toonmark.data.sources.selection import Reason, Selection
from toonmark.faces.align import face_transform, invert, similarity, transform_points
from toonmark.landmarks import FACE_TEMPLATE, Array, inter_eye_distance

#: Points that a regressor moves further than this part of the inter-eye distance are not believed.
FURTHEST = 0.3


@dataclass(kw_only=True)
class Cartoons(Photos):
    """Drawn faces.

    Attributes:
        proposer: finds the points of a drawing.
        refiner: finds them again in the upright crop, if given: a regressor trained on drawings.
        keep_all: keep drawings in which no face was found, with guessed points, to be annotated.
        crop: cut the drawings to the face template; otherwise they stay whole, on white squares.
        selection: which faces are kept; a drawing may be as grey and as soft as it likes.
    """

    proposer: Proposer
    refiner: Proposer | None = None
    keep_all: bool = False
    crop: bool = True
    selection: Selection = field(
        default_factory=lambda: Selection(yaw=20.0, enlargement=2.0, duplicate=0)
    )
    kind: str = "cartoons"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.title = f"{self.kind} {self.root.resolve().name}"
        self.duplicates = 0  # perceptual hashes are blind to colour, by which drawings differ

    def configuration(self) -> Mapping[str, Any]:
        """See :class:`~toonmark.data.sources.Source`."""
        return {
            "source": self.kind,
            **self.common(),
            "template": FACE_TEMPLATE.round(6).tolist() if self.crop else None,
            "proposer": self.proposer.name,
            "refiner": self.refiner.name if self.refiner else None,
            "keep all": self.keep_all,
            "selection": asdict(self.selection),
        }

    def make_from(self, name: str, photo: pictures.Photo) -> Kept | Rejected:
        """Crops the face of a drawing, or says why not."""
        pixels = photo.pixels
        found = self.proposer.propose(pixels)
        if found is None:
            return self._whole(pixels, None) if self.keep_all else Rejected(Reason.NO_FACE)
        reason = self.selection.of_points(found.points, self.size)
        if reason is not None and not self.keep_all:
            return Rejected(reason)
        if not self.crop or reason is not None:
            return self._whole(pixels, found)
        image = crop_on_white(pixels, face_transform(found.points, self.size), self.size)
        points = transform_points(found.points, face_transform(found.points, self.size))
        points, confidence = self._refined(image, points, found.confidence)
        return Kept(image, points, content_hash(image), confidence)

    def _whole(self, pixels: Array, found: Proposal | None) -> Kept:
        square, moved = squared(pixels)
        side = square.shape[0]
        corners = np.array([[-0.5, -0.5], [side - 0.5, side - 0.5]])
        transform = similarity(corners, (corners + 0.5) * self.size / side - 0.5)
        image = crop_on_white(square, transform, self.size)
        if found is None:
            found = guess(self.size)
            return Kept(image, found.points, content_hash(image), found.confidence)
        points = transform_points(found.points + moved, transform)
        points, confidence = self._refined(image, points, found.confidence)
        return Kept(image, points, content_hash(image), confidence)

    def _refined(self, image: Array, points: Array, confidence: float) -> tuple[Array, float]:
        if self.refiner is None:
            return points, confidence
        # The regressor knows upright crops on the template, whatever the picture is.
        upright = face_transform(points, self.size)
        better = self.refiner.propose(crop_on_white(image, upright, self.size))
        if better is None:
            return points, confidence
        refined = transform_points(better.points, invert(upright))
        moved = np.linalg.norm(refined - points, axis=-1).max()
        if moved > FURTHEST * inter_eye_distance(points):
            return points, min(confidence, 0.1)
        return refined, better.confidence


def content_hash(image: Array) -> int:
    """128 bits of the picture itself: only the same drawing has the same."""
    return int.from_bytes(hashlib.sha256(image.tobytes()).digest()[:16], "big")
