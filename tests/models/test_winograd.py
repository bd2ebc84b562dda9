"""Convolutions by Winograd's way, against torch's."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from toonmark.models.winograd import WinogradConv2d, convolved, use_winograd_


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("edges", [(8, 8), (12, 20)])
def test_the_same_numbers(count, edges):
    torch.manual_seed(0)
    conv = nn.Conv2d(5, 7, 3, padding=1)
    x = torch.randn(count, 5, *edges)
    torch.testing.assert_close(convolved(x, conv.weight, conv.bias), conv(x), atol=1e-5, rtol=1e-4)
    bare = nn.functional.conv2d(x, conv.weight, padding=1)
    torch.testing.assert_close(convolved(x, conv.weight, None), bare, atol=1e-5, rtol=1e-4)


def test_it_takes_the_place_of_what_it_pays_for():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1),  # few channels
        nn.Conv2d(32, 32, 3, padding=1, bias=False),
        nn.Conv2d(32, 32, 4, 2, 1),
        nn.Conv2d(32, 32, 3),  # no border
        nn.Conv2d(32, 4, 1),
    ).eval()
    pictures = torch.randn(2, 3, 16, 16), torch.randn(1, 3, 18, 18)  # 18 is no multiple of 4
    wanted, names = [network(one) for one in pictures], list(network.state_dict())
    use_winograd_(network)
    kinds = [isinstance(one, WinogradConv2d) for one in network]
    assert kinds == [False, True, False, False, False]
    assert list(network.state_dict()) == names
    assert not network[1].training
    for one, want in zip(pictures, wanted, strict=True):
        torch.testing.assert_close(network(one), want, atol=1e-5, rtol=1e-4)
