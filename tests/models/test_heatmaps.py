"""The torch crop and heatmaps are the NumPy ones."""

import numpy as np
import pytest
import torch
from tests.torch_crop import crop, inverse

from toonmark import landmarks
from toonmark.faces import align
from toonmark.models.heatmaps import heatmaps, points_from_heatmaps
from toonmark.models.resampling import enlarged_views


@pytest.mark.parametrize("size", [32, 64, 128])
def test_heatmaps_agree(size):
    points = np.random.default_rng(0).uniform(-3, size + 3, (4, 5, 2)).astype(np.float32)
    ours = landmarks.heatmaps(points, size)
    theirs = heatmaps(torch.from_numpy(points), size).numpy()
    assert theirs.min() >= np.finfo(np.float32).tiny, "no denormal numbers"
    assert ours.shape == (4, 5, size, size)
    assert np.abs(ours - theirs).max() < 1e-4


def test_heatmap_peaks_at_the_point_with_the_stated_spread():
    points = np.array([[20, 30], [90, 31], [64, 70], [50, 100], [80, 101]], np.float32)
    maps = landmarks.heatmaps(points, 128)
    for (x, y), one in zip(points.astype(int), maps, strict=True):
        assert np.unravel_index(one.argmax(), one.shape) == (y, x)
        assert one.max() == pytest.approx(1)
        assert one[y, x + 4] == pytest.approx(np.exp(-0.5), abs=1e-5)  # sigma = 4 at 128


@pytest.mark.parametrize(
    ("angle", "scale"), [(0, 1.0), (25, 0.9), (-10, 1.7), (40, 0.31), (3, 0.1)]
)
def test_crops_agree(angle, scale):
    random = np.random.default_rng(1)
    image = random.random((230, 310, 3)).astype(np.float32)
    turn = scale * np.array(
        [
            [np.cos(np.deg2rad(angle)), -np.sin(np.deg2rad(angle))],
            [np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))],
        ]
    )
    transform = np.column_stack([turn, np.array([40, 30]) - turn @ [150, 110]])
    ours = align.crop(image, transform, (60, 80))
    batch = torch.from_numpy(image).permute(2, 0, 1)[None]
    theirs = crop(batch, torch.from_numpy(transform)[None].float(), (60, 80))
    assert ours.std() > 0.01
    assert np.abs(ours - theirs[0].permute(1, 2, 0).numpy()).max() < 1e-4


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [(), (1,), (4,), (5,)])
def test_large_crops_agree_for_all_kinds_of_pictures(dtype, channels):
    """More pixels than are interpolated at a time, and the picture's edge in view."""
    size = (230, 170)
    assert size[0] * size[1] > 2 * align._BAND
    image = np.random.default_rng(3).uniform(0, 255, (120, 90, *channels)).astype(dtype)
    transform = np.array([[1.7, 0.3, -20], [-0.3, 1.7, 15]])
    ours = align.crop(image, transform, size)
    assert ours.shape == (*size, *channels)
    assert ours.dtype == np.float32
    batch = torch.from_numpy(image.reshape(120, 90, -1).astype(np.float32)).permute(2, 0, 1)[None]
    theirs = crop(batch, torch.from_numpy(transform)[None].float(), size)
    theirs = theirs[0].permute(1, 2, 0).reshape(ours.shape).numpy()
    assert np.abs(ours - theirs).max() < 255 * 1e-4


def test_whole_shrinking_agrees():
    image = np.random.default_rng(2).random((256, 256, 3)).astype(np.float32)
    transform = np.array([[0.25, 0, -0.375], [0, 0.25, -0.375]])
    ours = align.crop(image, transform, 64)
    batch = torch.from_numpy(image).permute(2, 0, 1)[None]
    theirs = crop(batch, torch.from_numpy(transform)[None].float(), 64)
    assert np.abs(ours - theirs[0].permute(1, 2, 0).numpy()).max() < 1e-4
    blocks = image.reshape(64, 4, 64, 4, 3).mean((1, 3))
    assert np.abs(ours - blocks).max() < 1e-4


def test_points_are_read_back_from_heatmaps():
    points = torch.tensor([[[20.3, 30.7], [90.2, 31], [64, 70.5], [50, 100], [80, 101.0]]])
    found = points_from_heatmaps(heatmaps(points, 128))
    assert (found - points).abs().max() < 0.05


def test_faint_noise_does_not_pull_points_inwards():
    points = torch.tensor([[[20.0, 30], [100, 31], [64, 110], [30, 100], [110, 101]]])
    noise = 0.1 * torch.rand(1, 5, 128, 128, generator=torch.Generator().manual_seed(0))
    found = points_from_heatmaps(heatmaps(points, 128) + noise)
    assert (found - points).abs().max() < 1.0


def test_empty_maps_answer_with_the_middle():
    found = points_from_heatmaps(torch.zeros(1, 5, 64, 64))
    assert torch.isfinite(found).all()
    assert (found - 31.5).abs().max() < 0.1


