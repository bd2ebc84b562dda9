"""``torch.compile`` of the networks, or of a whole training step with its gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import torch
from torch import nn

from toonmark.errors import ConfigurationError

P = ParamSpec("P")
R = TypeVar("R")


def compile_networks(networks: nn.Module, **options: Any) -> None:
    """Compiles each network of a tree of ``nn.ModuleDict`` by itself.

    Args:
        options: those of :func:`torch.compile`.
    """
    for network in networks.children():
        if isinstance(network, nn.ModuleDict):
            compile_networks(network, **options)
        else:
            network.compile(**{"dynamic": False, **options})


def captured(function: Callable[P, R], **options: Any) -> Callable[P, R]:
    """A function as one graph, with the gradients that are taken in it.

    Args:
        options: those of :func:`torch.compile`.

    Raises:
        ConfigurationError: this PyTorch cannot capture a gradient.
    """
    from torch._dynamo import config

    if not hasattr(config, "trace_autograd_ops"):
        raise ConfigurationError(
            f"PyTorch {torch.__version__} cannot capture a step with its gradients.",
            "Update PyTorch, or compile the networks alone (`--compile`).",
        )
    config.trace_autograd_ops = True
    return torch.compile(function, **{"dynamic": False, "fullgraph": True, **options})
