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


@pytest.mark.parametrize("size", [64, 128])
def test_patches_are_what_the_one_crop_cuts(size):
    """All at once, with nothing read back; mouths of any width, at the edge and beyond it too."""
    from toonmark.landmarks import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, NOSE, RIGHT_EYE
    from toonmark.models.sampling import crop

    random = torch.Generator().manual_seed(0)
    images = torch.rand(24, 3, size, size, generator=random, dtype=torch.float64)
    points = torch.tensor(template_points(size)).expand(24, 5, 2).clone()
    points += torch.randn(24, 5, 2, generator=random, dtype=torch.float64) * size / 20
    for i, factor in enumerate((1, 1.6, 2.4, 3.6)):
        span = torch.tensor([factor * size / 3, factor * size / 12])
        points[i, MOUTH_LEFT] = size / 2 - span / 2 + 0.137  # off the kinks between pixels
        points[i, MOUTH_RIGHT] = size / 2 + span / 2 + 0.137
    points[4, NOSE] = -size / 8
    points.requires_grad_(True)
    images.requires_grad_(True)
    patches = cut_patches(images, points)
    for name, owners in (("eyes", (LEFT_EYE, RIGHT_EYE)), ("nose", (NOSE,))):
        height, width = patch_sizes(size)[name]
        width //= len(owners)
        wanted = []
        for owner in owners:
            shift = torch.tensor([(width - 1) / 2, (height - 1) / 2]) - points[:, owner]
            transform = torch.cat([torch.eye(2).expand(24, 2, 2), shift[..., None]], dim=-1)
            wanted.append(crop(images, transform, (height, width)))
        torch.testing.assert_close(patches[name], torch.cat(wanted, -1), atol=1e-4, rtol=0)
    height, width = patch_sizes(size)["mouth"]
    transforms = []
    for left, right in points[:, [MOUTH_LEFT, MOUTH_RIGHT]]:
        along = right - left
        along = along * max(1.0, width / 4 / float(along.detach().norm()))
        factor = (width - 1) / (along**2).sum()
        linear = torch.stack([along, torch.stack([-along[1], along[0]])]) * factor
        middle = torch.tensor([(width - 1) / 2, (height - 1) / 2], dtype=torch.float64)
        shift = middle - linear @ ((left + right) / 2)
        transforms.append(torch.cat([linear, shift[:, None]], dim=-1))
    transforms = torch.stack(transforms)
    shrinking = torch.linalg.det(transforms[:, :, :2]) ** -0.5
    assert len(shrinking.floor().clamp(min=1).unique()) >= 3, "blocks of several sizes"
    wanted = crop(images, transforms, (height, width))
    torch.testing.assert_close(patches["mouth"], wanted, atol=1e-4, rtol=0)
    for leaf in (images, points):
        ours, theirs = (
            torch.autograd.grad((mouth**2).sum(), leaf, retain_graph=True)[0]
            for mouth in (patches["mouth"], wanted)
        )
        torch.testing.assert_close(ours, theirs, atol=2e-3, rtol=1e-3)
