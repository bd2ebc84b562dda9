"""A device that is not the processor, where there is no GPU."""

from contextlib import nullcontext

import pytest
import torch


@pytest.fixture
def on_meta(monkeypatch):
    """PyTorch's device without numbers: a tensor of the processor beside its own is an error."""
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())  # it has none
    return torch.device("meta")
