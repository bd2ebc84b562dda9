"""The peers of benchmarks/peers.py have the weights that their authors state, and draw."""

import pytest
import torch
from benchmarks.peers import PEERS, STATED, millions


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_has_the_stated_weights(name):
    network = PEERS[name]().eval()
    assert millions(network) == pytest.approx(STATED[name], rel=0.02)
    with torch.no_grad():
        assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 3, 64, 64)
