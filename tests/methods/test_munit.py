"""MUNIT: its networks' sizes, what its terms reach, and a toy problem with a known answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from toonmark.artifacts import CHECKPOINT
from toonmark.evaluation.run_drawing import open_run_drawer
from toonmark.methods.munit import MunitConfig, MunitTrainer, encoders
from toonmark.methods.style_pictures import StylePictures
from toonmark.models.munit import AutoEncoder, MultiScaleDiscriminator
from toonmark.ranges import from_network, signed
from toonmark.training import checkpoint
from toonmark.training.fabric import make_fabric
from toonmark.training.loop import train
from toonmark.training.networks import TO_CARTOON
from toonmark.training.run import open_run
from toonmark.training.step import Generated
from toonmark.training.tensors import to_tensor


def small(toy, **settings):
    values = {"size": 32, "width": 16, "stage1": 4, "stage2": 0, "background_share": 0}
    values |= {"sample_every": 1000, "checkpoint_every": 2, "log_every": 1, "keep_every": 0}
    return MunitConfig(**{**toy, **values, **settings})


def count(module):
    return sum(p.numel() for p in module.parameters())


def test_the_paper_s_networks_have_its_code_s_sizes():
    """Counted layer by layer from the authors' configuration: 46.6 million in all."""
    network = AutoEncoder()
    parts = {k: count(getattr(network, k)) for k in ("style", "content", "mlp", "styled", "up")}
    assert parts == {
        "style": 2_764_936,
        "content": 5_385_856,
        "mlp": 1_120_768,
        "styled": 4_720_640,
        "up": 1_033_987,
    }
    assert count(MultiScaleDiscriminator()) == 8_271_171
    content, style = AutoEncoder(16)(torch.zeros(2, 3, 64, 64))
    assert content.shape == (2, 64, 16, 16)
    assert style.shape == (2, 8)
    scores = MultiScaleDiscriminator(8)(torch.zeros(1, 3, 64, 64))
    assert [tuple(s.shape[2:]) for s in scores] == [(4, 4), (2, 2), (1, 1)]


def test_the_style_decides_statistics_and_nothing_else():
    """AdaIN: with the same content another style gives another picture; alone in its batch too."""
    network = AutoEncoder(8, 2, 32).eval()
    content, _ = network(torch.randn(1, 3, 32, 32).repeat(2, 1, 1, 1))
    styles = torch.randn(2, 8)
    both = network.decode(content, styles)
    assert float((both[0] - both[1]).abs().mean()) > 1e-3
    assert torch.allclose(network.decode(content[1:], styles[1:])[0], both[1], atol=1e-5)


@pytest.fixture
def trainer(toy):
    return MunitTrainer(small(toy, weights={"cycle": 3}), make_fabric("cpu"), threads=1)


def reached(term, networks):
    """Which parts of which networks a term has a gradient in."""
    named = dict(networks.named_parameters())
    grads = torch.autograd.grad(term, list(named.values()), allow_unused=True, retain_graph=True)
    touched = {n for n, g in zip(named, grads, strict=True) if g is not None and g.any()}
    return {".".join(n.split(".")[:3]) for n in touched}


def test_each_term_reaches_what_it_should_and_nothing_else(trainer):
    batches = trainer.batches(0)
    draws = trainer.draws(TO_CARTOON, 0, batches["face"].image.shape)
    _, parts, generated = trainer.generator_loss(TO_CARTOON, batches, False, draws)
    own = {f"generators.face.{k}" for k in ("style", "content", "mlp", "styled", "up")}
    drawing = {"generators.face.content"} | {
        f"generators.cartoon.{k}" for k in ("mlp", "styled", "up")
    }
    scales = {f"discriminators.cartoon.scales.{i}".rsplit(".", 1)[0] for i in range(2)}
    found = {name: reached(term, trainer.networks) for name, term in parts.items()}
    assert found == {
        "adversarial": drawing | scales,
        "image": own,
        "content": drawing | {"generators.cartoon.content"},
        "style": drawing | {"generators.cartoon.style"},
        "cycle": drawing | own | {"generators.cartoon.content"},
    }
    assert not generated.image.requires_grad
    loss, _ = trainer.discriminator_loss(TO_CARTOON, batches["cartoon"], generated, False, draws)
    assert reached(loss, trainer.networks) == scales
    # A discriminator that is right about everything has nothing to learn from.
    same = Generated(batches["cartoon"].image, generated.points)
    confused, _ = trainer.discriminator_loss(TO_CARTOON, batches["cartoon"], same, False, draws)
    assert float(confused) > 0


def test_a_killed_run_ends_with_the_same_weights(toy, tmp_path):
    config, ends = small(toy), []
    for name, stops in (("whole", (4,)), ("parts", (2, 4))):
        folder = tmp_path / name
        open_run(folder, MunitConfig, config)
        for stop in stops:
            trainer = MunitTrainer(config, make_fabric("cpu"), threads=1)
            train(trainer, config.model_copy(update={"stage1": stop}), folder, quiet=True)
        ends.append(checkpoint.load(folder / "checkpoint.safetensors")[0])
    # The learning rate's decay ends with the schedule: the same configuration trained both.
    assert all(torch.equal(ends[0][k], ends[1][k]) for k in ends[0])
    drawer = open_run_drawer(tmp_path / "whole")
    faces = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    drawn = drawer.draw(faces, np.zeros((2, 5, 2)))
    assert drawn.shape == faces.shape
    assert np.array_equal(drawer.draw(faces[1:], np.zeros((1, 5, 2)))[0], drawn[1])
    assert drawer.back is not None
    assert drawer.iterations == 4


def test_a_style_may_be_an_examples(toy, tmp_path):
    """Faces are drawn in the style of the cartoon of nearest colours: of one face all in one."""
    faces = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), np.uint8)
    drawn = []
    for styles in ("random", "example"):
        config = small(toy, styles=styles)
        open_run(tmp_path / styles, MunitConfig, config)
        trainer = MunitTrainer(config, make_fabric("cpu"), threads=1)
        checkpoint.save(tmp_path / styles / CHECKPOINT, trainer.tensors(), {"iteration": "4"})
        drawn.append(open_run_drawer(tmp_path / styles).draw(faces, np.zeros((1, 5, 2))))
    assert not np.array_equal(*drawn)
    generators = trainer.averaged
    nearest = StylePictures(toy["cartoons"], 32, "nearest").of(signed(faces[0]))[0]
    source, target = encoders(generators, TO_CARTOON)
    with torch.inference_mode():
        wanted = target.decode(
            source.content(to_tensor([signed(faces[0])])), target.style(to_tensor([nearest]))
        )
    assert np.array_equal(drawn[1], from_network(wanted.numpy()))


@pytest.mark.slow
def test_red_discs_become_blue_where_they_are(toy, discs):
    """A swap of colours, which unpaired pictures tell without doubt."""
    config = small(toy, stage1=60, learning_rate=2e-3, average=0.9, batch=4)
    trainer = MunitTrainer(config, make_fabric("cpu"), threads=1)
    for iteration in range(config.iterations):
        trainer.step(iteration)
    pictures, inside = discs
    with torch.inference_mode():
        draw = trainer.networks.translator(trainer.averaged, TO_CARTOON)
        drawn = draw(pictures)
    red, _, blue = (drawn[:, c][inside].mean() for c in range(3))
    white = drawn.permute(0, 2, 3, 1)[~inside].mean()
    assert blue > red + 0.7
    assert white > 0.6
