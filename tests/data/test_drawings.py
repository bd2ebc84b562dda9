"""Drawings of photos: looked at several times, and finished by what the photos show."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from toonmark.data.drawings.drawing_regions import HAIR, SKIN, regions
from toonmark.data.drawings.finishing import edge_distance, finished, outlined
from toonmark.data.drawings.views import median_of_views, views
from toonmark.data.facesjs.person_colours import natural_hair, natural_skin
from toonmark.faces.axes import FaceCoordinates
from toonmark.landmarks import mirror, template_points
from toonmark.srgb import from_lab, to_lab

SIZE = 128
POINTS = template_points(SIZE).astype(np.float32)
#: L*a*b* of what the photos show, and of what is drawn.
PHOTO = {"skin": [62, 14, 18], "hair": [60, 6, 32]}
DRAWN = {"skin": [74, 18, 24], "hair": [30, 12, 12]}


def picture_of(lab):
    return from_lab(lab) * 2 - 1


def lab_of(picture):
    return to_lab((picture + 1) / 2, white=1)


def person(colours, ink=None, beard=None, lift=0.0):
    """A face below its hair on white, in L*a*b* colours; with ``ink``, outlined."""
    lab = np.full((SIZE, SIZE, 3), [100, 0, 0], np.float32)
    cv2.ellipse(lab, (64, 66), (46, 54), 0, 0, 360, colours["hair"], -1)
    cv2.ellipse(lab, (64, 80), (33, 38), 0, 0, 360, colours["skin"], -1)
    if beard is not None:
        cv2.ellipse(lab, (64, 107), (16, 8), 0, 0, 360, beard, -1)
    if ink is not None:
        cv2.ellipse(lab, (64, 80), (33, 38), 0, 0, 360, ink, 2)
        for x, y in np.rint(POINTS[:2]).astype(int).tolist():
            cv2.circle(lab, (x, y), 3, ink, -1)
    lab[..., 0] = np.clip(lab[..., 0] + lift, 0, 100)
    return picture_of(lab)


def colour_at(picture, x, y, radius=3):
    return np.median(lab_of(picture)[y - radius : y + radius, x - radius : x + radius], (0, 1))


def test_views_carry_the_points_along_and_lead_back():
    picture = cv2.GaussianBlur(person(DRAWN, ink=[5, 0, 0]), (0, 0), 3)
    chosen = views(6, SIZE, np.random.default_rng(0))
    assert [view.mirrored for view in chosen] == [False, True] * 3
    for view in chosen:
        seen, points = view.of(picture, POINTS)
        assert points[0, 0] < points[1, 0], "the left eye stays the left one"
        x, y = np.rint(points[0]).astype(int)
        assert seen[y, x].mean() == pytest.approx(
            seen[y - 4 : y + 5, x - 4 : x + 5].mean(-1).min(), abs=0.1
        )
        inner = (slice(16, -16), slice(16, -16))
        back = view.back(seen if view.gamma == 1 else ((seen + 1) / 2) ** (1 / view.gamma) * 2 - 1)
        np.testing.assert_allclose(back[inner], picture[inner], atol=0.03)
    still, points = chosen[0].of(picture, POINTS)
    np.testing.assert_array_equal(still, picture)
    np.testing.assert_array_equal(points, POINTS)
    np.testing.assert_allclose(chosen[1].of(picture, POINTS)[1], mirror(POINTS, SIZE))


def test_what_only_one_view_shows_is_left_out():
    picture = person(DRAWN)

    def draws(faces, points):
        drawn = faces.copy()
        drawn[0, :, 70:80, 50:60] = -1  # a mark in the picture as it is
        return drawn

    random = np.random.default_rng(0)
    once = median_of_views(draws, picture, POINTS, 1, random)
    assert (once[70:80, 50:60] == -1).all()
    several = median_of_views(draws, picture, POINTS, 5, random)
    np.testing.assert_allclose(several[72:78, 52:58], picture[72:78, 52:58], atol=0.2)


def test_skin_and_hair_are_told_apart():
    photo, drawing = person(PHOTO), person(DRAWN, ink=[5, 0, 0])
    lab = lab_of(drawing)
    parts = regions(lab, lab_of(photo), photo.min(-1) < 0.9, POINTS, np.array(DRAWN["skin"]))
    assert parts.kinds[parts.labels[90, 45]] == SKIN
    assert parts.kinds[parts.labels[25, 64]] == HAIR
    assert parts.kinds[parts.labels[3, 3]] not in (SKIN, HAIR)
    eye = parts.labels[tuple(np.rint(POINTS[0]).astype(int)[::-1])]
    assert parts.kinds[eye] not in (SKIN, HAIR)


def test_the_plane_of_a_turned_face_turns_with_it():
    rotation = cv2.getRotationMatrix2D((64, 64), 30, 1)
    turned = POINTS @ rotation[:, :2].T + rotation[:, 2]
    for points in (POINTS, turned):
        found = FaceCoordinates.of(points, SIZE)
        left, right = (tuple(np.rint(p).astype(int)[::-1]) for p in points[:2])
        assert found.aside[left] == pytest.approx(-0.5, abs=0.05)
        assert found.aside[right] == pytest.approx(0.5, abs=0.05)
        assert found.down[left] == pytest.approx(-0.6, abs=0.05)


def test_a_finished_drawing_has_the_persons_colours_as_cartoons_have_them():
    photo, drawing = person(PHOTO), person(DRAWN, ink=[5, 0, 0])
    done = finished(drawing, photo, POINTS)
    skin, hair = natural_skin(np.array(PHOTO["skin"])), natural_hair(np.array(PHOTO["hair"]), False)
    drawn_skin, drawn_hair = colour_at(done, 45, 90), colour_at(done, 64, 25)
    np.testing.assert_allclose(drawn_skin[1:], skin[1:], atol=2)
    np.testing.assert_allclose(drawn_hair[1:], hair[1:], atol=2)
    # Lightness goes most of the way: the photo's own light is in it.
    assert PHOTO["skin"][0] < drawn_skin[0] < (PHOTO["skin"][0] + DRAWN["skin"][0]) / 2
    assert drawn_hair[0] > (DRAWN["hair"][0] + PHOTO["hair"][0]) / 2
    # Eyes stay black.
    assert colour_at(done, *np.rint(POINTS[0]).astype(int), radius=1)[0] < 15


def test_grey_hair_becomes_grey():
    photo = person({**PHOTO, "hair": [65, 0, 3]})
    drawn = colour_at(finished(person(DRAWN, ink=[5, 0, 0]), photo, POINTS), 64, 25)
    assert np.hypot(*drawn[1:]) < 6


@pytest.mark.parametrize(("worn", "kept"), [(False, False), (True, True)])
def test_a_beard_is_drawn_only_where_the_photo_has_one(worn, kept):
    """Hard light makes a dark field; the photo says whether it is skin."""
    beard = [25, 8, 10]
    photo = person(PHOTO, beard=beard if worn else None)
    done = finished(person(DRAWN, ink=[5, 0, 0], beard=beard), photo, POINTS)
    skin, chin = colour_at(done, 45, 90), colour_at(done, 64, 108)
    assert (np.linalg.norm(chin - skin) > 20) == kept


def test_a_patch_of_light_on_the_forehead_goes():
    photo, drawing = person(PHOTO), person(DRAWN, ink=[5, 0, 0])
    lab = lab_of(drawing)
    cv2.ellipse(lab, (64, 50), (8, 5), 0, 0, 360, (92, 6, 8), -1)
    done = finished(picture_of(lab), photo, POINTS)
    assert np.linalg.norm(colour_at(done, 64, 50) - colour_at(done, 45, 90)) < 6


def test_the_figure_ends_where_the_person_does_with_an_outline():
    photo = person(PHOTO)
    smeared = person(DRAWN, ink=[5, 0, 0])
    smeared[:20, 50:70] = picture_of(
        np.full((20, 20, 3), [60, 20, 20], np.float32)
    )  # a cone on top
    done = finished(smeared, photo, POINTS)
    assert (done[:8] > 0.99).all(), "nothing above the head"
    top = int(np.flatnonzero((photo.min(-1) < 0.9)[:, 64])[0])
    assert done[top : top + 4, 64].max(-1).min() < -0.8, "a dark line at the head's edge"
    assert done[top + 6, 64].mean() > -0.8, "and no more than a line"


def test_the_pictures_border_is_no_edge():
    photo = np.ones((SIZE, SIZE, 3), np.float32)
    photo[40:, 30:90] = 0  # goes on below the picture
    distance = edge_distance(photo)
    assert distance[80, 60] == pytest.approx(29, abs=1)
    assert distance[127, 60] == pytest.approx(29, abs=1)
    assert distance[80, 10] == pytest.approx(-21, abs=1)
    line = outlined(photo, distance)
    assert line[127, 60].mean() == 0
    assert line[41, 60].mean() < -0.8
    assert (line[:38] == 1).all()


@pytest.mark.parametrize("size", [128, 256])
def test_of_two_figures_the_larger_counts(size):
    photo = np.ones((128, 128, 3), np.float32)
    photo[30:, 40:100] = 0
    photo[60:66, 60:66] = 1  # teeth
    photo[90:, 4:14] = 0  # another person's shoulder, a strip of ground beside it
    photo = cv2.resize(photo, (size, size), interpolation=cv2.INTER_NEAREST)
    distance = edge_distance(photo)
    scale = size // 128
    assert distance[63 * scale, 63 * scale] > 20, "white within the figure stays"
    assert (distance[:, : 36 * scale] < 0).all()


def test_nothing_but_white_or_nothing_but_a_face_is_drawn_without_complaint(recwarn):
    white = np.ones((SIZE, SIZE, 3), np.float32)
    for photo in (white, -white, person(PHOTO)):
        for drawing in (white, -white, person(DRAWN, ink=[5, 0, 0])):
            done = finished(drawing, photo, POINTS)
            assert np.isfinite(done).all()
            assert done.shape == photo.shape
    assert not recwarn.list
    assert (finished(white, white, POINTS) > 0.99).all()


def test_finishing_scales_with_the_size():
    photo, drawing = person(PHOTO), person(DRAWN, ink=[5, 0, 0])
    small = finished(drawing, photo, POINTS)
    large = finished(
        *(
            cv2.resize(one, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
            for one in (drawing, photo)
        ),
        (POINTS + 0.5) * 2 - 0.5,
    )
    halved = cv2.resize(large, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    for x, y in ((45, 90), (64, 25), (64, 50), (5, 5)):
        np.testing.assert_allclose(colour_at(halved, x, y), colour_at(small, x, y), atol=3)
    # The outline lies within half a pixel of the small one's.
    assert np.abs(halved - small).mean() < 0.08
