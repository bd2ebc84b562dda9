"""Every term sends its gradient where it should, and none to the frozen regressors."""

import numpy as np
import pytest
import torch

from toonmark.landmarks import default_sigma, template_points
from toonmark.training import step
from toonmark.training.config import ABLATION, Method, TrainConfig, Weights
from toonmark.training.networks import DIRECTIONS, Networks
from toonmark.training.step import (
    Batch,
    Generated,
    discriminator_draws,
    generator_draws,
    regressor_loss,
    unmatched,
    unmatched_views,
)

SIZE = 64
RANDOM = np.random.default_rng(0)
TERMS = ["real", "cycle", "landmarks", "matched", "local", "colour", "hue"]


def configured(**method) -> TrainConfig:
    return TrainConfig(
        faces=["-"], cartoons=["-"], size=SIZE, width=16,
        method=Method(**method), weights=Weights(colour=1.0, hue=1.0),
    )  # fmt: skip


def batch(count=2, seed=0):
    from toonmark.data.sampling import Sample

    random = np.random.default_rng(seed)

    def picture():
        return random.uniform(-1, 1, (SIZE, SIZE, 3)).astype(np.float32)

    points = template_points(SIZE).astype(np.float32)
    return Batch.of(
        [
            Sample(picture(), picture(), points + random.normal(0, 1, (5, 2)).astype(np.float32))
            for _ in range(count)
        ],
        torch.device("cpu"),
    )


def generator_loss(networks, direction, source, config, local, random):
    """The loss, with its random numbers drawn for it."""
    draws = generator_draws(config, source.image.shape, random)
    return step.generator_loss(networks, direction, source, config, local, draws)


def discriminator_loss(networks, real, direction, generated, config, local, random):
    """The loss, with its random numbers drawn for it."""
    draws = discriminator_draws(config, real.image.shape, random)
    return step.discriminator_loss(networks, real, direction, generated, config, local, draws)


def size_of(gradients) -> float:
    return sum(float(g.abs().sum()) for g in gradients if g is not None)


def reached(loss, module) -> float:
    parameters = [p for p in module.parameters() if p.requires_grad]
    if not parameters or not loss.requires_grad:
        return 0.0
    return size_of(torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True))


@pytest.mark.parametrize("direction", DIRECTIONS, ids=lambda d: d.name)
@pytest.mark.parametrize("gan", ["least_squares", "log"])
def test_each_generator_term_reaches_its_generator(gan, direction):
    torch.manual_seed(0)
    config = configured(gan=gan)
    networks = Networks(config)
    _, parts, _ = generator_loss(networks, direction, batch(), config, True, RANDOM)
    assert set(parts) == set(TERMS)
    for term, part in parts.items():
        forward = reached(part, networks.generator(direction))
        back = reached(part, networks.generator(direction.back))
        assert forward > 1e-6, term
        assert (back > 1e-6) == (term == "cycle"), f"{term}: only the cycle trains the way back"
    assert not any(p.requires_grad for p in networks.regressors.parameters())


def test_the_regressor_stays_frozen_but_passes_gradients_on():
    """The landmark loss must go through the regressor, not around it and not into it."""
    config = configured()
    networks = Networks(config)
    before = {k: v.clone() for k, v in networks.regressors.state_dict().items()}
    networks.train()
    loss, _, _ = generator_loss(networks, DIRECTIONS[0], batch(), config, True, RANDOM)
    loss.backward()
    assert all(p.grad is None for p in networks.regressors.parameters())
    after = networks.regressors.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)
    assert not any(m.training for r in networks.regressors.values() for m in r.modules())


@pytest.mark.parametrize("direction", DIRECTIONS, ids=lambda d: d.name)
def test_each_discriminator_term_reaches_only_its_discriminator(direction):
    torch.manual_seed(0)
    config = configured()
    networks = Networks(config)
    _, _, generated = generator_loss(networks, direction, batch(), config, True, RANDOM)
    assert not generated.image.requires_grad
    _, parts = discriminator_loss(
        networks, batch(seed=1), direction, generated, config, True, np.random.default_rng(0)
    )
    assert set(parts) == {"real", "matched", "eyes", "nose", "mouth"}
    judges = networks.discriminators[direction.target]
    for name, part in parts.items():
        for other, judge in judges.items():
            assert (reached(part, judge) > 1e-6) == (other == name), (name, other)
        assert reached(part, networks.generators) == 0
        assert reached(part, networks.discriminators[direction.source]) == 0


def test_unmatched_pairs_reach_only_the_conditional_discriminator():
    config, plain = configured(), configured(unmatched_pairs=False)
    networks = Networks(config)
    _, _, generated = generator_loss(networks, DIRECTIONS[0], batch(), config, True, RANDOM)
    with_, without = (
        discriminator_loss(
            networks, batch(seed=1), DIRECTIONS[0], generated, c, True, np.random.default_rng(0)
        )[1]
        for c in (config, plain)
    )
    different = {name for name in with_ if not torch.equal(with_[name], without[name])}
    assert different == {"matched"}


