"""Each equation: its value on a case worked out by hand."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from toonmark import losses


def test_least_squares_form():
    real, fake = torch.full((2, 1, 3, 3), 0.5), torch.full((2, 1, 3, 3), 0.25)
    assert losses.adversarial_discriminator(real, fake) == pytest.approx(0.5 * 0.25 + 0.5 * 0.0625)
    assert losses.adversarial_generator(fake) == pytest.approx(0.75**2)


def test_log_form_is_equation_1():
    real, fake = torch.tensor([0.3, -1.0]), torch.tensor([0.7, -2.0])
    judged_real, judged_fake = torch.sigmoid(real), torch.sigmoid(fake)
    equation = judged_real.log().mean() + (1 - judged_fake).log().mean()
    loss = losses.adversarial_discriminator(real, fake, "log")
    assert float(loss) == pytest.approx(-0.5 * float(equation), rel=1e-5)
    assert float(losses.adversarial_generator(fake, "log")) == pytest.approx(
        -float(judged_fake.log().mean()), rel=1e-5
    )


def test_log_form_stays_finite_for_a_sure_discriminator():
    scores = torch.tensor([-1e4, 1e4])
    assert math.isfinite(float(losses.adversarial_generator(scores, "log")))
    assert math.isfinite(float(losses.adversarial_discriminator(scores, scores, "log")))


@pytest.mark.parametrize("form", ["least_squares", "log"])
def test_both_sides_pull_apart(form):
    """The generator gains where the discriminator loses."""
    good, bad = torch.tensor([0.9]), torch.tensor([-2.0])
    assert losses.adversarial_generator(good, form) < losses.adversarial_generator(bad, form)
    assert losses.adversarial_discriminator(good, bad, form) < losses.adversarial_discriminator(
        bad, good, form
    )


def test_cycle_and_landmarks():
    a = torch.zeros(1, 3, 4, 4)
    assert losses.cycle_consistency(a + 0.5, a) == pytest.approx(0.5)
    maps = torch.zeros(1, 5, 4, 4)
    assert losses.landmark_consistency(maps + 0.5, maps) == pytest.approx(0.25)
    b = torch.full((1, 5, 4, 4), 0.75)
    assert float(losses.cycle_consistency(b, b - 0.5)) == pytest.approx(0.5)
    assert float(losses.landmark_consistency(b, b - 0.5)) == pytest.approx(0.25)


def test_unmatched_pairs_count_as_much_as_generated_ones():
    real, fake, unmatched = torch.tensor([1.0]), torch.tensor([0.2]), torch.tensor([0.6])
    loss = losses.conditional_discriminator(real, fake, unmatched)
    assert float(loss) == pytest.approx(0.25 * 0.04 + 0.25 * 0.36, rel=1e-5)
    plain = losses.conditional_discriminator(real, fake, None)
    assert float(plain) == pytest.approx(0.5 * 0.04, rel=1e-5)


def test_each_term_has_the_form_that_is_asked_for():
    """The log form of eq. 5 and eq. 6 is no least squares."""
    real, fake, unmatched = torch.tensor([0.9]), torch.tensor([0.2]), torch.tensor([-0.6])

    def plain(score):
        return losses.adversarial_discriminator(real, score, "log")

    for moved, wanted in (
        (unmatched, 0.5 * plain(fake) + 0.5 * plain(unmatched)),
        (None, plain(fake)),
    ):
        loss = losses.conditional_discriminator(real, fake, moved, "log")
        assert float(loss) == pytest.approx(float(wanted))
    parts = losses.local_adversarial({"eyes": fake, "nose": unmatched}, "log")
    wanted = math.log(1 + math.exp(-0.2)) + math.log(1 + math.exp(0.6))
    assert float(parts) == pytest.approx(wanted)


def test_local_terms_add_up():
    scores = {
        "eyes": torch.tensor([0.0]),
        "nose": torch.tensor([1.0]),
        "mouth": torch.tensor([0.5]),
    }
    assert float(losses.local_adversarial(scores)) == pytest.approx(1 + 0 + 0.25)


def test_the_colour_anchor_ignores_shapes_but_not_colours():
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    shuffled = image.reshape(1, 3, 8, 8, 8, 8).flip(3).flip(5).reshape(1, 3, 64, 64)
    assert float(losses.colour_anchor(shuffled, image)) == pytest.approx(0, abs=1e-6)
    assert float(losses.colour_anchor(image * 0.5, image)) > 0.2


def test_the_hue_anchor_sees_hue_and_not_light():
    blond = torch.tensor([0.6, 0.3, -0.3]).reshape(1, 3, 1, 1).expand(1, 3, 32, 32)
    brown = torch.tensor([0.3, 0.2, 0.1]).reshape(1, 3, 1, 1).expand(1, 3, 32, 32)
    assert float(losses.hue_anchor(blond - 0.4, blond)) == pytest.approx(0, abs=1e-6)
    # What remains of the difference (0.3, 0.1, -0.4) without its mean of 0.
    assert float(losses.hue_anchor(blond, brown)) == pytest.approx(0.8 / 3, rel=1e-5)


@pytest.mark.parametrize(("anchor", "cells"), [(losses.colour_anchor, 8), (losses.hue_anchor, 16)])
def test_anchors_hold_each_cell_and_nothing_within(anchor, cells):
    """Halves of each cell are swapped: nothing. Neighbouring cells are: all of the difference."""
    edge = 64 // cells
    fine = torch.zeros(2, 3, 64, 64)
    fine[:, 0] = ((torch.arange(64) // (edge // 2)) % 2).float()
    assert float(anchor(fine.flip(3), fine)) == pytest.approx(0, abs=1e-6)
    assert float(anchor(fine.flip(3), fine, 2 * cells)) > 0.1
    coarse = torch.zeros(2, 3, 64, 64)
    coarse[:, 0] = ((torch.arange(64) // edge) % 2).float()
    left = 1 / 3 if anchor is losses.colour_anchor else 4 / 9  # of red alone; less the mean
    assert float(anchor(coarse.flip(3), coarse)) == pytest.approx(left, rel=1e-5)


def test_a_denoiser_is_asked_for_colours_and_for_edges():
    clean = torch.zeros(1, 3, 4, 5)
    line = clean.clone()
    line[..., 1:, 2] = 1.0
    parts = losses.denoising(line, clean)
    assert set(parts) == {"colours", "edges"}
    assert float(parts["colours"]) == pytest.approx(3 / 20)
    # Across, three rows of four neighbours in which two differ; down, one column in which one does.
    assert float(parts["edges"]) == pytest.approx(6 / 16 + 1 / 15)
    assert float(losses.denoising(clean + 0.5, clean)["edges"]) == pytest.approx(0)
    assert float(losses.denoising(line, line + 0.5)["colours"]) == pytest.approx(0.5)


TERMS = {
    "discriminator": losses.adversarial_discriminator,
    "discriminator, log": lambda a, b: losses.adversarial_discriminator(a, b, "log"),
    "generator": lambda a, _: losses.adversarial_generator(a),
    "generator, log": lambda a, _: losses.adversarial_generator(a, "log"),
    "cycle": losses.cycle_consistency,
    "landmarks": losses.landmark_consistency,
    "colour": losses.colour_anchor,
    "hue": losses.hue_anchor,
    "denoising": lambda a, b: sum(losses.denoising(a, b).values()),
}


@pytest.mark.parametrize("term", TERMS)
def test_what_networks_give_in_bfloat16_is_measured_in_single_precision(term):
    random = torch.Generator().manual_seed(0)
    given = [torch.rand(2, 3, 32, 32, generator=random).bfloat16() for _ in range(2)]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = TERMS[term](*given)
    assert loss.dtype == torch.float32
    wanted = TERMS[term](*(one.float() for one in given))
    assert float(loss) == pytest.approx(float(wanted), rel=1e-6)


def similarity(first, second, weights):
    """MS-SSIM as its paper writes it, of two (H, W) pictures in [0, 1], by SciPy's Gaussian."""

    def blurred(picture):
        return gaussian_filter(picture, 1.5, radius=5)[5:-5, 5:-5]

    result = 1.0
    for k, weight in enumerate(weights):
        a, b = blurred(first), blurred(second)
        variances = blurred(first**2) - a**2 + blurred(second**2) - b**2
        term = (2 * (blurred(first * second) - a * b) + 0.0009) / (variances + 0.0009)
        if k == len(weights) - 1:
            term = term * (2 * a * b + 0.0001) / (a**2 + b**2 + 0.0001)
        result *= term.mean() ** (weight / sum(weights))
        height, width = (edge // 2 * 2 for edge in first.shape)
        first, second = (
            p[:height, :width].reshape(height // 2, 2, width // 2, 2).mean((1, 3))
            for p in (first, second)
        )
    return result


@pytest.mark.parametrize(
    ("shape", "scales"),
    [((11, 21), 1), ((22, 30), 2), ((50, 43), 2), ((90, 44), 3), ((176, 190), 5)],
)
def test_structural_similarity_is_that_of_its_paper(shape, scales):
    random = np.random.default_rng(0)
    first = gaussian_filter(random.random((2, 3, *shape)), (0, 0, 1, 1)) * 0.9
    spread = np.array([0.02, 0.3])[:, None, None, None]
    second = np.clip(first + spread * random.standard_normal(first.shape), 0, 1)
    weights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333][:scales]
    channels = zip(first.reshape(-1, *shape), second.reshape(-1, *shape), strict=True)
    wanted = np.mean([similarity(*pair, weights) for pair in channels])
    pictures = (torch.from_numpy(p * 2 - 1).float() for p in (first, second))
    assert float(losses.ms_ssim(*pictures)) == pytest.approx(wanted, abs=2e-4)


def test_structural_similarity_of_known_pictures():
    torch.manual_seed(0)
    picture = torch.rand(2, 3, 64, 64) * 2 - 1
    assert float(losses.ms_ssim(picture, picture)) == pytest.approx(1)
    noisy = (
        losses.ms_ssim(picture, picture + s * torch.randn_like(picture)) for s in (0.1, 0.4, 1.6)
    )
    ordered = [float(value) for value in noisy]
    assert 1 > ordered[0] > ordered[1] > ordered[2] > 0
    flat = torch.full((1, 1, 16, 16), 0.0)
    # Constant pictures differ in their means alone: (2 a b + c) / (a^2 + b^2 + c), one scale.
    a, b, c = 0.5, 0.75, 0.01**2
    wanted = (2 * a * b + c) / (a * a + b * b + c)
    assert float(losses.ms_ssim(flat, flat + 0.5)) == pytest.approx(wanted, abs=1e-3)
    opposite = torch.randn(1, 3, 32, 32, requires_grad=True)
    losses.ms_ssim(opposite, -opposite.detach()).backward()
    assert torch.isfinite(opposite.grad).all()


def test_structural_similarity_is_computed_where_the_pictures_are(on_meta):
    picture = torch.rand(2, 3, 40, 40, device=on_meta)
    assert losses.ms_ssim(picture, picture).device == on_meta


def test_structural_similarity_is_computed_in_single_precision_in_mixed_precision_too() -> None:
    """Variances of nearly white pictures are smaller than bfloat16's rounding of their means."""
    torch.manual_seed(0)
    picture = 0.98 - 0.04 * torch.rand(2, 3, 32, 32)
    values, gradients = [], []
    for enabled in (False, True):
        other = (picture * 0.99).requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            value = losses.ms_ssim(other, picture)
        value.backward()
        values.append(float(value.detach()))
        gradients.append(other.grad)
    assert values[1] == values[0]
    assert torch.equal(gradients[1], gradients[0])
