"""The base of photo sources with known landmarks: crops each face and applies the selection."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import cv2
import numpy as np

from toonmark import pictures
from toonmark.data.matting import Matting, on_white
from toonmark.data.sources import Kept, Rejected
from toonmark.data.sources.photos import Photos, as_bytes
from toonmark.data.sources.selection import (
    JUDGED_AT,
    Reason,
    Selection,
    flaw_of_matte,
    perceptual_hash,
)
from toonmark.faces.align import (
    compose,
    crop,
    face_transform,
    inside,
    scale_of,
    transform_points,
)
from toonmark.landmarks import FRAMES, Array


@dataclass(kw_only=True)
class FaceCrops(Photos):
    """Photos whose faces are cropped; a source finds their points, or is given them.

    Attributes:
        matting: lays the person on white, if given.
        selection: which faces are kept.
        frame: what the crops show, one of :data:`toonmark.landmarks.FRAMES`.
    """

    matting: Matting | None = None
    selection: Selection = field(default_factory=Selection)
    frame: str = "face"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.duplicates = self.selection.duplicate

    def common(self) -> dict[str, Any]:
        """The settings that decide the crops of any such source."""
        return {
            **super().common(),
            "template": FRAMES[self.frame].round(6).tolist(),
            "matte": "u2netp" if self.matting else None,
            "selection": asdict(self.selection),
        }

    def crop(self, photo: pictures.Photo, points: Array) -> Kept | Rejected:
        """The crop of a photo's face in a frame, or why it is left out.

        Sharpness, colour and the head's being whole are judged in the tight frame, whatever the
        frame of the crop. A portrait has white, and no repeated pixels, beyond the photo's edge.

        Args:
            photo: perhaps read at a part of its size.
            points: (5, 2) in the pixels that were read.
        """
        template = FRAMES[self.frame]
        transform = face_transform(points, self.size, template)
        if photo.reduction > 1 and scale_of(transform) > 1:
            # A small face in a large photo: worth reading all of its pixels.
            points, photo = transform_points(points, photo.to_full), photo.full()
            transform = face_transform(points, self.size, template)
        if reason := self.selection.of_points(points, self.size, template):
            return Rejected(reason)

        pixels = photo.pixels
        covered = inside(pixels.shape, transform, self.size)
        if 1 - float(covered.mean()) > self.selection.cut_off:
            return Rejected(Reason.CUT_OFF)
        image = as_bytes(crop(pixels, transform, self.size, None if self.frame == "face" else 255))
        if self.frame == "face":
            reason = self.selection.of_crop(image, covered)
        else:
            tight = face_transform(points, JUDGED_AT)
            face = as_bytes(crop(pixels, tight, JUDGED_AT))
            reason = self.selection.of_crop(face, inside(pixels.shape, tight, JUDGED_AT))
        if reason:
            return Rejected(reason)
        if self.matting:
            double = compose(transform, np.array([[2, 0, 0.5], [0, 2, 0.5]], np.float64))
            colours, alpha = self.matting.matte(pixels, double, 2 * self.size)
            if flaw := flaw_of_matte(alpha, template):
                return Rejected(Reason.BAD_MATTE, flaw)
            white = on_white(colours, alpha)
            image = as_bytes(
                cv2.resize(white, (self.size, self.size), interpolation=cv2.INTER_AREA)
            )
        return Kept(image, transform_points(points, transform), perceptual_hash(pixels))
