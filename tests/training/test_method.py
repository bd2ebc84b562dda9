"""What each network is shown, how much each term weighs, and when learning ends.

Discriminators and regressors are stood in for by networks that note what they are given.
"""

import numpy as np
import pytest
import torch
from tests.training.test_gradients import SIZE, batch, discriminator_loss, generator_loss
from torch import nn

from toonmark import losses
from toonmark.models.heatmaps import heatmaps, points_from_heatmaps
from toonmark.models.patches import cut_patches
from toonmark.training.config import (
    ABLATION,
    DenoiserConfig,
    Method,
    RegressorConfig,
    TrainConfig,
    Weights,
)
from toonmark.training.denoising import DenoiserTrainer
from toonmark.training.fabric import make_fabric
from toonmark.training.landmark_cyclegan import StyleTrainer
from toonmark.training.landmark_training import LandmarkTrainer
from toonmark.training.networks import DIRECTIONS, TO_CARTOON, Networks
from toonmark.training.step import Generated, regressor_loss

pytestmark = pytest.mark.slow


class Judge(nn.Module):
    """Scores everything 0, and keeps what it saw."""

    def forward(self, seen):
        self.seen = seen.detach()
        return seen.mean((1, 2, 3)) * 0


class Finder(nn.Module):
    """Finds the same landmarks in every picture."""

    def __init__(self, points):
        super().__init__()
        self.maps = heatmaps(points, SIZE)

    def forward(self, image):
        return self.maps + 0 * image.mean()


def configured(method=None, **settings) -> TrainConfig:
    return TrainConfig(
        faces=["-"], cartoons=["-"], size=SIZE, width=16, method=method or Method(), **settings
    )


def watched(config, found):
    """Networks whose discriminators and regressors of drawn cartoons only watch."""
    networks = Networks(config)
    judges = networks.discriminators["cartoon"]
    for name in list(judges):
        judges[name] = Judge()
    if "cartoon" in networks.regressors:
        networks.regressors["cartoon"] = Finder(found)
    return networks, judges


def drawn(config, networks, source, local=True):
    random = np.random.default_rng(0)
    with torch.no_grad():
        return generator_loss(networks, TO_CARTOON, source, config, local, random)


def judge(config, networks, real, generated, local=True):
    random = np.random.default_rng(0)
    return discriminator_loss(networks, real, TO_CARTOON, generated, config, local, random)


@pytest.fixture
def scene():
    """A batch of faces, one of cartoons, and where parts are found in what is drawn."""
    faces, cartoons = batch(seed=0), batch(seed=1)
    moved = cartoons.landmarks + torch.tensor([2.0, -3.0])
    found = points_from_heatmaps(heatmaps(faces.landmarks + torch.tensor([-4.0, 5.0]), SIZE))
    return faces, type(cartoons)(cartoons.image, cartoons.shown, moved), found


@pytest.mark.parametrize("row", ABLATION)
def test_adversarial_terms_weigh_one_in_all_in_each_row(row, scene):
    """Eq. 3: a row without a discriminator does not have half of the pressure (scores are 0)."""
    config = configured(ABLATION[row])
    networks, _ = watched(config, scene[2])
    _, parts, _ = drawn(config, networks, scene[0], local=False)
    weights = {k: float(v) for k, v in parts.items() if k in ("real", "matched")}
    alone = row in ("basic", "lm_co")
    assert weights == pytest.approx({"real": 1.0} if alone else {"real": 0.5, "matched": 0.5})


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (Weights(), {"real": 0.5, "matched": 0.5, "local": 3 * 0.3}),
        (Weights(real=0.2, matched=0.7, local=2), {"real": 0.2, "matched": 0.7, "local": 3 * 2}),
    ],
)
@pytest.mark.parametrize(("gan", "unsure"), [("least_squares", 1.0), ("log", np.log(2))])
def test_each_adversarial_term_has_its_weight(gan, unsure, weights, expected, scene):
    """Times what a score of 0 costs in the form that is asked for, on both sides."""
    config = configured(Method(gan=gan), weights=weights)
    networks, _ = watched(config, scene[2])
    loss, parts, generated = drawn(config, networks, scene[0])
    wanted = {name: weight * unsure for name, weight in expected.items()}
    assert {name: float(parts[name]) for name in expected} == pytest.approx(wanted)
    assert float(loss) == pytest.approx(sum(float(part) for part in parts.values()))
    _, parts = judge(config, networks, scene[1], generated)
    both = 0.5 if gan == "least_squares" else np.log(2)
    assert [float(part) for part in parts.values()] == pytest.approx(5 * [both])


