"""Networks that PyTorch compiles are captured whole, and a step stays what it was."""

import pytest
import torch

from toonmark.artifacts import Kind
from toonmark.methods.learned import LEARNED
from toonmark.training.engine import StyleTrainer
from toonmark.training.fabric import make_fabric


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
