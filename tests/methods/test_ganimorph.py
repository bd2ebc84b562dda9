"""GANimorph: its networks' sizes, what its terms reach, and a toy problem with a known answer."""

from __future__ import annotations

import pytest
import torch
from tests.methods.test_munit import count, reached
from torch import nn

from toonmark.methods.ganimorph import TERMS, GanimorphConfig, GanimorphTrainer, feature_matching
from toonmark.models.ganimorph import DilatedDiscriminator, SkipGenerator
from toonmark.training.fabric import make_fabric
from toonmark.training.networks import TO_CARTOON
from toonmark.training.step_metrics import Terms


def small(toy, **settings):
    values = {"size": 32, "width": 16, "stage1": 4, "stage2": 0, "background_share": 0, "pool": 4}
    values |= {"sample_every": 1000, "checkpoint_every": 2, "log_every": 1, "keep_every": 0}
    return GanimorphConfig(**{**toy, **values, **settings})


def convolutions(module):
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    return sum(m.weight.numel() for m in module.modules() if isinstance(m, kinds))


def test_the_paper_s_networks_have_its_code_s_sizes():
    """Convolutions of the authors' model, counted from its channels, without a bias anywhere."""

    def block(before, channels):
        return 9 * channels * (before + channels + before + channels)

    def group(before, channels):
        return block(before, channels) + 2 * block(channels, channels)

    strided = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512)
    back = 16 * (512 * 256 + 256 * 128 + 128 * 64 + 64 * 3)
    groups = group(128, 128) + group(256, 256) + group(512, 512) + group(512, 256) + group(256, 128)
    assert convolutions(SkipGenerator()) == strided + back + groups
    judge = 16 * (3 * 128 + 128 * 256 + 256 * 512) + 9 * 4 * 512**2 + 9 * 1024 * 512 + 16 * 512
    assert convolutions(DilatedDiscriminator()) == judge
    biases = [n for n, _ in SkipGenerator(16).named_parameters() if n.endswith("bias")]
    assert count(SkipGenerator(16)) == convolutions(SkipGenerator(16)) + 2 * sum(
        p.numel() for n, p in SkipGenerator(16).named_parameters() if n in biases
    )


def test_every_score_sees_the_whole_picture():
    judge = DilatedDiscriminator(4)
    for norm in (m for m in judge.modules() if isinstance(m, nn.GroupNorm)):
        norm.num_groups = 1  # so that only the convolutions can carry anything
        norm.forward = lambda x: x
    picture = torch.randn(1, 3, 64, 64, requires_grad=True)
    scores, features = judge(picture)
    assert scores.shape == (1, 1, 8, 8)
    assert len(features) == 7
    (gradient,) = torch.autograd.grad(scores[0, 0, 4, 4], picture)
    seen = gradient.abs().sum(1)[0] > 0
    assert seen[:4].any()
    assert seen[-4:].any()
    assert seen[:, :4].any()
    assert seen[:, -4:].any()


def test_features_match_as_batches():
    a = torch.tensor([[1.0], [3.0]])[..., None, None]
    assert float(feature_matching([a], [a.flip(0)])) == 0
    assert float(feature_matching([a, a], [a + 1, a])) == 0.5


@pytest.fixture
def trainer(toy):
    return GanimorphTrainer(small(toy), make_fabric("cpu"), threads=1)


def test_each_term_reaches_what_it_should_and_nothing_else(trainer):
    batches = trainer.batches(0)
    _, parts, generated = trainer.generator_loss(TO_CARTOON, batches, False, {})

    def networks(term):
        return {".".join(name.split(".")[:2]) for name in reached(term, trainer.networks)}

    there, back = "generators.face_to_cartoon", "generators.cartoon_to_face"
    judge = "discriminators.cartoon"
    assert {name: networks(term) for name, term in parts.items()} == {
        "adversarial": {there, judge},
        "features": {there, judge},
        "structure": {there, back},
        "absolute": {there, back},
    }
    loss, _ = trainer.discriminator_loss(TO_CARTOON, batches["cartoon"], generated, False, {})
    assert networks(loss) == {judge}


def test_terms_are_normalised_on_their_schedule(toy):
    config = small(toy, normalise_every=3, forget=0.5)
    trainer = GanimorphTrainer(config, make_fabric("cpu"), threads=1)

    def values(numbers):
        scales, weights = trainer.networks.scales, config.weights
        # What is logged is weighted and divided already, and both directions make one term.
        each = [
            getattr(weights, t) * v / float(s) / 2
            for t, v, s in zip(TERMS, numbers, scales, strict=True)
        ]
        ways = ("face_to_cartoon", "cartoon_to_face")
        names = tuple(f"{w}/generator/{t}" for w in ways for t in TERMS)
        return Terms(names, torch.tensor(each * 2))

    seen = []
    for iteration in range(4):
        trainer.stepped(iteration, values([2.0 ** (iteration + k) for k in range(4)]))
        seen.append(trainer.networks.scales.tolist())
    assert seen[0] == pytest.approx([1, 2, 4, 8])  # of the first iteration
    assert seen[1] == seen[2] == seen[0]
    kept = trainer.networks.squares.clone()
    trainer.gate.shut = torch.ones(())  # something is not finite: nothing changes from now on
    for iteration in (4, 6):
        trainer.stepped(iteration, values([float("nan")] * 4))
    assert trainer.networks.scales.tolist() == seen[3]
    assert torch.equal(trainer.networks.squares, kept)
    averaged = ((((1 + 4) / 2 + 16) / 2) + 64) / 2
    assert seen[3] == pytest.approx([averaged**0.5 * 2**k for k in range(4)], rel=1e-5)
    assert "scales" in dict(trainer.networks.named_buffers())
    # With its own scales each term counts as its weight says.
    batches = trainer.batches(0)
    before, _, _ = trainer.generator_loss(TO_CARTOON, batches, False, {})
    trainer.networks.scales.mul_(2)
    after, _, _ = trainer.generator_loss(TO_CARTOON, batches, False, {})
    assert float(after.detach()) == pytest.approx(float(before.detach()) / 2, rel=1e-5)


@pytest.mark.slow
def test_red_discs_become_blue_where_they_are(toy, discs):
    """A swap of colours, which unpaired pictures tell without doubt."""
    config = small(toy, stage1=250, learning_rate=4e-3, average=0.9, batch=2)
    trainer = GanimorphTrainer(config, make_fabric("cpu"), threads=1)
    for iteration in range(config.iterations):
        trainer.step(iteration)
    pictures, inside = discs
    with torch.inference_mode():
        drawn = trainer.averaged["face_to_cartoon"](pictures)
    red, _, blue = (drawn[:, c][inside].mean() for c in range(3))
    assert blue > red + 0.6
    assert drawn.permute(0, 2, 3, 1)[~inside].mean() > 0.6