def test_the_papers_other_weights(scene):
    config = configured()
    networks, _ = watched(config, scene[2])
    _, parts, _ = drawn(config, networks, scene[0])
    off = ((heatmaps(scene[2], SIZE) - heatmaps(scene[0].landmarks, SIZE)) ** 2).mean()
    assert float(parts["landmarks"]) == pytest.approx(100 * float(off), rel=1e-4)
    for direction in DIRECTIONS:  # ways that paint all grey, and restore all grey
        networks.generators[direction.name].forward = lambda image, maps: image * 0
    _, parts, _ = drawn(config, networks, scene[0])
    assert float(parts["cycle"]) == pytest.approx(10 * float(scene[0].image.abs().mean()))


def test_the_photo_with_its_background_is_drawn_and_the_plain_face_is_restored(scene):
    faces, _, found = scene
    config = configured(weights=Weights(colour=1.0, hue=1.0))
    networks, _ = watched(config, found)
    given = []

    def traced(image, maps):
        given.append((image, maps))
        return image * 0

    for direction in DIRECTIONS:
        networks.generators[direction.name].forward = traced
    _, parts, generated = drawn(config, networks, faces)
    (shown, there), (drawing, back) = given
    assert torch.equal(shown, faces.shown)
    assert torch.equal(drawing, generated.image)
    assert torch.equal(there, heatmaps(faces.landmarks, SIZE))
    assert torch.equal(back, there)
    grey = torch.zeros_like(faces.image)
    for name, anchor in (("colour", losses.colour_anchor), ("hue", losses.hue_anchor)):
        assert float(parts[name]) == pytest.approx(float(anchor(grey, faces.image)))


def test_each_switch_leaves_out_its_term_alone(scene):
    """Eq. 4 too, where a regressor is there for the patches still."""
    faces, _, found = scene
    whole = set(drawn(configured(), watched(configured(), found)[0], faces)[1])
    for switch, term in (
        ("landmark_consistency", "landmarks"),
        ("conditional_discriminator", "matched"),
        ("local_discriminators", "local"),
    ):
        config = configured(Method(**{switch: False}))
        networks, _ = watched(config, found)
        _, parts, _ = drawn(config, networks, faces, local=config.method.local_discriminators)
        assert whole - set(parts) == {term}


@pytest.mark.parametrize("whose", ["input", "predicted"])
def test_drawings_are_judged_with_their_own_landmarks(whose, scene):
    faces, cartoons, found = scene
    config = configured(Method(fake_landmarks=whose))
    networks, judges = watched(config, found)
    _, _, generated = drawn(config, networks, faces)
    own = heatmaps(faces.landmarks if whose == "input" else found, SIZE)
    assert torch.allclose(judges["matched"].seen[:, 3:], own, atol=1e-3), "the generator's side"
    assert torch.allclose(generated.points, torch.stack([faces.landmarks, found], 1), atol=1e-2)

    judge(config, networks, cartoons, generated)
    real, fake, moved = judges["matched"].seen.split(len(cartoons.image))
    theirs = heatmaps(cartoons.landmarks, SIZE)
    assert torch.equal(real, torch.cat([cartoons.image, theirs], 1))
    assert torch.equal(fake[:, :3], generated.image)
    assert torch.allclose(fake[:, 3:], own, atol=1e-3)
    assert (fake[:, 3:] - theirs).abs().max() > 0.5, "and not with the real picture's"
    assert torch.equal(moved[:, 3:], theirs), "unmatched pairs keep the old landmarks"


def test_unmatched_pairs_show_another_part_of_the_picture(scene):
    _, cartoons, found = scene
    config = configured()
    networks, judges = watched(config, found)
    y, x = torch.meshgrid(*2 * [torch.linspace(-1, 1, SIZE)], indexing="ij")
    ramp = torch.stack([x, y, x * 0]).repeat(2, 1, 1, 1)
    real = type(cartoons)(ramp, ramp, cartoons.landmarks)
    judge(config, networks, real, Generated(ramp, torch.stack([cartoons.landmarks] * 2, 1)))
    moved = judges["matched"].seen.split(2)[2][:, :3]
    place = (moved - ramp)[:, :2].norm(dim=1).mean((1, 2)) * SIZE / 2
    assert (place > 0.05 * SIZE).all()

    plain = configured(Method(unmatched_pairs=False))
    judge(plain, networks, real, Generated(ramp, torch.stack([cartoons.landmarks] * 2, 1)))
    assert len(judges["matched"].seen) == 4, "real and drawn ones only"


def test_discriminators_learn_what_is_real_and_what_is_drawn(scene):
    """Real pictures here are white and drawn ones grey, and the scores are how white they are."""
    _, cartoons, found = scene
    config = configured()
    networks, judges = watched(config, found)
    for one in judges.values():
        one.forward = lambda seen: seen[:, 0].mean((1, 2))
    white, grey = torch.ones_like(cartoons.image), torch.zeros_like(cartoons.image)
    real = type(cartoons)(white, grey, cartoons.landmarks)
    generated = Generated(grey, torch.stack([cartoons.landmarks] * 2, 1))
    _, parts = judge(config, networks, real, generated)
    sure = dict.fromkeys(("real", "eyes", "nose", "mouth"), 0.0)
    # Unmatched pairs are real pictures, so that they count as taken in: half of a half.
    wanted = {**sure, "matched": 0.25}
    assert {name: float(part) for name, part in parts.items()} == pytest.approx(wanted, abs=1e-6)


