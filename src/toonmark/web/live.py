"""Graphs for the page's camera: a style's own weights in a graph that draws sooner.

The graphs lie in ``live_graphs`` without weights, each for packs of one structure, and are made by
``tools/live.py``; weights come from the pack, so a style that is trained on needs no new one.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

from toonmark.protobuf import message_classes

FOLDER = Path(__file__).with_name("live_graphs")
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
    found = next(FOLDER.glob(f"{digest(bare)}-*.onnx"), None)
    if found is None:
        return None
    model = _messages()["Model"].FromString(found.read_bytes())
    for tensor in model.graph.initializer:
        if tensor.name.startswith(WEIGHTS):
            tensor.raw_data = weights[tensor.name]
    return bytes(model.SerializeToString()), int(found.stem.rpartition("-")[2])


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


def digest(bare: bytes) -> str:
    """What a structure is called."""
    return hashlib.sha256(bare).hexdigest()[:12]


@functools.cache
def _messages() -> dict[str, Any]:
    return message_classes(_FORMAT)
