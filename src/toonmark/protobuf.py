"""Reads and writes protocol buffers of which only a few fields matter: the rest is passed on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: A field's number; its kind, or the name of another message; whether there are many of it.
Field = tuple[int, str, bool]


def message_classes(messages: Mapping[str, Mapping[str, Field]]) -> dict[str, Any]:
    """The classes of a format's messages, by name.

    Args:
        messages: of each message the fields that matter, by name.
    """
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="toonmark.proto", package="toonmark")
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field, (number, kind, many) in fields.items():
            label = kinds.LABEL_REPEATED if many else kinds.LABEL_OPTIONAL
            one = message.field.add(name=field, number=number, label=label)
            if kind in messages:
                one.type, one.type_name = kinds.TYPE_MESSAGE, f".toonmark.{kind}"
            else:
                one.type = getattr(kinds, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()  # of its own: another format may use the same names
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"toonmark.{name}"))
        for name in messages
    }