def test_unmatched_pictures_have_left_their_landmarks():
    pictures = torch.full((6, 3, SIZE, SIZE), 1.0)
    pictures[:, :, 30:34, 30:34] = -1
    moved = unmatched(pictures, unmatched_views(6, SIZE, np.random.default_rng(0)))
    assert moved.shape == pictures.shape
    for one in moved:
        dark = (one[0] < 0).nonzero().float().mean(0)
        assert (dark - 31.5).norm() > 0.05 * SIZE


def test_unmatched_pictures_are_crops_without_repeated_borders():
    """On a ramp each pixel differs from its neighbours, unless the border went on."""
    y, x = torch.meshgrid(torch.arange(float(SIZE)), torch.arange(float(SIZE)), indexing="ij")
    views = unmatched_views(200, SIZE, np.random.default_rng(0))
    moved = unmatched(torch.stack([x, y, x * 0]).repeat(200, 1, 1, 1), views)
    across, down = moved[:, 0].diff(dim=-1), moved[:, 1].diff(dim=-2)
    shares = across.mean((1, 2))
    assert (across - shares[:, None, None]).abs().max() < 1e-3
    assert (down - shares[:, None, None]).abs().max() < 1e-3
    assert 0.69 < shares.min() < 0.75
    assert 0.80 < shares.max() < 0.86
    assert moved.min() >= 0
    assert moved.max() <= SIZE - 1
    assert moved[:, 0, 0, 0].std() > 0.04 * SIZE, "they lie anywhere"
    landmarks = torch.from_numpy(template_points(SIZE)).float()
    origins = moved[:, :2, 0, 0]
    places = (landmarks - origins[:, None]) / shares[:, None, None]
    off = (places - landmarks).norm(dim=-1).mean(1)
    assert off.min() > 1.5 * default_sigma(SIZE), "none of them fits"


def test_unmatched_crops_go_everywhere_alike():
    views = unmatched_views(4000, SIZE, np.random.default_rng(1))
    assert views.shape == (4000, 2, 3)
    assert views.dtype == torch.float32
    share, corner = views[:, 0, 0], views[:, :, 2]
    middle = (SIZE - 1) / 2
    aside = corner - middle * (1 - share[:, None])
    eighths = torch.atan2(aside[:, 1], aside[:, 0]) % (2 * np.pi) / (np.pi / 4)
    counts = torch.bincount(eighths.long(), minlength=8)
    assert counts.min() > 430, "500 each"
    assert counts.max() < 570
    far = (SIZE - 1) * (1 - share[:, None])
    reach = torch.minimum(corner, far - corner).max(dim=1).values
    assert reach.min() < 0.2, "into the corners too"


def test_a_run_that_goes_on_sees_the_crops_that_it_would_have_seen():
    views = unmatched_views(2, 64, np.random.default_rng(0))
    expected = [[0.79554, 12.41363, 8.01304], [0.74047, 15.96625, 8.98724]]
    got = torch.cat([views[:, 0, :1], views[:, :, 2]], dim=1)
    assert torch.allclose(got, torch.tensor(expected), atol=1e-4)


@pytest.mark.parametrize("left_out", ["conditional_discriminator", "unmatched_pairs"])
def test_nothing_is_cut_for_pairs_that_there_are_not(left_out):
    random = np.random.default_rng(0)
    config = configured(**{left_out: False})
    assert "views" not in discriminator_draws(config, (2, 3, SIZE, SIZE), random)
    assert "views" in discriminator_draws(configured(), (2, 3, SIZE, SIZE), random)


def test_local_patches_are_only_judged_in_stage_two():
    config = configured()
    networks = Networks(config)
    _, parts, generated = generator_loss(networks, DIRECTIONS[0], batch(), config, False, RANDOM)
    assert "local" not in parts
    _, judged = discriminator_loss(
        networks, batch(seed=1), DIRECTIONS[0], generated, config, False, np.random.default_rng(0)
    )
    assert set(judged) == {"real", "matched"}


ROWS = {
    "basic": {"real", "cycle"},
    "lm_cd": {"real", "cycle", "matched"},
    "lm_co": {"real", "cycle", "landmarks"},
    "without_local": {"real", "cycle", "matched", "landmarks"},
    "full": {"real", "cycle", "matched", "landmarks", "local"},
    "one_stage": {"real", "cycle", "matched", "landmarks", "local"},
    "no_pretraining": {"real", "cycle", "matched", "landmarks", "local"},
}


