"""Patches lie where the landmarks say, and let gradients through."""

import pytest
import torch

from toonmark.landmarks import template_points
from toonmark.models import patches
from toonmark.models.patches import cut_patches, patch_sizes


@pytest.fixture(autouse=True)
def afresh():
    """What depends on the size alone is computed in each test, and not by the first alone."""
    patches._grids.cache_clear()


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
    from tests.torch_crop import crop

    from toonmark.landmarks import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, NOSE, RIGHT_EYE

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


def test_patches_are_cut_where_the_pictures_are(on_meta):
    images, where = torch.rand(2, 3, 64, 64, device=on_meta), torch.rand(2, 5, 2, device=on_meta)
    for patch in cut_patches(images, where).values():
        assert patch.device == on_meta


def test_mixed_precision_moves_no_patch():
    images = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    where = points((0.3, 0.4))
    wanted = cut_patches(images, where)
    with torch.autocast("cpu", torch.bfloat16):
        same, rounded = cut_patches(images, where), cut_patches(images.bfloat16(), where)
        coarse = cut_patches(images.bfloat16(), where.double())
    for name, patch in wanted.items():
        assert torch.equal(same[name], patch)
        for other in (rounded[name], coarse[name]):
            assert other.dtype == torch.bfloat16
            assert (other.float() - patch).abs().max() < 0.01


def test_sizes_are_rounded_and_never_vanish():
    assert patch_sizes(96) == {"eyes": (24, 48), "nose": (21, 18), "mouth": (17, 30)}
    assert patch_sizes(512) == {"eyes": (128, 256), "nose": (112, 96), "mouth": (92, 160)}
    assert patch_sizes(8) == {"eyes": (4, 8), "nose": (4, 4), "mouth": (4, 4)}


def test_a_mouth_is_never_enlarged_without_bound():
    """Corners closer than a quarter of the patch's width are moved apart, on their own line."""
    where = points()
    where[0, 3], where[0, 4] = torch.tensor([60.0, 92.0]), torch.tensor([63.0, 88.0])
    mouth = cut_patches(ramp(), where)["mouth"][0]
    middle, ends = mouth.shape[1] // 2, torch.stack([mouth[:2, 11, 0], mouth[:2, 11, -1]])
    assert middle == 11
    assert torch.allclose(ends.mean(0), torch.tensor([61.5, 90.0]), atol=1e-3)
    span = ends[1] - ends[0]
    assert float(span.norm()) == pytest.approx(10.0, abs=1e-3)
    assert torch.allclose(span / 10, torch.tensor([0.6, -0.8]), atol=1e-3)
    where[0, 4] = where[0, 3] + torch.tensor([0.0, 0.9])  # less than a pixel: level
    mouth = cut_patches(ramp(), where)["mouth"][0]
    span = mouth[:2, 11, -1] - mouth[:2, 11, 0]
    assert torch.allclose(span, torch.tensor([10.0, 0.0]), atol=1e-3)


@pytest.mark.parametrize(
    ("span", "block"), [(9, 1), (77.9, 1), (78, 2), (116.9, 2), (117, 3), (156, 4), (300, 4)]
)
def test_a_wide_mouth_is_averaged_in_the_whole_pixels_that_become_one(span, block):
    """The patch has 40 columns: 39 steps from corner to corner."""
    mouth = patches._grids(128, torch.device("cpu"))[2]
    left = torch.tensor([[5.0, 90.0], [5.0, 90.0]])
    right = left + torch.tensor([[span, 0.0], [0.6 * span, 0.8 * span]])
    _, blocks = patches._spanned(left, right, mouth, 128)
    assert blocks.tolist() == [[block], [block]]


@pytest.mark.parametrize("size", [64, 66, 126, 128, 130])
def test_blocks_at_the_border_repeat_its_last_pixels(size):
    """Where blocks do not divide the picture, and of blocks of blocks too."""
    image = torch.rand(1, 2, size, size)
    averaged, tops = patches._averaged(image), patches._tops(size)
    assert patches._most(size) >= 3
    for block in range(2, patches._most(size) + 1):
        more = -size % block
        whole = torch.nn.functional.pad(image, (0, more, 0, more), mode="replicate")
        wanted = whole.unfold(2, block, block).unfold(3, block, block).mean((-1, -2))
        top = tops[block - 2]
        rows = averaged[..., top : top + wanted.shape[-2], : wanted.shape[-1]]
        torch.testing.assert_close(rows, wanted)


def test_small_mouths_are_cut_alike_whoever_is_beside_them():
    """Corners that meet, nearly level ones, short ones and one of two pixels across."""
    spans = [(0.0, 0.0), (20.0, 0.3), (2.0, 1.0), (0.0, 1.2), (24.0, -6.0)]
    where = torch.from_numpy(template_points(64)).float().repeat(len(spans), 1, 1)
    where[:, 4] = where[:, 3] + torch.tensor(spans)
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    together = cut_patches(images.repeat(len(spans), 1, 1, 1), where)["mouth"]
    for patch, place in zip(together, where, strict=True):
        assert torch.allclose(patch, cut_patches(images, place[None])["mouth"][0], atol=1e-6)


def test_a_mouth_of_one_pixel_keeps_its_direction():
    where = points()
    where[0, 4] = where[0, 3] + torch.tensor([0.0, 1.2])
    mouth = cut_patches(ramp(), where)["mouth"][0]
    x, y = (mouth[:2, :, -1] - mouth[:2, :, 0]).mean(1)
    assert abs(x) < 1e-3
    assert y > 5, "it stands upright"
