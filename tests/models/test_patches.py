"""Patches lie where the landmarks say, and let gradients through."""

import pytest
import torch

from toonmark.landmarks import template_points
from toonmark.models.patches import cut_patches, patch_sizes


def points(shift=(0.0, 0.0)):
    return torch.from_numpy(template_points(128)).float()[None] + torch.tensor(shift)


def test_sizes_at_128_are_the_papers():
    assert patch_sizes(128) == {"eyes": (32, 64), "nose": (28, 24), "mouth": (23, 40)}


@pytest.mark.parametrize("size", [64, 128, 256])
def test_sizes_scale_with_the_image(size):
    where = torch.from_numpy(template_points(size)).float()[None]
    for name, patch in cut_patches(torch.rand(1, 3, size, size), where).items():
        assert tuple(patch.shape[-2:]) == patch_sizes(size)[name]


def ramp():
    """An image whose red is its x and green its y."""
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    return torch.stack([x, y, x * 0])[None]


def test_eyes_lie_side_by_side_each_centred():
    where = points()
    eyes = cut_patches(ramp(), where)["eyes"][0]
    left, right = eyes[:, :, :32], eyes[:, :, 32:]
    assert torch.allclose(left[:2].mean((1, 2)), where[0, 0], atol=1e-3)
    assert torch.allclose(right[:2].mean((1, 2)), where[0, 1], atol=1e-3)


def test_nose_is_centred():
    where = points()
    nose = cut_patches(ramp(), where)["nose"][0]
    assert torch.allclose(nose[:2].mean((1, 2)), where[0, 2], atol=1e-3)


def test_mouth_is_spanned_by_its_corners_also_when_it_slants():
    where = points()
    where[0, 4] += torch.tensor([3.0, 6.0])
    mouth = cut_patches(ramp(), where)["mouth"][0]
    middle = mouth.shape[1] // 2
    assert torch.allclose(mouth[:2, middle, 0], where[0, 3], atol=1e-3)
    assert torch.allclose(mouth[:2, middle, -1], where[0, 4], atol=1e-3)


def test_gradients_reach_only_the_pixels_of_the_patch():
    image = torch.rand(1, 3, 128, 128, requires_grad=True)
    where = points()
    (gradient,) = torch.autograd.grad(cut_patches(image, where)["nose"].sum(), image)
    x, y = where[0, 2].round().int().tolist()
    assert (gradient[0, :, y - 10 : y + 10, x - 8 : x + 8] > 0).all()
    assert gradient[0, :, :40].abs().max() == 0


def test_a_collapsed_mouth_gives_finite_pixels_and_gradients():
    where = points()
    where[0, 4] = where[0, 3]
    where.requires_grad_()
    image = torch.rand(1, 3, 128, 128, requires_grad=True)
    mouth = cut_patches(image, where)["mouth"]
    gradients = torch.autograd.grad(mouth.sum(), [image, where])
    assert torch.isfinite(mouth).all()
    assert all(torch.isfinite(g).all() for g in gradients)


@pytest.mark.parametrize("wide", [70, 88, 120])
def test_patches_do_not_depend_on_the_batch(wide):
    """A mouth so wide that its patch shrinks it leaves its neighbours' patches as they are."""
    images = torch.rand(3, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    where = points().repeat(3, 1, 1)
    where[1, 3:, 0] = torch.tensor([64 - wide / 2, 64 + wide / 2])
    together = cut_patches(images, where)
    for i in range(3):
        alone = cut_patches(images[i : i + 1], where[i : i + 1])
        for name, patch in alone.items():
            assert torch.allclose(patch[0], together[name][i], atol=1e-5), (i, name)


def test_gradients_pass_through_patches_that_shrink_unlike():
    where = points().repeat(2, 1, 1)
    where[0, 3:, 0] = torch.tensor([10.0, 110.0])
    images = torch.rand(2, 3, 128, 128, requires_grad=True)
    (gradient,) = torch.autograd.grad(cut_patches(images, where)["mouth"][1].sum(), images)
    assert gradient[0].abs().max() == 0
    assert gradient[1].abs().max() > 0
