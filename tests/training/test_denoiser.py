"""A denoiser learns from spoiled cartoons, goes on when stopped, and stands behind generators."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from toonmark.data.split import rules_in
from toonmark.errors import ConfigurationError, RunError
from toonmark.losses import denoising
from toonmark.models.denoiser import Denoised, Denoiser
from toonmark.training.config import DenoiserConfig, TrainConfig
from toonmark.training.denoising import DenoiserTrainer, load_denoiser
from toonmark.training.fabric import make_fabric
from toonmark.training.landmark_cyclegan import StyleTrainer
from toonmark.training.loop import train
from toonmark.training.networks import DIRECTIONS, Networks, load_generators
from toonmark.training.run import open_run
from toonmark.training.step import generator_draws, generator_loss
from toonmark.training.style_loading import training_facts

pytestmark = pytest.mark.slow


@pytest.fixture
def config(face_set, cartoon_set):
    return DenoiserConfig(
        faces=[str(face_set)], cartoons=[str(cartoon_set)], size=32, iterations=6, batch=2,
        checkpoint_every=2, log_every=1, sample_every=6,
    )  # fmt: skip


def test_it_learns_to_clean(config, run, tmp_path):
    longer = config.model_copy(update={"iterations": 150, "batch": 4, "strength": 0.7})
    before = DenoiserTrainer(longer, make_fabric("cpu")).error()
    after = run(DenoiserTrainer, longer, tmp_path / "run").error()
    assert after["denoised"] < 0.3 * before["denoised"]
    assert after["spoiled"] == before["spoiled"], "the same held-out pictures"


def test_stopped_and_started_again_it_ends_with_the_same_weights(
    config, run, interrupted, tmp_path
):
    whole = run(DenoiserTrainer, config, tmp_path / "whole").tensors()
    folder = tmp_path / "stopped"
    again = interrupted(3, DenoiserTrainer, config, folder).tensors()
    assert all(torch.equal(whole[name], again[name]) for name in whole)
    from PIL import Image

    with Image.open(folder / "samples" / "0000006.png") as grid:
        assert grid.size == (32 * 2, 32 * 3)  # one column for each of two held-out cartoons


def test_stopped_and_started_again_with_a_discriminator(
    config, style_run, run, interrupted, tmp_path
):
    config = config.model_copy(
        update={"size": 64, "generators": str(style_run), "adversarial": 0.05, "iterations": 4}
    )
    whole = run(DenoiserTrainer, config, tmp_path / "whole").tensors()
    again = interrupted(2, DenoiserTrainer, config, tmp_path / "stopped").tensors()
    assert any(name.startswith("discriminator/") for name in whole)
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_gradients_of_the_discriminator_and_of_what_it_judges(config, style_run):
    config = config.model_copy(
        update={"size": 64, "generators": str(style_run), "adversarial": 0.05}
    )
    trainer = DenoiserTrainer(config, make_fabric("cpu"))
    numbers = [0, 1]
    spoiled, clean = trainer.batch(trainer.cartoons, trainer.faces, numbers)
    drawings = trainer.drawings(numbers)
    assert torch.equal(drawings, trainer.drawings(numbers))
    assert torch.allclose(drawings[1:], trainer.drawings([1]), atol=1e-5)
    denoised = trainer.network(torch.cat([spoiled, drawings]))
    denoised.retain_grad()
    loss, parts = trainer.loss(denoised, clean, numbers)
    expected = parts["colours"] + parts["edges"] + 0.05 * parts["adversarial"]
    assert float(loss.detach()) == pytest.approx(float(expected.detach()))
    parts["adversarial"].backward(retain_graph=True)
    assert all(float(g.abs().sum()) > 0 for g in denoised.grad), "spoiled and drawn alike"
    assert all(p.grad is None for p in trainer.generators.parameters())
    weights = list(trainer.network.parameters())
    # A fresh denoiser's blocks begin as the identity: their first halves get no gradient yet.
    assert sum(float(g.abs().sum()) > 0 for g in torch.autograd.grad(loss, weights)) > 20
    trainer.discriminator.zero_grad()
    judged = trainer.discriminator_loss(denoised.detach(), clean, numbers)
    gradients = torch.autograd.grad(judged, list(trainer.discriminator.parameters()))
    assert all(float(g.abs().sum()) > 0 for g in gradients)
    # Drawings have no pair: without a discriminator they say nothing.
    trainer.discriminator = None
    alone, parts = trainer.loss(denoised, clean, numbers)
    assert set(parts) == {"colours", "edges"}
    (gradient,) = torch.autograd.grad(alone, denoised)
    assert float(gradient[2:].abs().sum()) == 0


def test_it_begins_with_another_ones_weights(config, denoiser_weights):
    config = config.model_copy(update={"start_from": str(denoiser_weights)})
    trainer = DenoiserTrainer(config, make_fabric("cpu"))
    wanted = load_denoiser(denoiser_weights)[0].state_dict()
    for network in (trainer.network, trainer.averaged):
        assert all(torch.equal(wanted[k], v) for k, v in network.state_dict().items())


def test_the_generators_of_a_run_draw_what_is_to_be_cleaned(config, style_run):
    drawn = config.model_copy(
        update={"size": 64, "generators": str(style_run), "drawn_share": 1.0, "strength": 0.0}
    )
    trainer = DenoiserTrainer(drawn, make_fabric("cpu"))
    spoiled, clean = trainer.batch(trainer.cartoons, trainer.faces, [0, 1, 2])
    both = load_generators(style_run)
    from toonmark.models.heatmaps import heatmaps

    points = np.stack([trainer.cartoons.at(i, 0, 1).landmarks for i in range(3)])
    maps = heatmaps(torch.from_numpy(points).float(), 64)
    photo = both["cartoon_to_face"](clean, maps)
    # Without strength nothing is laid over the photo that a cartoon was made into.
    again = both["face_to_cartoon"](photo, maps)
    assert torch.allclose(spoiled, again.clamp(-1, 1), atol=1e-4)
    assert (spoiled - clean).abs().mean() > 0.1
    again = trainer.batch(trainer.cartoons, trainer.faces, [0, 1, 2])[0]
    assert torch.equal(spoiled, again), "a pure function of the numbers"
    last = trainer.batch(trainer.cartoons, trainer.faces, [2])[0]
    assert torch.allclose(spoiled[2:], last, atol=1e-5), "whichever process it falls to"
    assert all(p.grad is None for p in trainer.generators.parameters())


def test_a_picture_does_not_depend_on_its_batch(config):
    trainer = DenoiserTrainer(config, make_fabric("cpu"))
    together = trainer.batch(trainer.cartoons, trainer.faces, list(range(6)))[0]
    alone = [trainer.batch(trainer.cartoons, trainer.faces, [i])[0] for i in range(6)]
    assert torch.equal(together, torch.cat(alone))


def test_loss_of_a_shade_and_of_a_line():
    clean = torch.zeros(1, 3, 8, 8)
    shade = denoising(clean + 0.5, clean)
    assert shade["colours"] == pytest.approx(0.5)
    assert shade["edges"] == 0
    line = clean.clone()
    line[..., 4] = 1.0
    parts = denoising(line, clean)
    assert parts["colours"] == pytest.approx(1 / 8)
    assert parts["edges"] == pytest.approx(2 / 7)
    picture = torch.rand(1, 3, 8, 8, requires_grad=True)
    for value in denoising(picture, clean).values():
        assert torch.autograd.grad(value, picture, retain_graph=True)[0].abs().sum() > 0


def test_behind_a_generator_gradients_pass_through_it_and_leave_it_alone(
    small_config, denoiser_weights
):
    plain = StyleTrainer(small_config, make_fabric("cpu"))
    config = small_config.model_copy(update={"denoiser": str(denoiser_weights)})
    trainer = StyleTrainer(config, make_fabric("cpu"))
    networks = trainer.networks
    before = {k: v.clone() for k, v in networks.denoiser.state_dict().items()}
    there, back = DIRECTIONS
    assert isinstance(networks.generator(there), Denoised)
    assert not isinstance(networks.generator(back), Denoised)
    batch = trainer.batches(0)["face"]
    draws = generator_draws(config, batch.image.shape, np.random.default_rng(0))
    for direction in DIRECTIONS:
        domain = trainer.batches(0)[direction.source]
        loss, _, _ = generator_loss(networks, direction, domain, config, True, draws)
        weights = list(networks.generators[there.name].parameters())
        gradients = torch.autograd.grad(loss, weights)
        assert all(float(g.abs().sum()) > 0 for g in gradients)
    drawn = generator_loss(networks, there, batch, config, True, draws)[2].image
    other = generator_loss(plain.networks, there, batch, small_config, True, draws)[2].image
    assert not torch.allclose(drawn, other, atol=1e-2)
    trainer.step(0)
    after = networks.denoiser.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_run_keeps_the_denoiser_that_it_was_trained_with(
    small_config, denoiser_weights, tmp_path
):
    config = small_config.model_copy(
        update={"denoiser": str(denoiser_weights), "stage1": 1, "stage2": 0, "keep_every": 1}
    )
    folder = tmp_path / "run"
    open_run(folder, TrainConfig, config)
    assert train(StyleTrainer(config, make_fabric("cpu")), config, folder, quiet=True)
    wanted = load_denoiser(denoiser_weights)[0].state_dict()
    denoiser_weights.unlink()
    for path in (folder, folder / "averaged" / "0000001.safetensors"):
        drawing = load_generators(path)["face_to_cartoon"]
        got = drawing.denoiser.state_dict()
        assert all(torch.equal(got[name], wanted[name]) for name in wanted)
    assert training_facts(config, 1)["denoiser"] == {"run": denoiser_weights.name}
    with pytest.raises(ConfigurationError, match="of its own"):
        load_generators(folder, Denoiser())


def test_put_behind_a_run_that_was_trained_without(style_run, denoiser_weights):
    denoiser, facts = load_denoiser(denoiser_weights)
    assert facts["iterations"] == "7"
    drawing = load_generators(style_run, denoiser)["face_to_cartoon"]
    plain = load_generators(style_run)["face_to_cartoon"]
    image, maps = torch.rand(1, 3, 64, 64), torch.rand(1, 5, 64, 64)
    assert torch.equal(drawing(image, maps), denoiser(plain(image, maps)))


def test_an_unfinished_run_is_no_denoiser_yet(tmp_path):
    with pytest.raises(RunError):
        load_denoiser(tmp_path)


def test_networks_without_one_have_none(small_config):
    assert Networks(small_config).denoiser is None
    assert not any("denoiser" in name for name in Networks(small_config).state_dict())


def test_sizes_and_saved_error(config, run, tmp_path):
    trainer = run(DenoiserTrainer, config, tmp_path / "run")
    trainer.save(tmp_path / "run", {"n": 2.0, "denoised": 1.5})
    _, facts = load_denoiser(tmp_path / "run")
    assert json.loads(facts["error_denoised"]) == 1.5
    with torch.no_grad():
        for size in (32, 64, 128):
            assert trainer.averaged(torch.zeros(2, 3, size, size)).shape == (2, 3, size, size)


def test_it_says_by_which_rules_pictures_were_held_out(config, denoiser_weights, tmp_path):
    for name in ("new", "both"):
        (tmp_path / name).mkdir()
    trainer = DenoiserTrainer(config, make_fabric("cpu"))
    assert rules_in(load_denoiser(trainer.save(tmp_path / "new", {}))[1]) == {"name"}
    # It goes on from one of before there was a choice.
    config = config.model_copy(update={"start_from": str(denoiser_weights)})
    trainer = DenoiserTrainer(config, make_fabric("cpu"))
    assert rules_in(load_denoiser(trainer.save(tmp_path / "both", {}))[1]) == {"name", "position"}
