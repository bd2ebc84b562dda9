"""Converts Illustration2Vec's published weights, without Caffe, for `toonmark evaluate`.

    python tools/illustration2vec.py illust2vec_ver200.caffemodel illustration2vec.pth

Only what that needs of the protocol-buffer wire format and of ``caffe.proto``: layers of either
generation (``layers``, field 2, and ``layer``, field 100), their names and their blobs.
"""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from toonmark.errors import MissingWeightsError
from toonmark.evaluation.extractors.illustration2vec import (
    FILE_NAME,
    SOURCE,
    Illustration2VecNetwork,
)
from toonmark.landmarks import Array

#: Field of the layers in NetParameter: (field of a layer's name, field of its blobs).
_LAYERS = {2: (4, 6), 100: (1, 7)}
_BLOB_DATA = 5


def _varint(buffer: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = buffer[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _fields(buffer: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and bytes of each length-delimited field; the others are passed over."""
    at = 0
    while at < len(buffer):
        tag, at = _varint(buffer, at)
        kind = tag & 7
        if kind == 0:
            _, at = _varint(buffer, at)
        elif kind == 1:
            at += 8
        elif kind == 5:
            at += 4
        elif kind == 2:
            length, at = _varint(buffer, at)
            if at + length > len(buffer):
                raise ValueError("the file ends too early")
            yield tag >> 3, buffer[at : at + length]
            at += length
        else:
            raise ValueError(f"wire type {kind}")


def read_layers(path: Path) -> list[tuple[str, list[Array]]]:
    """Name and blobs (flat float32) of each layer that has weights, in the file's order.

    Raises:
        MissingWeightsError: the file is damaged, or no Caffe model.
    """
    layers: list[tuple[str, list[Array]]] = []
    try:
        with open(path, "rb") as file:
            # Not read at once: 900 MB. The mapping goes when the last slice of it does.
            view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        for number, layer in _fields(view):
            if number not in _LAYERS:
                continue
            name_field, blob_field = _LAYERS[number]
            name, blobs = "", []
            for field, content in _fields(layer):
                if field == name_field:
                    name = bytes(content).decode()
                elif field == blob_field:
                    blobs += [
                        np.frombuffer(bytes(data), "<f4")
                        for part, data in _fields(content)
                        if part == _BLOB_DATA
                    ]
            if blobs:
                layers.append((name, blobs))
    except (ValueError, IndexError) as error:
        raise MissingWeightsError(
            f"{path} is damaged, or no Caffe model ({error}).", "Download it again."
        ) from error
    return layers


def load(network: Illustration2VecNetwork, path: Path) -> None:
    """Takes the weights of the published Caffe file.

    Raises:
        MissingWeightsError: the file does not hold this network.
    """
    layers = [
        blobs for name, blobs in read_layers(path) if name.startswith("conv") or name == "encode1"
    ]
    ours: list[Any] = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    sizes = [[parameter.numel() for parameter in m.parameters()] for m in ours]
    if [[blob.size for blob in blobs] for blobs in layers] != sizes:
        raise MissingWeightsError(
            f"{path} does not hold the layers of Illustration2Vec's feature network.",
            f"Take {FILE_NAME} (not the tag network) from {SOURCE}.",
        )
    with torch.no_grad():
        for module, (weight, bias) in zip(ours, layers, strict=True):
            module.weight.copy_(torch.from_numpy(weight.copy()).view_as(module.weight))
            module.bias.copy_(torch.from_numpy(bias.copy()).view_as(module.bias))


def main() -> None:
    """See the module's first lines."""
    source, target = (Path(one) for one in sys.argv[1:])
    with torch.device("meta"):
        network = Illustration2VecNetwork()
    network.to_empty(device="cpu")
    load(network, source)
    torch.save(network.state_dict(), target)


if __name__ == "__main__":
    main()
