"""What is measured: anything that turns faces and their points into cartoons."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

import numpy as np

from toonmark.errors import CorruptStyleError, UnknownStyleError, WrongStyleError
from toonmark.landmarks import Array


class Drawer(Protocol):
    """A style, however it is run: a pack, or a generator in the middle of its training.

    Attributes:
        name: what its row in a table is called.
        size: edge in pixels of the faces it takes.
        iterations: how long it has been trained, where that is known.
        identity: changes whenever it draws differently.
    """

    name: str
    size: int
    iterations: int | None
    identity: str

    def draw(self, faces: Array, points: Array) -> Array:
        """(B, size, size, 3) uint8 RGB and (B, 5, 2) pixels to (B, size, size, 3) uint8."""
        ...


def to_network(pictures: Array) -> Array:
    """(B, H, W, 3) uint8 to (B, 3, H, W) float32 in [-1, 1]."""
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2), np.float32) / 127.5 - 1


def from_network(values: Array) -> Array:
    """(B, 3, H, W) in [-1, 1] to (B, H, W, 3) uint8."""
    scaled = np.rint((np.asarray(values) + 1) * 127.5).clip(0, 255)
    return scaled.astype(np.uint8).transpose(0, 2, 3, 1)


class PackDrawer:
    """A style pack, run by ONNX Runtime.

    Args:
        path: the .onnx file.
        threads: how many cores one drawing may use.

    Raises:
        UnknownStyleError: no such file.
        CorruptStyleError: no ONNX model.
        WrongStyleError: an ONNX model that is no style pack.
    """

    def __init__(self, path: str | Path, threads: int = 1) -> None:
        import onnxruntime

        path = Path(path)
        if not path.is_file():
            raise UnknownStyleError(f"{path} does not exist.", "Name a style pack (.onnx).")
        content = path.read_bytes()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's exceptions share no base but this
            raise CorruptStyleError(
                f"{path} is damaged, or no ONNX model.", "Export the style again."
            ) from error
        inputs = {value.name: value.shape for value in self._session.get_inputs()}
        outputs = [value.name for value in self._session.get_outputs()]
        if set(inputs) != {"face", "landmarks"} or "cartoon" not in outputs:
            raise WrongStyleError(
                f"{path} has inputs {sorted(inputs)} and outputs {outputs}.",
                "A style pack takes face and landmarks and gives cartoon: name one of those.",
            )
        metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        edge = inputs["face"][-1]
        self.size = edge if isinstance(edge, int) else int(metadata.get("size", 128))
        self.name = path.stem
        trained = _iterations(metadata)
        self.iterations = trained
        self.identity = hashlib.sha256(content).hexdigest()[:16]

    def draw(self, faces: Array, points: Array) -> Array:
        """See :class:`Drawer`."""
        # One face at a time: a batch is no faster on a CPU, and memory stays flat.
        drawn = [
            self._session.run(
                ["cartoon"],
                {"face": to_network(face[None]), "landmarks": np.float32(point[None])},
            )[0]
            for face, point in zip(faces, points, strict=True)
        ]
        return from_network(np.concatenate(drawn))


def _iterations(metadata: dict[str, str]) -> int | None:
    """The training's length from a pack's metadata, flat (``training.iterations``) or as JSON."""
    import json

    for key in ("training.iterations", "toonmark.training.iterations", "iterations"):
        if metadata.get(key, "").isdigit():
            return int(metadata[key])
    for text in metadata.values():
        try:
            value = json.loads(text)
            found = value.get("training", value).get("iterations")
            return int(found)
        except (ValueError, TypeError, AttributeError):
            continue
    return None