def test_mixed_precision_moves_no_pixels():
    """Under bfloat16, 128 pixels would otherwise be half a pixel apart at best."""
    picture = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    views = torch.tensor([[[0.77, 0.02, 3.3], [-0.02, 0.77, 7.7]]])
    wanted = enlarged_views(picture, views)
    maps = heatmaps(torch.tensor([[[101.3, 90.7]] * 5]), 128)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(enlarged_views(picture, views), wanted)
        rounded = enlarged_views(picture.bfloat16(), views)
        found = points_from_heatmaps(maps.bfloat16())
    assert rounded.dtype == torch.bfloat16
    assert (rounded.float() - wanted).abs().max() < 0.01
    assert (found - torch.tensor([101.3, 90.7])).abs().max() < 0.1


def test_heatmaps_of_any_number_of_pictures_and_of_a_given_width():
    points = torch.tensor([[9.0, 12], [22, 11], [16, 17], [10, 23], [21, 24.5]])
    alone = heatmaps(points, 32, sigma=2.0)
    assert alone.shape == (5, 32, 32)
    assert float(alone[0, 12, 11]) == pytest.approx(np.exp(-0.5))
    assert float(heatmaps(points, 32)[0, 12, 10]) == pytest.approx(np.exp(-0.5))
    many = heatmaps(points.expand(3, 2, 5, 2), 32, sigma=2.0)
    assert many.shape == (3, 2, 5, 32, 32)
    assert torch.equal(many[2, 1], alone)
    assert heatmaps(points.double(), 32).dtype == torch.float64


def test_a_maps_point_is_the_centroid_of_its_fourth_power():
    maps = torch.zeros(1, 5, 9, 21, dtype=torch.float64)
    maps[..., 2, 3], maps[..., 6, 13], maps[..., 8, 20] = 1.0, 0.5, -3.0
    found = points_from_heatmaps(maps)
    share = 0.5**4 / (1 + 0.5**4)
    assert found.dtype == torch.float64
    assert torch.allclose(found, torch.tensor([3 + 10 * share, 2 + 4 * share]).double(), atol=1e-6)


def test_a_crop_is_differentiable_in_picture_and_transform():
    picture = torch.rand(1, 1, 12, 12, dtype=torch.float64, requires_grad=True)
    turn = torch.tensor([[[0.9, 0.13, 1.1], [-0.11, 0.87, 2.3]]], dtype=torch.float64)
    turn.requires_grad_()
    assert torch.autograd.gradcheck(lambda p, t: crop(p, t, (5, 6)), (picture, turn))


def test_crops_that_shrink_unlike_come_back_in_their_order():
    picture = torch.rand(1, 2, 60, 60, generator=torch.Generator().manual_seed(3))
    factors = (1.0, 0.3, 0.5, 1.0, 0.2, 0.5)
    transforms = torch.tensor([[[f, 0, 0.5], [0, f, -0.25]] for f in factors])
    pictures = torch.cat([picture.roll(k, -1) for k in range(6)])
    together = crop(pictures, transforms, 12)
    for k in range(6):
        alone = crop(pictures[k : k + 1], transforms[k : k + 1], 12)
        assert torch.equal(together[k], alone[0])


def test_shrinking_averages_blocks_also_where_the_picture_is_no_multiple_of_them():
    """By 2 to below 3 in blocks of two; what lacks at the right and below is the edge again."""
    picture = torch.arange(35.0).reshape(1, 1, 5, 7)
    padded = torch.nn.functional.pad(picture, (0, 1, 0, 1), mode="replicate")
    blocks = padded.reshape(3, 2, 4, 2).mean((1, 3))
    for zoom in (0.5, 0.5000001):  # the middles of blocks, which lie at 0.5, 2.5, ...
        transform = torch.tensor([[[zoom, 0, -0.25], [0, zoom, -0.25]]])
        cut = crop(picture, transform, (3, 4))
        assert torch.allclose(cut[0, 0], blocks, atol=1e-4)
    plain = crop(picture, torch.tensor([[[0.51, 0, 0], [0, 0.51, 0]]]), (2, 2))
    assert float(plain[0, 0, 0, 0]) == 0, "not averaged"


def test_views_are_given_by_the_way_back():
    picture = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    transforms = torch.tensor([[[1.2, 0.1, -1], [-0.1, 1.2, 0.5]]] * 2)
    linear = torch.linalg.inv(transforms[:, :, :2])
    back = torch.cat([linear, -(linear @ transforms[:, :, 2:])], dim=-1)
    views = enlarged_views(picture, back)
    assert torch.allclose(views, crop(picture, transforms, 16), atol=1e-5)


def test_the_inverse_is_the_inverse():
    matrices = torch.tensor([[[3.0, 1.0], [-2.0, 0.5]], [[0.0, -4.0], [2.0, 1.0]]])
    assert torch.allclose(inverse(matrices), torch.linalg.inv(matrices))
    assert inverse(matrices[None]).shape == (1, 2, 2, 2)


def test_everything_is_computed_where_the_pictures_are(on_meta):
    points = torch.rand(2, 5, 2, device=on_meta)
    assert heatmaps(points, 16).device == on_meta
    assert points_from_heatmaps(torch.rand(2, 5, 8, 8, device=on_meta)).device == on_meta
    pictures = torch.rand(2, 3, 16, 16, device=on_meta)
    assert enlarged_views(pictures, torch.rand(2, 2, 3, device=on_meta)).device == on_meta
