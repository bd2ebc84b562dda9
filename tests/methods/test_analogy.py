"""Deep image analogy: matching with known answers, and pictures with known analogues."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from toonmark.methods import patchmatch
from toonmark.methods.analogy import AnalogyConfig, AnalogyDrawer, analogy, blended, deconvolved
from toonmark.methods.patchmatch import (
    doubled,
    gathered,
    identity,
    inner_products,
    patch_match,
    similarity,
    voted,
)


def features(size=24, channels=12, seed=0):
    torch.manual_seed(seed)
    values = torch.randn(channels, size, size)
    return values / values.norm(dim=0)


def test_a_shift_is_found_by_propagation_and_random_search():
    second = features()
    first = second.roll((-3, 2), (1, 2))  # what is at (y, x) lies at (y + 3, x - 2) in the second
    random = torch.Generator().manual_seed(0)
    start = torch.randint(0, 24, (24, 24, 2), generator=random)
    search = {"patch": 3, "radius": 24, "rounds": 8, "random": random}
    field = patch_match(first, second, start, **search)
    wanted = identity(24, 24) + torch.tensor([3, -2])
    inside = (slice(1, 19), slice(4, 23))
    assert (field[inside] == wanted[inside]).all(-1).float().mean() > 0.97
    # Never worse than the start, and never outside.
    products = inner_products(first, second)
    before, after = (similarity(products, (24, 24), f, 3) for f in (start, field))
    assert (after >= before).all()
    assert int(field.min()) >= 0
    assert int(field.max()) < 24


@pytest.mark.parametrize("table", [0, 6 * 7 * 8 * 5])
def test_similarity_is_that_of_patches_whose_edges_go_on(table, monkeypatch):
    """From a table of all products or without: the inner product of two patches that are cut out.

    ``table`` is the number of pairs that one may have, here none or all of them.
    """
    monkeypatch.setattr(patchmatch, "TABLE", table)
    torch.manual_seed(2)
    first, second = torch.randn(4, 6, 7), torch.randn(4, 8, 5)
    field = torch.stack([torch.randint(0, 8, (6, 7)), torch.randint(0, 5, (6, 7))], -1)
    found = similarity(inner_products(first, second), (8, 5), field, 3)
    one, two = (np.pad(x.numpy(), ((0, 0), (1, 1), (1, 1)), "edge") for x in (first, second))
    for row, column in np.ndindex(6, 7):
        y, x = field[row, column].tolist()
        own = one[:, row : row + 3, column : column + 3]
        wanted = (own * two[:, y : y + 3, x : x + 3]).sum()
        assert found[row, column] == pytest.approx(wanted, abs=1e-4), (row, column)


@pytest.mark.parametrize(("allowed", "kept"), [(6 * 7 * 8 * 5, 6 * 7 * 8 * 5), (1679, 4 * 6 * 7)])
def test_maps_too_large_for_a_table_get_none(allowed, kept, monkeypatch):
    """The table of all pairs would take more memory than there is."""
    assert patchmatch.TABLE == 128**4
    monkeypatch.setattr(patchmatch, "TABLE", allowed)
    products = inner_products(torch.randn(4, 6, 7), torch.randn(4, 8, 5))
    held = [cell.cell_contents for cell in products.__closure__ or ()]
    assert max(x.numel() for x in held if isinstance(x, torch.Tensor)) == kept


def test_maps_of_other_shapes_are_searched_to_their_edges():
    torch.manual_seed(1)
    second = torch.nn.functional.normalize(torch.randn(8, 9, 14), dim=0)
    first, wanted = second[:, 3:, 4:], identity(6, 10) + torch.tensor([3, 4])
    random = torch.Generator().manual_seed(0)
    field = patch_match(first, second, identity(6, 10), patch=3, radius=8, rounds=8, random=random)
    assert (field[1:, 1:] == wanted[1:, 1:]).all()
    # Votes take a picture of the second's shape to one of the first's.
    picture = torch.randn(3, 9, 14)
    voices = voted(picture, wanted, 3)
    assert torch.allclose(voices[:, 1:-1, 1:-1], picture[:, 4:-1, 5:-1])


def test_fields_double_and_gather_and_vote():
    field = identity(4, 6)
    assert torch.equal(doubled(field), identity(8, 12))
    picture = torch.randn(3, 8, 12)
    assert torch.equal(gathered(picture, identity(8, 12)), picture)
    # Patches that all lie where they were agree, up to the edge.
    assert torch.allclose(voted(picture, identity(8, 12), 3)[:, 1:-1, 1:-1], picture[:, 1:-1, 1:-1])


def test_strong_responses_are_kept_and_weak_ones_are_not():
    own, moved = torch.zeros(1, 2, 1, 2), torch.full((1, 2, 1, 2), 5.0)
    own[..., 1] = 1
    mixed = blended(own, moved, 0.8)
    assert torch.allclose(mixed[..., 0], moved[..., 0], atol=1e-5)
    assert torch.allclose(mixed[..., 1], 0.8 * own[..., 1] + 0.2 * moved[..., 1])


def test_deconvolution_finds_what_gives_the_features(vgg):
    torch.manual_seed(1)
    below = vgg(torch.rand(1, 3, 32, 32), ("conv2_1",))["conv2_1"]
    wanted = vgg.between(below, "conv2_1", ("conv3_1",))["conv3_1"]
    start = below * 0.5

    def off(values):
        return float(
            ((vgg.between(values, "conv2_1", ("conv3_1",))["conv3_1"] - wanted) ** 2).sum()
        )

    found = deconvolved(wanted, start, vgg, "conv2_1", "conv3_1", 20)
    assert off(found) < 0.1 * off(start)


def scene(shift=(0, 0), swap=False):
    """Four patches of colour with some noise of their own, moved; or with red and blue swapped."""
    torch.manual_seed(3)
    picture = torch.full((1, 3, 32, 32), 1.0)
    picture[..., 8:24, 6:16] = torch.tensor([0.8, -0.8, -0.8]).view(3, 1, 1)
    picture[..., 8:24, 16:26] = torch.tensor([-0.8, 0.5, -0.8]).view(3, 1, 1)
    picture = (picture + 0.05 * torch.randn_like(picture)).clamp(-1, 1)
    picture = picture.roll(shift, (2, 3))
    return picture.flip(1) if swap else picture


def test_a_moved_picture_is_moved_back(vgg):
    face, cartoon = scene(), scene((4, -4))
    drawn = analogy(face, cartoon, vgg, AnalogyConfig(size=32, evaluations=5))
    before, after = ((face - other).abs().mean() for other in (cartoon, drawn))
    assert after < 0.35 * before
    again = analogy(face, cartoon, vgg, AnalogyConfig(size=32, evaluations=5))
    assert torch.equal(drawn, again)


def test_it_draws_pictures(cartoon_set, vgg):
    faces = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), np.uint8)
    config = AnalogyConfig(cartoons=[str(cartoon_set)], size=32, evaluations=2, rounds=1)
    drawn = AnalogyDrawer("Analogy", config, vgg).draw(faces, np.zeros((1, 5, 2)))
    assert drawn.shape == faces.shape
    assert drawn.dtype == np.uint8
