"""What the optimisers are given: gradients as their parameters lie in memory."""

from functools import partial

import pytest
import torch
from torch import nn

from toonmark.training.data_parallel import Update
from toonmark.training.fabric import make_fabric
from toonmark.training.gradient_step import Gate
from toonmark.training.step_metrics import Terms

RULES = {
    "adam": partial(torch.optim.Adam, fused=True),
    "sgd": partial(torch.optim.SGD, momentum=0.9, fused=True),
}


def transposed(gradient):
    return gradient.mT.contiguous().mT


def channels_last(gradient):
    """As compiled networks give them."""
    return gradient.to(memory_format=torch.channels_last)


def in_double(gradient):
    return gradient.double()


def learnt(rule, change):
    """A convolution's weights after three steps on gradients that ``change`` stores otherwise."""
    torch.manual_seed(0)
    network, fabric = nn.Conv2d(3, 5, 3), make_fabric("cpu")
    given = []

    class Watched(rule.func):
        def step(self, closure=None):
            parameters = self.param_groups[0]["params"]
            given.extend((p.grad.stride(), p.grad.dtype) for p in parameters)
            states = [value for state in self.state.values() for value in state.values()]
            assert {one.stride() for one in states if one.ndim == 4} <= {network.weight.stride()}
            return super().step(closure)

    optimizer = Watched(network.parameters(), 0.1, **rule.keywords)
    gate = Gate(torch.device("cpu"))
    for step in range(3):
        torch.manual_seed(step)
        weight, bias = (torch.randn_like(p) for p in network.parameters())
        update = Update(
            "it", optimizer, dict(network.named_parameters()), [change(weight), bias], 0.1
        )
        gate.learn(fabric, Terms(("a",), torch.ones(1)), [update])
    expected = [(p.stride(), p.dtype) for p in network.parameters()]
    assert given == 3 * expected
    return network.weight.detach()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("change", [transposed, channels_last, in_double])
def test_a_gradient_of_other_strides_teaches_the_same(rule, change):
    wanted = learnt(RULES[rule], lambda gradient: gradient)
    assert torch.equal(learnt(RULES[rule], change), wanted)


def test_a_gradient_that_lies_as_its_parameter_is_not_copied():
    network, seen = nn.Conv2d(3, 5, 3, bias=False), []

    class Watched(torch.optim.SGD):
        def step(self, closure=None):
            seen.append(network.weight.grad)

    gradient = torch.randn_like(network.weight)
    update = Update(
        "it", Watched(network.parameters()), {"weight": network.weight}, [gradient], 0.1
    )
    Gate(torch.device("cpu")).learn(make_fabric("cpu"), Terms(("a",), torch.ones(1)), [update])
    assert seen[0].data_ptr() == gradient.data_ptr()
