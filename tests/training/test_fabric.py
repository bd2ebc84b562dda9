"""What is particular to a card, as far as a CPU can be taken for one."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from toonmark.training import fabric
from toonmark.training.fabric import make_fabric, placed
from toonmark.training.landmark_cyclegan import StyleTrainer


@pytest.mark.parametrize("device", ["cuda", "cpu"])
def test_only_a_card_looks_for_its_fastest_kernels(device, monkeypatch):
    fake = SimpleNamespace(launch=lambda: None, world_size=1, device=torch.device(device))
    monkeypatch.setattr("lightning_fabric.Fabric", lambda **_: fake)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    assert make_fabric(device) is fake
    assert torch.backends.cudnn.benchmark == (device == "cuda")


def convolutions(network):
    return [p for p in network.parameters() if p.ndim == 4 and min(p.shape[1:3]) > 1]


def last(tensor):
    return tensor.is_contiguous(memory_format=torch.channels_last)


def test_weights_lie_as_a_device_reads_them(monkeypatch):
    plain, turned = nn.Conv2d(3, 5, 3), nn.Conv2d(3, 5, 3)
    placed(make_fabric("cpu"), plain)
    assert not last(plain.weight)
    monkeypatch.setattr(fabric, "CHANNELS_LAST", {"cpu"})
    weights = turned.weight.detach().clone()
    placed(make_fabric("cpu"), turned, nn.Linear(2, 2))
    assert last(turned.weight)
    assert torch.equal(turned.weight, weights)


@pytest.mark.slow
def test_channels_last_a_run_goes_on_from_a_checkpoint_as_it_would(small_config, monkeypatch):
    """The averages of an optimiser lie as its weights do, though a checkpoint has them plain."""
    config = small_config.model_copy(update={"stage1": 1, "batch": 2})
    plain = StyleTrainer(config, make_fabric("cpu"), threads=1)
    monkeypatch.setattr(fabric, "CHANNELS_LAST", {"cpu"})
    whole = StyleTrainer(config, make_fabric("cpu"), threads=1)
    assert all(last(p) for p in convolutions(whole.networks))
    for iteration in range(2):
        wanted, got = dict(plain.step(iteration)), dict(whole.step(iteration))
        assert got == pytest.approx(wanted, rel=1e-3)
    kept = {name: tensor.contiguous().clone() for name, tensor in whole.tensors().items()}
    after = StyleTrainer(config, make_fabric("cpu"), threads=1, fresh=False)
    after.restore(kept)
    for name, optimizer in after.optimizers.items():
        learning = convolutions(getattr(after.networks, name))
        assert learning
        for weight in learning:
            state = optimizer.state[weight]
            assert last(state["exp_avg"])
            assert last(state["exp_avg_sq"])
    assert dict(after.step(2)) == dict(whole.step(2))
    for ours, theirs in zip(after.networks.parameters(), whole.networks.parameters(), strict=True):
        assert torch.equal(ours, theirs)
