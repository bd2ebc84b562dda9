"""A step reads nothing back from the device, and asks for few operators, whatever the batch."""

import numpy as np
import pytest
import torch
from benchmarks.operators import Operators
from tests.torch_crop import crop

from toonmark.artifacts import Kind
from toonmark.methods.learned import LEARNED
from toonmark.training.config import ABLATION
from toonmark.training.fabric import make_fabric
from toonmark.training.gradient_step import Gate
from toonmark.training.image_pool import ImagePool
from toonmark.training.landmark_cyclegan import StyleTrainer
from toonmark.training.networks import average_into
from toonmark.training.step import unmatched, unmatched_views
from toonmark.training.step_metrics import Terms, read

#: What makes a GPU wait, as the dispatcher calls it.
WAITING = ("_local_scalar_dense", "item", "nonzero", "is_nonzero", "_linalg_check_errors", "equal")


def counted(trainer, monkeypatch, iteration=5):
    """The operators of one step of stage II; reading back in other ways than these is an error."""
    trainer.side_by_side = False  # the mode is a thread's own
    trainer.step(iteration - 1)  # the first of a size in stage II makes what all others share
    batches = trainer.batches(iteration)  # made on the processor

    def read_back(*_):
        raise AssertionError("a step reads a tensor back")

    with monkeypatch.context() as patched, Operators() as operators:
        for name in ("tolist", "item", "numpy", "cpu", "__float__", "__int__", "__bool__"):
            patched.setattr(torch.Tensor, name, read_back)
        patched.setattr(trainer, "batches", lambda _: batches)
        trainer.step(iteration)
    return operators.counts


@pytest.mark.slow
@pytest.mark.parametrize("row", ["full", "lm_co", "no_pretraining"])
def test_no_step_makes_a_gpu_wait(small_config, monkeypatch, row):
    config = small_config.model_copy(update={"method": ABLATION[row], "batch": 2, "pool": 3})
    trainer = StyleTrainer(config, make_fabric("cpu"))
    counts = counted(trainer, monkeypatch)
    assert {name: counts[name] for name in WAITING if counts[name]} == {}


@pytest.mark.parametrize("kind", [Kind.MUNIT, Kind.GANIMORPH])
def test_no_step_of_a_compared_method_makes_a_gpu_wait(small_config, monkeypatch, kind):
    build, _, train = LEARNED[kind]
    config = build(
        faces=small_config.faces, cartoons=small_config.cartoons, size=64, width=16, batch=2
    )
    counts = counted(train(config, make_fabric("cpu")), monkeypatch)
    assert {name: counts[name] for name in WAITING if counts[name]} == {}


def test_the_number_of_operators_does_not_grow_with_the_batch(small_config, monkeypatch):
    method = small_config.method
    totals = {}
    for batch in (1, 4):
        config = small_config.model_copy(update={"batch": batch, "pool": 3, "method": method})
        counts = counted(StyleTrainer(config, make_fabric("cpu")), monkeypatch)
        totals[batch] = sum(counts.values())
        # In all of both directions: patches, of the picture and of averaged ones; unmatched pairs.
        assert counts["grid_sampler_2d"] == 8 + 2
    # By PyTorch 2.13; others count a few more or less. 4,070 before patches and pools were batched.
    assert totals[1] <= 2600
    assert abs(totals[4] - totals[1]) <= 8, totals


def test_nor_with_the_size(small_config, monkeypatch):
    monkeypatch.setattr(StyleTrainer, "_load_regressors", lambda _: None)  # they are for 64
    totals = []
    for size in (64, 128):
        config = small_config.model_copy(update={"size": size})
        trainer = StyleTrainer(config, make_fabric("cpu"))
        totals.append(sum(counted(trainer, monkeypatch).values()))
    assert totals[0] == totals[1] <= 2600