def test_a_regressor_learns_from_pictures_without_their_background(scene):
    _, cartoons, found = scene
    config = configured(ABLATION["no_pretraining"])
    networks, _ = watched(config, found)
    judging = networks.regressors["cartoon"] = Judge()
    judging.forward = lambda seen: setattr(judging, "seen", seen) or heatmaps(found, SIZE)
    regressor_loss(networks, "cartoon", cartoons, config)
    assert torch.equal(judging.seen, cartoons.image)


def test_drawn_patches_lie_where_the_parts_were_found(scene):
    """By generator and discriminators alike; in real pictures they lie at the given landmarks."""
    faces, cartoons, found = scene
    config = configured()
    networks, judges = watched(config, found)
    _, _, generated = drawn(config, networks, faces)
    wanted = cut_patches(generated.image, found)
    elsewhere = cut_patches(generated.image, faces.landmarks)
    for name, patch in wanted.items():
        assert torch.allclose(judges[name].seen, patch, atol=1e-2), name
        assert not torch.allclose(judges[name].seen, elsewhere[name], atol=1e-2), name

    ours = cut_patches(cartoons.image, cartoons.landmarks)
    judge(config, networks, cartoons, generated)
    for name, patch in wanted.items():
        real, fake = judges[name].seen.split(len(patch))
        assert torch.equal(real, ours[name])
        assert torch.allclose(fake, patch, atol=1e-2), name
        assert not torch.allclose(fake, elsewhere[name], atol=1e-2), name


@pytest.mark.parametrize("preset", ["compact", "paper"])
def test_all_rows_start_alike_in_the_networks_that_they_share(preset):
    """Whatever else a row has, and whatever was drawn before."""
    # The paper's regressors have 44 million weights each: of them, a row of each kind.
    rows = list(ABLATION) if preset == "compact" else ["basic", "lm_co", "full"]
    starts = []
    for row in rows:
        torch.manual_seed(len(starts))
        state = Networks(configured(ABLATION[row], preset=preset)).state_dict()
        starts.append({k: v for k, v in state.items() if not k.startswith("generators")})
    full = starts[rows.index("full")]
    for start in starts:
        assert set(start) <= set(full)
        assert all(torch.equal(value, full[key]) for key, value in start.items())
    own = Networks(configured(preset=preset)).state_dict()
    weights = [v for k, v in own.items() if k.endswith("real.layers.0.weight")]
    assert not torch.equal(*weights), "the two domains' do not start as twins"
    other = Networks(configured(preset=preset, seed=1)).state_dict()
    key = "discriminators.face.real.layers.0.weight"
    assert not torch.equal(own[key], other[key])


def test_stage_one_is_the_same_with_and_without_local_discriminators(small_config):
    """Full and without_local fork from one stage I."""
    ends = []
    for row in ("full", "without_local"):
        config = small_config.model_copy(update={"method": ABLATION[row]})
        trainer = StyleTrainer(config, make_fabric("cpu"))
        for iteration in range(config.stage1):
            trainer.step(iteration)
        ends.append(trainer.networks.state_dict())
    shared = set(ends[0]) & set(ends[1])
    assert {key.split(".")[0] for key in shared} == {"generators", "discriminators", "regressors"}
    assert all(torch.equal(ends[0][key], ends[1][key]) for key in shared)


def trainer_of(kind, small_config, cartoon_set, face_set):
    fabric, sets = make_fabric("cpu"), {"faces": [str(face_set)], "cartoons": [str(cartoon_set)]}
    if kind == "style":
        return StyleTrainer(small_config, fabric)
    if kind == "denoiser":
        denoiser = DenoiserConfig(**sets, size=64, iterations=8, adversarial=0.1)
        return DenoiserTrainer(denoiser, fabric)
    return LandmarkTrainer(RegressorConfig(data=[str(face_set)], size=64, iterations=8), fabric)


@pytest.mark.parametrize("kind", ["style", "denoiser", "regressor"])
def test_learning_slows_down_and_ends(kind, small_config, cartoon_set, face_set):
    """Polynomial decay to zero: a step after the last changes no weight."""
    trainer = trainer_of(kind, small_config, cartoon_set, face_set)

    def rates():
        return [group["lr"] for o in trainer.optimizers.values() for group in o.param_groups]

    trainer.step(0)
    first = rates()
    trainer.step(4)
    assert rates() == pytest.approx([rate * 0.5**0.9 for rate in first])
    learnt = [p for o in trainer.optimizers.values() for g in o.param_groups for p in g["params"]]
    before = [p.detach().clone() for p in learnt]
    trainer.step(8)
    assert rates() == [0.0] * len(first)
    assert all(torch.equal(a, b) for a, b in zip(before, learnt, strict=True))