@pytest.mark.parametrize("row", ABLATION)
def test_each_row_of_the_ablation_has_just_its_parts(row):
    config = TrainConfig(
        faces=["-"], cartoons=["-"], size=SIZE, width=16, stage1=10, stage2=10, method=ABLATION[row]
    )
    networks = Networks(config)
    _, parts, _ = generator_loss(
        networks, DIRECTIONS[0], batch(), config, config.local_in(True), RANDOM
    )
    assert set(parts) == ROWS[row]
    assert networks.generators["face_to_cartoon"].conditional == (row not in ("basic", "lm_co"))
    early = row == "one_stage"
    assert config.local_in(False) == early
    trained = any(p.requires_grad for p in networks.regressors.parameters())
    assert trained == (row == "no_pretraining")


def test_without_pretraining_the_regressor_learns_from_real_pictures():
    config = TrainConfig(
        faces=["-"], cartoons=["-"], size=SIZE, width=16, method=ABLATION["no_pretraining"]
    )
    networks = Networks(config)
    loss = regressor_loss(networks, "cartoon", batch(), config)
    assert reached(loss, networks.regressors["cartoon"]) > 1e-6
    assert reached(loss, networks.generators) == 0


def test_predicted_landmarks_send_a_gradient_through_the_condition():
    """With figure 3's reading, the conditional discriminator also judges where parts were put."""
    ramp = torch.linspace(0, 1, SIZE)
    for whose, passes in (("predicted", True), ("input", False)):
        config = configured(fake_landmarks=whose, landmark_consistency=False)
        networks, direction = Networks(config), DIRECTIONS[0]
        judges = networks.discriminators[direction.target]
        judges["matched"].forward = lambda seen: (seen[:, 3:] * ramp).mean(
            (1, 2, 3)
        )  # of maps alone
        _, parts, generated = generator_loss(networks, direction, batch(), config, False, RANDOM)
        assert (reached(parts["matched"], networks.generator(direction)) > 1e-6) == passes
        given, found = generated.points[:, 0], generated.points[:, 1]
        assert not torch.equal(given, found)


def test_noise_in_the_cycle_touches_the_way_back_only():
    config, plain = configured(), configured()
    config = config.model_copy(update={"cycle_noise": 0.5})
    networks = Networks(config)

    def parts(one):
        random = np.random.default_rng(3)
        return generator_loss(networks, DIRECTIONS[0], batch(), one, True, random)[1]

    noisy, quiet = parts(config), parts(plain)
    assert {name for name in noisy if not torch.equal(noisy[name], quiet[name])} == {"cycle"}
    again = parts(config)
    assert torch.equal(again["cycle"], noisy["cycle"]), "a run that goes on draws the same noise"
    assert reached(noisy["cycle"], networks.generator(DIRECTIONS[0])) > 1e-6


def test_noise_on_what_is_judged_touches_the_discriminators_terms_only():
    plain = configured()
    config = plain.model_copy(update={"judged_noise": 0.3})
    networks, direction = Networks(config), DIRECTIONS[0]
    judging = {"real", "matched", "local"}

    def parts(one):
        return generator_loss(networks, direction, batch(), one, True, np.random.default_rng(3))

    (_, noisy, generated), (_, quiet, same) = parts(config), parts(plain)
    assert {name for name in noisy if not torch.equal(noisy[name], quiet[name])} == judging
    assert torch.equal(generated.image, same.image), "what goes into the pool has no noise"
    for name in judging:
        assert reached(noisy[name], networks.generator(direction)) > 1e-6

    def judged(one):
        random = np.random.default_rng(3)
        return discriminator_loss(networks, batch(), direction, generated, one, True, random)[1]

    noisy, quiet = judged(config), judged(plain)
    assert {name for name in noisy if not torch.equal(noisy[name], quiet[name])} == set(quiet)
    for domain in ("face", "cartoon"):
        assert reached(sum(noisy.values()), networks.regressors[domain]) == 0


def test_noise_does_not_tell_unmatched_pairs_apart(monkeypatch):
    """It is laid over after the picture was moved: cut with it, it would be smoother."""
    config = configured().model_copy(update={"judged_noise": 0.3})
    networks, direction = Networks(config), DIRECTIONS[0]
    seen, together = [], step.join
    monkeypatch.setattr(
        step, "join", lambda image, maps: seen.append(image) or together(image, maps)
    )
    grey = batch()
    grey = type(grey)(**{**vars(grey), "image": torch.zeros_like(grey.image)})
    drawn = Generated(torch.zeros_like(grey.image), torch.stack([grey.landmarks] * 2, 1))
    discriminator_loss(networks, grey, direction, drawn, config, True, np.random.default_rng(3))
    deviations = [float(image.std()) for image in seen]
    assert len(deviations) == 3, "matched, drawn, unmatched"
    assert deviations == pytest.approx([0.3] * 3, rel=0.05)
