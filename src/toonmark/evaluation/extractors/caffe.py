"""Weights out of a Caffe model, without Caffe.

Only what that needs of the protocol-buffer wire format and of ``caffe.proto``: layers of either
generation (``layers``, field 2, and ``layer``, field 100), their names and their blobs.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from toonmark.errors import MissingWeightsError
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

    Blobs are views of the file, which is not read before they are.

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
                        np.frombuffer(data, "<f4")
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
