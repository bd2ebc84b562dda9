"""Optimised ONNX graphs for the page's webcam mode, without weights and matched to a style.

The graphs lie in ``live_graphs`` without weights, each for packs of one structure and one size, and
are made by ``tools/live.py``. Weights come from the pack, so a style that is trained on needs no
new graph; those that ship have others beside the graphs, which learnt to draw at half the size.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toonmark.protobuf import message_classes

FOLDER = Path(__file__).with_name("live_graphs")
#: What files of weights for smaller drawings are called, before the digest of the weights that they
#: stand for, and the size.
SMALL = "weights"
#: What the names of weights begin with, in the graphs that ``toonmark export`` writes.
WEIGHTS = ("scores.", "generator.")
#: The fields of onnx.proto that are read here.
_FORMAT = {
    "Model": {"graph": (7, "Graph", False), "metadata_props": (14, "Entry", True)},
    "Entry": {"key": (1, "string", False)},
    "Graph": {"initializer": (5, "Tensor", True)},
    "Tensor": {"name": (8, "string", False), "raw_data": (9, "bytes", False)},
}


def live_graph(pack: bytes) -> tuple[bytes, int] | None:
    """A style's graph for the camera, and the edge in pixels that it draws at.

    Args:
        pack: the style pack's bytes, as ``toonmark export`` wrote them.

    Returns:
        an ONNX model of one picture at a time, ``face`` and ``landmarks`` to ``cartoon``; None
        where there is no graph for packs of this structure.
    """
    bare, weights = without_weights(pack)
    graphs = {size_of(file): file for file in FOLDER.glob(f"{digest(bare)}-*.onnx")}
    if not graphs:
        return None
    size, small = max(graphs), small_weights(weights)
    if small is not None and size_of(small) in graphs:
        size = size_of(small)
        _, weights = without_weights(small.read_bytes())
    model = _messages()["Model"].FromString(graphs[size].read_bytes())
    for tensor in model.graph.initializer:
        if tensor.name.startswith(WEIGHTS):
            tensor.raw_data = weights[tensor.name]
    return bytes(model.SerializeToString()), size


def small_weights(weights: Mapping[str, bytes]) -> Path | None:
    """The file of weights for smaller drawings that stand for these, or None."""
    return next(FOLDER.glob(f"{SMALL}-{weights_digest(weights)}-*.onnx"), None)


def size_of(file: Path) -> int:
    """The edge in pixels of the drawings that a graph, or weights, are for."""
    return int(file.stem.rpartition("-")[2])


def without_weights(model: bytes) -> tuple[bytes, dict[str, bytes]]:
    """A graph of which only the structure is left, and its weights' bytes by their names."""
    read = _messages()["Model"].FromString(model)
    weights = {}
    for tensor in read.graph.initializer:
        if tensor.name.startswith(WEIGHTS):
            weights[tensor.name] = tensor.raw_data
            tensor.ClearField("raw_data")
    del read.metadata_props[:]
    return bytes(read.SerializeToString()), weights


def weights_digest(weights: Mapping[str, bytes]) -> str:
    """The digest that names weights: the same for all looks of one network."""
    told = hashlib.sha256()
    for name in sorted(weights):
        told.update(name.encode() + weights[name])
    return told.hexdigest()[:12]


def only_weights(weights: Mapping[str, bytes]) -> bytes:
    """Weights as a model of nothing else; :func:`without_weights` reads them."""
    model = _messages()["Model"]()
    for name, data in weights.items():
        model.graph.initializer.add(name=name, raw_data=data)
    return bytes(model.SerializeToString())


def digest(bare: bytes) -> str:
    """The digest that names a graph's structure."""
    return hashlib.sha256(bare).hexdigest()[:12]


@functools.cache
def _messages() -> dict[str, Any]:
    return message_classes(_FORMAT)
