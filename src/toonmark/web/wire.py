"""Reads and writes protocol buffers field by field: enough to change an ONNX file without ``onnx``.

A message is a list of fields in their order; what is not understood is passed on as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


@dataclass
class Field:
    """One field: its number, its wire type, and its value (an int for VARINT, else bytes)."""

    number: int
    wire: int
    value: int | bytes

    @property
    def data(self) -> bytes:
        """The value of a BYTES field: a string, or a message to be parsed in its turn."""
        assert isinstance(self.value, bytes)
        return self.value


def parse(data: bytes) -> list[Field]:
    """The fields of a message.

    Raises:
        ValueError: it is no protocol buffer.
    """
    fields, place = [], 0
    while place < len(data):
        key, place = _read_varint(data, place)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, place = _read_varint(data, place)
            fields.append(Field(number, wire, value))
            continue
        if wire == BYTES:
            size, place = _read_varint(data, place)
        elif wire in (FIXED32, FIXED64):
            size = 4 if wire == FIXED32 else 8
        else:
            raise ValueError(f"no such wire type: {wire}")
        if place + size > len(data):
            raise ValueError("a field ends beyond its message")
        fields.append(Field(number, wire, data[place : place + size]))
        place += size
    return fields


def serialise(fields: list[Field]) -> bytes:
    """The message of these fields."""
    parts = []
    for field in fields:
        parts.append(_varint(field.number << 3 | field.wire))
        if isinstance(field.value, int):
            parts.append(_varint(field.value))
        else:
            if field.wire == BYTES:
                parts.append(_varint(len(field.value)))
            parts.append(field.value)
    return b"".join(parts)


def text(number: int, value: str) -> Field:
    """A string field."""
    return Field(number, BYTES, value.encode())


def first(fields: list[Field], number: int, default: int | bytes = b"") -> int | bytes:
    """The value of the first field of this number."""
    return next((field.value for field in fields if field.number == number), default)


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if place >= len(data) or shift > 63:
            raise ValueError("a number does not end")
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
