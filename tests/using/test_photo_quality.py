"""What is wrong with a photo is said; the face is drawn all the same."""

from __future__ import annotations

import numpy as np
import pytest

from toonmark import Cartoonizer
from toonmark.errors import PoorPhotoWarning, TurnedFaceWarning
from toonmark.faces.align import face_transform, inside, transform_points
from toonmark.faces.photo_quality import flaw
from toonmark.landmarks import PORTRAIT_TEMPLATE, template_points


@pytest.mark.parametrize("light", ["even", "one side"])
def test_only_what_cannot_be_seen_is_a_flaw(light):
    points, seen = template_points(64), np.ones((64, 64), bool)
    for value, wanted in ((4, "dark"), (40, ""), (128, ""), (240, ""), (254, "bright")):
        crop = np.full((64, 64, 3), float(value))
        if light == "one side" and 4 < value < 254:
            crop[:, :32] = 255 if value > 128 else 2
            wanted = ""
        assert flaw(crop, points, seen) == wanted


@pytest.mark.parametrize(("right", "wanted"), [(200, ""), (140, ""), (90, "cut"), (70, "cut")])
def test_a_face_at_the_photos_edge_is_cut(right, wanted):
    """The eyes are at 80 and 120, the photo ends at ``right``."""
    points = template_points(200, PORTRAIT_TEMPLATE)
    transform = face_transform(points, 64, PORTRAIT_TEMPLATE)
    seen = inside((200, right), transform, 64)
    crop = np.full((64, 64, 3), 120.0)
    assert flaw(crop, transform_points(points, transform), seen) == wanted


def test_it_is_said_with_the_drawing(pack, astronaut):
    photo, cartoonizer = astronaut, Cartoonizer(pack)
    dark = (photo.astype(float) * 0.03).astype(np.uint8)
    points = cartoonizer(photo)[0].points
    with pytest.warns(PoorPhotoWarning, match="nearly black") as caught:
        (drawn,) = cartoonizer(dark, landmarks=points)
    assert not any(issubclass(one.category, TurnedFaceWarning) for one in caught)
    assert drawn.flaw == "dark"
    assert drawn.warning.startswith("The face is nearly black") or "Face 1" in drawn.warning
    edge = int(max(points[[1, 4], 0])) + 2
    cut = photo[:, :edge]
    with pytest.warns(PoorPhotoWarning, match="cut off"):
        cartoonizer(cut, landmarks=points)
