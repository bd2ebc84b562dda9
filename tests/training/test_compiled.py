"""Networks that PyTorch compiles are captured whole, and a step stays what it was."""

import pytest
import torch

from toonmark.artifacts import Kind
from toonmark.methods.learned import LEARNED
from toonmark.training.fabric import make_fabric
from toonmark.training.landmark_cyclegan import StyleTrainer


def trainer_of(kind, config):
    if kind is Kind.TRAIN:
        return StyleTrainer(config, make_fabric("cpu"), threads=1)
    build, _, train = LEARNED[kind]
    same = {"faces": config.faces, "cartoons": config.cartoons, "batch": config.batch}
    return train(build(**same, size=64, width=16, stage1=2), make_fabric("cpu"), 1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Kind.TRAIN, Kind.MUNIT, Kind.GANIMORPH])
def test_every_network_is_one_graph_and_gives_the_same_step(small_config, kind):
    config = small_config.model_copy(update={"stage1": 0, "batch": 2})
    eager, compiled = trainer_of(kind, config), trainer_of(kind, config)
    graphs = []

    def counted(graph, _):
        graphs.append(graph)
        return graph.forward

    # `fullgraph` refuses whatever would leave the graph: a print, a number read back.
    compiled.compile(backend=counted, fullgraph=True)
    for iteration in range(2):
        wanted, got = dict(eager.step(iteration)), dict(compiled.step(iteration))
        assert got == pytest.approx(wanted, rel=1e-4)
    assert graphs
    assert list(compiled.tensors()) == list(eager.tensors())  # checkpoints are the same
    torch._dynamo.reset()


CANNOT = not hasattr(torch._dynamo.config, "trace_autograd_ops")


@pytest.mark.slow
@pytest.mark.skipif(CANNOT, reason="this PyTorch captures no gradient")
@pytest.mark.parametrize("kind", [Kind.TRAIN, Kind.MUNIT, Kind.GANIMORPH])
def test_a_direction_of_a_step_is_one_graph_and_gives_the_same(small_config, kind):
    """Forward, losses, backward and the pool: nothing breaks it, and no iteration makes another."""
    config = small_config.model_copy(update={"stage1": 1, "batch": 2, "pool": 3})
    eager, captured = trainer_of(kind, config), trainer_of(kind, config)
    graphs = []

    def counted(graph, given):
        graphs.append(graph)
        return torch._dynamo.lookup_backend("aot_eager")(graph, given)

    captured.capture(backend=counted)
    for iteration in range(4):
        wanted, got = dict(eager.step(iteration)), dict(captured.step(iteration))
        assert got == pytest.approx(wanted, rel=1e-4)
    assert len(graphs) == 2 * (2 if kind is Kind.TRAIN else 1)  # directions; others have one stage
    for name, pool in eager.pools.items():
        assert pool.filled == captured.pools[name].filled == min(pool.size, 8)
        torch.testing.assert_close(captured.pools[name].images, pool.images)
    for ours, theirs in zip(
        captured.networks.parameters(), eager.networks.parameters(), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    torch._dynamo.reset()
