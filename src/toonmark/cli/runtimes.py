"""``--runtime``: what draws."""

from __future__ import annotations

from enum import StrEnum


class Runtime(StrEnum):
    """As :data:`toonmark.inference.Runtime`."""

    cpu = "cpu"
    cuda = "cuda"
    openvino = "openvino"
