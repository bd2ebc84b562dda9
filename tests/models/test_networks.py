"""Output sizes of the paper's tables, layer by layer; what each network is given and gives."""

import pytest
import torch
from torch import nn

from toonmark.models.discriminators import (
    CompactDiscriminator,
    PaperConditionalDiscriminator,
    PatchDiscriminator,
)
from toonmark.models.generator import CompactGenerator, PaperGenerator
from toonmark.models.patches import cut_patches
from toonmark.models.presets import build_discriminators, build_generator, build_regressor
from toonmark.models.regressor import PaperRegressor


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def shapes(network, inputs, modules):
    seen = []
    hooks = [m.register_forward_hook(lambda _m, _i, out: seen.append(out.shape)) for m in modules]
    with torch.no_grad():
        network(inputs)
    for hook in hooks:
        hook.remove()
    return [(s[2], s[3], s[1]) if len(s) == 4 else (s[1],) for s in seen]


@torch.no_grad()
def test_table_3_layer_by_layer():
    network = PaperRegressor().eval()
    modules = [
        *network.convs,
        network.resblock,
        *network.deconvs,
        network.output1,
        network.output2,
    ]
    assert shapes(network, torch.zeros(1, 3, 128, 128), modules) == [
        (64, 64, 64), (32, 32, 128), (16, 16, 256), (8, 8, 512), (4, 4, 1024),
        (4, 4, 1024),
        (8, 8, 512), (16, 16, 256), (32, 32, 128), (64, 64, 64), (128, 128, 32),
        (128, 128, 32), (128, 128, 5),
    ]  # fmt: skip
    kernels = [
        m.kernel_size for m in network.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))
    ]
    assert set(kernels) == {(3, 3)}


def test_table_4_layer_by_layer():
    network = PaperConditionalDiscriminator(128)
    assert network.convs[0][0].in_channels == 8  # image and five heatmaps
    assert shapes(network, torch.zeros(1, 8, 128, 128), [*network.convs, network.fc1]) == [
        (64, 64, 64), (32, 32, 128), (16, 16, 256), (8, 8, 512), (1,),
    ]  # fmt: skip
    convs = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    assert all(m.kernel_size == (4, 4) and m.stride == (2, 2) for m in convs)


def test_the_patchgan_sees_70_pixels():
    network = PatchDiscriminator().eval()
    image = torch.randn(1, 3, 128, 128, requires_grad=True)
    for module in network.modules():  # a norm would let every pixel reach every score
        if isinstance(module, nn.InstanceNorm2d):
            module.forward = lambda x: x
    (gradient,) = torch.autograd.grad(network(image)[0, 0, 7, 7], image)
    rows = gradient[0].abs().sum((0, 2)).nonzero().flatten()
    assert int(rows.max() - rows.min()) + 1 == 70


@pytest.mark.parametrize("preset", ["paper", "compact"])
@pytest.mark.parametrize("size", [64, 128])
@torch.no_grad()
def test_everything_fits_together(preset, size):
    image, maps = torch.randn(2, 3, size, size), torch.rand(2, 5, size, size)
    drawn = build_generator(preset)(image, maps)
    assert drawn.shape == image.shape
    assert drawn.abs().max() <= 1
    assert build_regressor(preset).eval()(image).shape == maps.shape
    judges = build_discriminators(preset, size, conditional=True, local=True)
    assert set(judges) == {"real", "matched", "eyes", "nose", "mouth"}
    for name, patch in cut_patches(image, torch.rand(2, 5, 2) * size).items():
        assert judges[name](patch).shape[:2] == (2, 1)
    assert judges["matched"](torch.cat([image, maps], 1)).shape[:2] == (2, 1)


def test_weights_are_as_many_as_the_design_says():
    assert 7.5e6 < count(PaperGenerator()) < 8.2e6
    assert count(CompactGenerator()) < 0.75e6  # 3 MB in single precision
    assert count(build_regressor("compact")) < 0.5e6


@pytest.mark.parametrize("preset", ["paper", "compact"])
def test_the_generator_looks_at_the_heatmaps_only_when_it_is_conditional(preset):
    image = torch.randn(1, 3, 64, 64)
    one, other = torch.zeros(1, 5, 64, 64), torch.rand(1, 5, 64, 64)
    with torch.no_grad():
        network = build_generator(preset, conditional=True)
        assert not torch.equal(network(image, one), network(image, other))
        network = build_generator(preset, conditional=False)
        assert torch.equal(network(image, one), network(image, other))


@pytest.mark.parametrize("preset", ["paper", "compact"])
@torch.no_grad()
def test_each_sample_is_drawn_by_itself(preset):
    """Neither generator nor discriminator may mix the pictures of a batch."""
    image, maps = torch.randn(3, 3, 64, 64), torch.rand(3, 5, 64, 64)
    network = build_generator(preset).train()
    alone = torch.cat([network(image[i : i + 1], maps[i : i + 1]) for i in range(3)])
    assert torch.allclose(network(image, maps), alone, atol=1e-5)
    judge = build_discriminators(preset, 64, conditional=False, local=False)["real"].train()
    alone = torch.cat([judge(image[i : i + 1]) for i in range(3)])
    assert torch.allclose(judge(image), alone, atol=1e-5)


@torch.no_grad()
def test_pixel_shuffle_starts_without_a_chequerboard():
    """ICNR: sub-pixels of one place start alike, so the first picture has no 2-pixel pattern."""
    generator = CompactGenerator()
    up = generator.up(torch.randn(1, 64, 16, 16))
    inner = up[..., 2:-2, 2:-2]
    blocks = inner.unfold(2, 2, 2).unfold(3, 2, 2)
    assert blocks.std((-1, -2)).max() < 1e-6


def test_compact_discriminator_sees_most_of_a_face():
    network = CompactDiscriminator()
    for module in network.modules():
        if isinstance(module, nn.GroupNorm):
            module.forward = lambda x: x
    image = torch.randn(1, 3, 128, 128, requires_grad=True)
    (gradient,) = torch.autograd.grad(network(image)[0, 0, 4, 4], image)
    rows = gradient[0].abs().sum((0, 2)).nonzero().flatten()
    assert int(rows.max() - rows.min()) + 1 >= 70
