"""Cleaning whitens what is not joined to the face, and leaves alone what is."""

from __future__ import annotations

import pytest
import torch

from toonmark.landmarks import template_points
from toonmark.models.cleaning import CERTAIN, FAINT, cleaned
from toonmark.models.heatmaps import heatmaps

SKIN = torch.tensor([0.6, 0.2, 0.0])


def figure(size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A disc of skin on white, with white eyes that have black pupils; and the heatmaps."""
    points = torch.from_numpy(template_points(size)).float()[None]
    y, x = torch.meshgrid(*[torch.arange(size).float()] * 2, indexing="ij")

    def disc(centre: torch.Tensor, radius: float) -> torch.Tensor:
        return (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < (radius * size) ** 2

    image = torch.ones(1, 3, size, size)
    image[0, :, disc(points[0].mean(0), 0.35)] = SKIN[:, None]
    for eye in points[0, :2]:
        image[0, :, disc(eye, 0.08)] = 1
        image[0, :, disc(eye, 0.03)] = -1
    return image, heatmaps(points, size)


@pytest.mark.parametrize("size", [32, 64, 96, 128, 224, 256])
def test_a_speck_goes_and_the_face_stays(size):
    image, maps = figure(size)
    edge = size // 16
    spoiled = image.clone()
    spoiled[..., :edge, :edge] = -0.5
    spoiled[..., -edge:, -edge:] = 0.3
    assert torch.equal(cleaned(spoiled, maps), cleaned(image, maps))
    assert torch.allclose(cleaned(image, maps), image, atol=1e-6)


def test_a_bridge_of_one_line_keeps_what_hangs_on_it():
    image, maps = figure(128)
    image[..., 60:62, :] = -1  # from edge to edge through the face
    image[..., 50:70, :6] = 0.0
    assert torch.allclose(cleaned(image, maps), image, atol=1e-6)


def test_what_is_nearly_white_becomes_white_and_no_edge_is_made():
    image, maps = figure(128)
    shades = torch.linspace(0, 2 * CERTAIN, 128)  # darker and darker to the right
    image[:, :, 100:] = (1 - 2 * shades).expand(1, 3, 28, 128)
    drawn = cleaned(image, maps)
    row = (1 - drawn[0, 0, 115]) / 2
    # The strip is joined to the face where it is dark; as far as it is, its tones rise smoothly.
    assert (row[shades < FAINT - 0.01] == 0).all()
    assert row.diff().min() > -0.02
    assert row.diff().max() < 0.03
    assert torch.allclose(row[shades > CERTAIN + 0.01], shades[shades > CERTAIN + 0.01], atol=1e-6)


def test_on_a_coloured_ground_nothing_is_lost():
    image, maps = figure(64)
    image = torch.minimum(image, torch.tensor([0.2, 0.5, 0.6])[:, None, None])
    image[..., :4, :4] = -1
    assert torch.allclose(cleaned(image, maps), image, atol=1e-6)


def test_every_picture_of_a_batch_is_cleaned_by_its_own_points():
    image, maps = figure(64)
    other = image.flip(-1).roll(3, -1)
    other[..., :3, :3] = -1
    both = cleaned(torch.cat([image, other]), torch.cat([maps, maps.flip(-1).roll(3, -1)]))
    assert torch.equal(both[:1], cleaned(image, maps))
    assert torch.equal(both[1:], cleaned(other, maps.flip(-1).roll(3, -1)))
    assert (both[1, :, :3, :3] == 1).all()
