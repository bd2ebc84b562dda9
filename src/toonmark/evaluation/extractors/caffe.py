"""Weights out of a Caffe model, without Caffe."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from toonmark.errors import MissingWeightsError
from toonmark.landmarks import Array
from toonmark.protobuf import message_classes

#: Fields of caffe.proto: layers of either generation, with their names and their blobs.
_FORMAT = {
    "Net": {"layers": (2, "OldLayer", True), "layer": (100, "Layer", True)},
    "OldLayer": {"name": (4, "string", False), "blobs": (6, "Blob", True)},
    "Layer": {"name": (1, "string", False), "blobs": (7, "Blob", True)},
    "Blob": {"data": (5, "bytes", False)},  # packed float32: numbers one by one would take long
}


def read_layers(path: Path) -> list[tuple[str, list[Array]]]:
    """Name and blobs (flat float32) of each layer that has weights, in the file's order.

    For a moment it takes twice the file's size in memory.

    Raises:
        MissingWeightsError: the file is damaged, or no Caffe model.
    """
    from google.protobuf.message import DecodeError

    net = message_classes(_FORMAT)["Net"]()
    try:
        net.ParseFromString(path.read_bytes())
        return [
            (layer.name, [np.frombuffer(blob.data, "<f4") for blob in layer.blobs])
            for layer in (*net.layers, *net.layer)
            if layer.blobs
        ]
    except (DecodeError, ValueError) as error:
        raise MissingWeightsError(
            f"{path} is damaged, or no Caffe model ({error}).", "Download it again."
        ) from error
