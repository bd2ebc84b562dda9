"""Illustration2Vec's weights out of a Caffe file, written by hand."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from toonmark.errors import MissingWeightsError
from toonmark.evaluation.extractors import open_extractor
from toonmark.evaluation.extractors.illustration2vec import (
    FILE_NAME,
    Illustration2VecNetwork,
    load,
    weights_file,
)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _caffemodel(network: Illustration2VecNetwork, new: bool) -> bytes:
    layer_field, name_field, blob_field = (100, 1, 7) if new else (2, 4, 6)
    content = _field(1, b"illust2vec")
    modules = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    for index, module in enumerate(modules):
        name = b"encode1" if isinstance(module, torch.nn.Linear) else b"conv%d" % index
        layer = _field(name_field, name) + _varint(8 << 3) + _varint(3)
        for parameter in (module.weight, module.bias):
            data = parameter.detach().numpy().astype("<f4").tobytes()
            layer += _field(blob_field, _varint(1 << 3) + _varint(1) + _field(5, data))
        content += _field(layer_field, layer) + _field(layer_field, _field(name_field, b"relu"))
    return content + _varint(9 << 3 | 5) + struct.pack("<f", 1.0)


@pytest.mark.parametrize("new", [False, True])
def test_original_weights_are_converted(new: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    source, target = Illustration2VecNetwork(1 / 32), Illustration2VecNetwork(1 / 32)
    path = tmp_path / FILE_NAME
    path.write_bytes(_caffemodel(source, new))
    load(target, path)
    for ours, theirs in zip(target.parameters(), source.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_another_networks_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(_caffemodel(Illustration2VecNetwork(1 / 64), True))
    with pytest.raises(MissingWeightsError, match="not the tag network"):
        load(Illustration2VecNetwork(1 / 32), path)


@pytest.mark.parametrize("cut", [0, 1, 50, 2000])
def test_damaged_weights_are_refused(cut: int, tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(_caffemodel(Illustration2VecNetwork(1 / 32), True)[:cut])
    with pytest.raises(MissingWeightsError):
        load(Illustration2VecNetwork(1 / 32), path)


def test_the_published_file_is_used_as_it_is(tmp_path: Path, monkeypatch) -> None:
    torch.manual_seed(0)
    small = Illustration2VecNetwork(1 / 32)
    path = tmp_path / FILE_NAME
    path.write_bytes(_caffemodel(small, False))
    monkeypatch.setattr(
        "toonmark.evaluation.extractors.illustration2vec.Illustration2VecNetwork",
        lambda: Illustration2VecNetwork(1 / 32),
    )
    opened = open_extractor("illustration2vec", path)
    pictures = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    torch.save(small.state_dict(), tmp_path / "converted.pth")
    converted = open_extractor("illustration2vec", tmp_path / "converted.pth")
    features = opened(pictures)
    assert features.shape == (2, 128)
    assert np.ptp(features) > 0
    assert np.array_equal(features, converted(pictures))
    monkeypatch.setenv("TOONMARK_ILLUSTRATION2VEC", str(path))
    assert weights_file() == path
    monkeypatch.setenv("TOONMARK_ILLUSTRATION2VEC", str(tmp_path / "none"))
    assert weights_file() is None
