"""The learning rate's decay, when stage II begins, and what eq. 3 gives the adversarial terms."""

import pytest

from toonmark.configuration import parse
from toonmark.errors import ConfigurationError
from toonmark.methods.munit import MunitConfig
from toonmark.training.config import ABLATION, Method, TrainConfig, Weights, decayed


def configured(**settings) -> TrainConfig:
    return TrainConfig(faces=["-"], cartoons=["-"], **settings)


def test_the_rate_falls_as_a_polynomial_to_zero_over_both_stages():
    config = configured(stage1=100, stage2=60, learning_rate=4e-4, decay_power=0.5)
    assert config.iterations == 160
    assert config.rate_at(0) == pytest.approx(4e-4)
    assert config.rate_at(40) == pytest.approx(4e-4 * 0.75**0.5)
    assert config.rate_at(120) == pytest.approx(2e-4)
    assert config.rate_at(160) == 0.0
    assert isinstance(config.rate_at(1), float)
    assert configured(decay_power=0.0).rate_at(7) == pytest.approx(2e-4), "none"


@pytest.mark.parametrize("kind", [TrainConfig, MunitConfig])
def test_a_budget_of_pictures_makes_fewer_and_longer_steps_of_a_larger_batch(kind):
    def budget(**settings):
        return parse(kind, {"faces": ["-"], "cartoons": ["-"], **settings})

    usual = kind.model_fields["learning_rate"].default
    for batch, rate in ((1, usual), (16, 2 * usual), (81, 3 * usual)):
        config = budget(pictures=2000, batch=batch)
        assert config.stage1 == config.stage2 == 1000 // batch
        assert config.learning_rate == pytest.approx(rate)
        again = budget(**config.model_dump(), pictures=2000)
        assert again == config, "a run that goes on with the same command"
    assert budget(pictures=2000, learning_rate=0.5, batch=16).learning_rate == 0.5
    assert budget(pictures=2000) == budget(pictures=2000, batch=1)
    for wrong in (31, "many", None):
        with pytest.raises(ConfigurationError, match="pictures"):
            budget(pictures=wrong, batch=16)


def test_the_power_is_ours_and_the_same_for_all_trainings():
    """See "Where this differs from the paper": the paper names none."""
    assert decayed(1.0, 3, 4) == pytest.approx(0.25**0.9)
    assert configured(stage1=2, stage2=2).rate_at(3) == pytest.approx(2e-4 * 0.25**0.9)


def test_the_rate_never_rises_nor_falls_below_zero():
    rates = [decayed(1e-3, iteration, 20) for iteration in range(25)]
    assert rates == sorted(rates, reverse=True)
    assert rates[19] > 0
    assert rates[20:] == [0.0] * 5
    assert decayed(1e-3, 0, 0) == pytest.approx(1e-3), "a training of no iterations"
    assert decayed(1e-3, 0, 1) == pytest.approx(1e-3)
    assert decayed(1e-3, 1, 1) == 0.0


def local_at(config, iteration):
    return config.local_in(config.in_stage2(iteration))


def test_local_discriminators_take_part_from_stage_two_on():
    config = configured(stage1=5, stage2=5)
    assert [local_at(config, i) for i in (0, 4, 5, 9)] == [False, False, True, True]
    at_once = configured(stage1=5, stage2=5, method=Method(two_stages=False))
    assert [local_at(at_once, i) for i in (0, 4, 5)] == [True] * 3
    for stages in (True, False):
        none = Method(two_stages=stages, local_discriminators=False)
        assert not any(local_at(configured(stage1=5, method=none), i) for i in (0, 5, 9))


@pytest.mark.parametrize("row", ABLATION)
def test_a_row_without_the_conditional_discriminator_has_its_weight(row):
    """Eq. 3: the adversarial terms weigh the same together in each row."""
    config = configured(method=ABLATION[row], weights=Weights(real=0.3, matched=0.4))
    both = ABLATION[row].conditional_discriminator
    assert config.weight_of_real == pytest.approx(0.3 if both else 0.7)