def test_unmatched_pairs_are_what_the_one_crop_cuts():
    images = torch.rand(6, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    drawn = unmatched(images, unmatched_views(6, 64, np.random.default_rng(7)))
    random = np.random.default_rng(7)
    share, angle = random.uniform(0.70, 0.85, 6), random.uniform(0, 2 * np.pi, 6)
    aside = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    farthest = (1 - share) * 31.5 / np.abs(aside).max(axis=1)
    offset = aside * random.uniform(0.08 * 64 * share, farthest)[:, None]
    transforms = np.zeros((6, 2, 3), np.float32)
    transforms[:, 0, 0] = transforms[:, 1, 1] = 1 / share
    transforms[:, :, 2] = 31.5 - (31.5 + offset) / share[:, None]
    wanted = crop(images, torch.from_numpy(transforms), 64)
    torch.testing.assert_close(drawn, wanted, atol=1e-4, rtol=0)


def one_after_the_other(pool, images, points, random):
    """The pool of Shrivastava et al., an image at a time."""
    given = []
    for image, place in zip(images, points, strict=True):
        image, place = image.clone(), place.clone()
        if pool.filled < pool.size:
            pool.images[pool.filled], pool.points[pool.filled] = image, place
            pool.filled += 1
        elif random.random() < 0.5:
            k = int(random.integers(pool.size))
            old = pool.images[k].clone(), pool.points[k].clone()
            pool.images[k], pool.points[k] = image, place
            image, place = old
        given.append((image, place))
    return tuple(torch.stack(parts) for parts in zip(*given, strict=True))


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_batch_goes_through_the_pool_as_its_pictures_would_alone(size):
    ours, plain = ImagePool(size, 4), ImagePool(size, 4)
    randoms = [np.random.default_rng(3) for _ in range(2)]
    drawing = torch.Generator().manual_seed(0)
    for _ in range(20):
        images = torch.rand(4, 3, 4, 4, generator=drawing)
        points = torch.rand(4, 2, 5, 2, generator=drawing)
        before = images.clone()
        given = ours.exchange(images, points, ours.drawn(4, randoms[0]))
        wanted = one_after_the_other(plain, images, points, randoms[1])
        for one, other in zip(given, wanted, strict=True):
            assert torch.equal(one, other)
        assert torch.equal(ours.images, plain.images)
        assert torch.equal(ours.points, plain.points)
        assert torch.equal(images, before)
    assert ours.filled == plain.filled == size


def test_terms_are_read_when_they_are_asked_for():
    fabric = make_fabric("cpu")
    terms = [Terms.of(fabric, {"a": torch.tensor(i + 0.5), "b": torch.tensor(2.0)}) for i in (0, 1)]
    assert dict(terms[1]) == {"a": 1.5, "b": 2.0}
    assert "c" not in terms[0]
    assert [one.values for one in read([*terms, {"c": 3.0}])] == [
        {"a": 0.5, "b": 2.0}, {"a": 1.5, "b": 2.0}, {"c": 3.0},
    ]  # fmt: skip


def test_averages_move_as_weights_do_unless_the_gate_is_shut():
    def module(value):
        one = torch.nn.BatchNorm1d(3)  # parameters and buffers, one of them a count
        torch.nn.init.constant_(one.weight, value)
        one.running_mean.fill_(value)
        return one

    for shut, wanted in ((torch.zeros(()), 1.25), (torch.ones(()), 1.0), (None, 1.25)):
        average, current = module(1.0), module(2.0)
        average_into(average, current, 0.75, shut=shut)
        for moved in (average.weight, average.running_mean):
            torch.testing.assert_close(moved.detach(), torch.full((3,), wanted))
        assert torch.equal(current.weight, torch.full((3,), 2.0))


def test_a_gate_that_is_shut_stays_shut():
    from toonmark.training.data_parallel import Update

    fabric, gate = make_fabric("cpu"), Gate(torch.device("cpu"))
    weight = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.Adam([weight], fused=True)

    def learn(loss, gradient):
        terms = Terms.of(fabric, {"loss": torch.tensor(loss)})
        update = Update("net", optimizer, {"w": weight}, [torch.full((3,), gradient)], 0.1)
        return gate.learn(fabric, terms, [update])

    steps = [learn(1.0, 1.0)]
    after = weight.detach().clone()
    assert not torch.equal(after, torch.ones(3))
    steps += [learn(1.0, float("inf")), learn(1.0, 1.0)]
    assert torch.equal(weight, after)
    assert float(optimizer.state[weight]["step"]) == 1
    assert [one.wrong for one in read(steps)] == ["", "net.w", ""]
