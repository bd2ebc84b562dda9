"""The networks as the page loads them: what ships, made fit for onnxruntime-web, and halved.

Weights travel as 16-bit floats, which halves the page's first load; the graph turns them back to
32 bits when it is opened, so that nothing is computed in 16.
"""

from __future__ import annotations

import numpy as np

from toonmark.web.wire import BYTES, VARINT, Field, first, parse, serialise, text

# Field numbers of onnx.proto.
_GRAPH = 7
_NODE, _INITIALIZER, _INPUT, _OUTPUT = 1, 5, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _OP_TYPE, _ATTRIBUTE = 1, 2, 4, 5
_DIMS, _DATA_TYPE, _NAME, _RAW = 1, 2, 8, 9
_FLOAT, _HALF = 1, 10

#: Tensors of fewer numbers are left as they are: biases, scales, constants.
_LARGE = 512

#: How a dimension of 640 is written, and one that is free, of the same length: YuNet's file says
#: that it takes 640 × 640 pixels, and takes any multiple of 32.
_FIXED_SIZE = b"\x0a\x03\x08\x80\x05" * 2
_FREE_SIZE = b"\x0a\x03\x12\x01h" + b"\x0a\x03\x12\x01w"


def halved(model: bytes) -> bytes:
    """An ONNX model whose large weights are stored in 16 bits.

    Each goes through a Cast, which runtimes compute once when they open the model.
    """
    fields = parse(model)
    for field in fields:
        if field.number == _GRAPH:
            field.value = serialise(_halved_graph(parse(field.data)))
    return serialise(fields)


def _halved_graph(graph: list[Field]) -> list[Field]:
    casts, rest = [], []
    for field in graph:
        tensor = parse(field.data) if field.number == _INITIALIZER else []
        raw = first(tensor, _RAW)
        if first(tensor, _DATA_TYPE, 0) != _FLOAT or len(bytes(raw)) < 4 * _LARGE:
            rest.append(field)
            continue
        weights = np.frombuffer(bytes(raw), "<f4")
        if np.abs(weights).max() > np.finfo(np.float16).max:
            rest.append(field)
            continue
        name = bytes(first(tensor, _NAME)).decode()
        for part in tensor:
            if part.number == _RAW:
                part.value = weights.astype("<f2").tobytes()
            elif part.number == _DATA_TYPE:
                part.value = _HALF
            elif part.number == _NAME:
                part.value = f"{name}/half".encode()
        rest.append(Field(_INITIALIZER, BYTES, serialise(tensor)))
        casts.append(_cast(f"{name}/half", name))
    return casts + rest


def _cast(source: str, target: str) -> Field:
    to = [text(1, "to"), Field(3, VARINT, _FLOAT), Field(20, VARINT, 2)]  # 2: an INT attribute
    node = [text(_NODE_INPUT, source), text(_NODE_OUTPUT, target), text(_OP_TYPE, "Cast")]
    return Field(_NODE, BYTES, serialise([*node, Field(_ATTRIBUTE, BYTES, serialise(to))]))


def detector(model: bytes) -> bytes:
    """YuNet as ONNX Runtime takes it, for pictures whose sides are multiples of 32.

    OpenCV reads past an error in the file: biases have one scale, and claim blocks of scales too.
    """
    fields = parse(model)
    for field in fields:
        if field.number == _GRAPH:
            graph = parse(field.data)
            single = _single_numbers(graph)
            for part in graph:
                if part.number == _NODE:
                    part.value = _without_blocks(part.data, single)
                elif part.number == _INPUT:
                    part.value = part.data.replace(_FIXED_SIZE, _FREE_SIZE)
                elif part.number == _OUTPUT:
                    part.value = _without_shape(part.data)
            used = {
                one.value
                for part in graph
                if part.number == _NODE
                for one in parse(part.data)
                if one.number == _NODE_INPUT
            }
            field.value = serialise(
                [
                    part
                    for part in graph
                    if part.number != _INITIALIZER or first(parse(part.data), _NAME) in used
                ]
            )
    return serialise(fields)


def _without_shape(data: bytes) -> bytes:
    """A float output that says nothing of its shape, which now depends on the input's."""
    name = bytes(first(parse(data), 1))
    tensor = serialise([Field(1, BYTES, serialise([Field(1, VARINT, _FLOAT)]))])
    return serialise([Field(1, BYTES, name), Field(2, BYTES, tensor)])


def _single_numbers(graph: list[Field]) -> set[bytes]:
    """Names of the initializers of one number and at most one axis."""
    names = set()
    for field in graph:
        if field.number == _INITIALIZER:
            tensor = parse(field.data)
            dims = [part.value for part in tensor if part.number == _DIMS]
            if dims in ([], [1], [b"\x01"]):
                names.add(bytes(first(tensor, _NAME)))
    return names


def _without_blocks(data: bytes, single: set[bytes]) -> bytes:
    node = parse(data)
    inputs = [part.value for part in node if part.number == _NODE_INPUT]
    if first(node, _OP_TYPE) != b"DequantizeLinear" or inputs[1] not in single:
        return data
    kept = [
        part
        for part in node
        if part.number != _ATTRIBUTE or first(parse(part.data), 1) != b"block_size"
    ]
    return serialise(kept)
