"""VGG without learnt weights: enough to follow features and gradients."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")


@pytest.fixture(scope="session")
def vgg():
    from toonmark.methods.vgg import Vgg

    torch.manual_seed(0)
    network = Vgg(16, "average").requires_grad_(False).eval()
    for convolution in network.convolutions.values():
        torch.nn.init.kaiming_normal_(convolution.weight)
    return network
