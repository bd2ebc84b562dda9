"""Stores an ONNX model's weights as float16, and casts them back to float32 on loading.

The graph turns them back to 32 bits when it is opened, so that nothing is computed in 16. Needs
no ``onnx``: the few fields of its format that are read are declared here; protobuf, which comes
with ONNX Runtime, passes on what it does not know.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from toonmark.protobuf import message_classes

#: What ends the name of a weight that is stored in half precision.
HALF = ".half"

_FLOAT, _FLOAT16, _INT = 1, 10, 2
#: The fields of onnx.proto that are read here.
_FORMAT = {
    "Model": {"graph": (7, "Graph", False)},
    "Graph": {"node": (1, "Node", True), "initializer": (5, "Tensor", True)},
    "Node": {
        "input": (1, "string", True),
        "output": (2, "string", True),
        "op_type": (4, "string", False),
        "attribute": (5, "Attribute", True),
    },
    "Attribute": {
        "name": (1, "string", False),
        "i": (3, "int64", False),
        "type": (20, "int32", False),
    },
    "Tensor": {
        "data_type": (2, "int32", False),
        "name": (8, "string", False),
        "raw_data": (9, "bytes", False),
    },
}


def halved(model: bytes, least: int = 512, exact: bool = False) -> bytes:
    """An ONNX model whose large weights are stored in 16 bits, each with a cast behind it.

    Args:
        model: the file's bytes; weights as ONNX exporters write them, as raw data.
        least: smaller tensors stay as they are: biases, scales, constants.
        exact: only those that half precision holds exactly; else all that are within its range.

    Raises:
        ValueError: it is no protocol buffer.
    """
    from google.protobuf.message import DecodeError

    read = _messages()["Model"]()
    try:
        read.ParseFromString(model)
    except DecodeError as error:
        raise ValueError("This is no ONNX model.") from error
    casts = []
    for tensor in read.graph.initializer:
        if tensor.data_type != _FLOAT or len(tensor.raw_data) < 4 * least:
            continue
        weights = np.frombuffer(tensor.raw_data, "<f4")
        with np.errstate(over="ignore"):
            small = weights.astype("<f2")
        if not (np.array_equal(small, weights) if exact else np.isfinite(small).all()):
            continue
        cast = _messages()["Node"](op_type="Cast", output=[tensor.name])
        tensor.name += HALF
        tensor.data_type, tensor.raw_data = _FLOAT16, small.tobytes()
        cast.input.append(tensor.name)
        cast.attribute.add(name="to", i=_FLOAT, type=_INT)
        casts.append(cast)
    nodes = [*casts, *read.graph.node]
    del read.graph.node[:]
    read.graph.node.extend(nodes)
    return bytes(read.SerializeToString())


@functools.cache
def _messages() -> dict[str, Any]:
    return message_classes(_FORMAT)
