"""A real face, and styles that draw without having learnt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def _write_pack(
    path: Path,
    size: int = 128,
    inputs: tuple[str, str] = ("face", "landmarks"),
    stored: dict[str, str] | None = None,
    **fields: Any,
) -> Path:
    """A style pack that gives the negative of a face, a little lighter the higher its nose.

    Args:
        inputs: what the two inputs are called.
        stored: the ONNX metadata; those of a sound pack unless told otherwise.
        fields: metadata that differ from a sound pack's.
    """
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    from toonmark.styles.metadata import StyleMetadata

    face, landmarks = inputs
    one, batch = np.array([0, 0, 0, 2]), ["n", 3, size, size]
    graph = helper.make_graph(
        [
            helper.make_node("Neg", [face], ["negative"]),
            helper.make_node("Gather", [landmarks, "nose"], ["place"], axis=1),
            helper.make_node("ReduceMean", ["place"], ["mean"], axes=[1], keepdims=1),
            helper.make_node("Mul", ["mean", "little"], ["lighter"]),
            helper.make_node("Unsqueeze", ["lighter", "axes"], ["wide"]),
            helper.make_node("Sub", ["negative", "wide"], ["cartoon"]),
        ],
        "negative",
        [
            helper.make_tensor_value_info(face, TensorProto.FLOAT, batch),
            helper.make_tensor_value_info(landmarks, TensorProto.FLOAT, ["n", 5, 2]),
        ],
        [helper.make_tensor_value_info("cartoon", TensorProto.FLOAT, batch)],
        [
            numpy_helper.from_array(one[3], "nose"),
            numpy_helper.from_array(np.float32(1e-4), "little"),
            numpy_helper.from_array(np.array([2, 3]), "axes"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if stored is None:
        sound = StyleMetadata(name="negative", title="Negative", size=size)
        stored = {"toonmark": json.dumps({**sound.model_dump(mode="json"), **fields})}
    helper.set_model_props(model, stored)
    onnx.save(model, path)
    return path


@pytest.fixture(scope="session")
def write_pack() -> Any:
    return _write_pack


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write_pack(tmp_path_factory.mktemp("style") / "negative.onnx")


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """Eileen Collins, 512 × 512, one face of about 110 pixels (NASA, public domain)."""
    data = pytest.importorskip("skimage.data")
    return data.astronaut()


@pytest.fixture
def photo(tmp_path: Path, astronaut: np.ndarray) -> Path:
    from PIL import Image

    path = tmp_path / "photo.png"
    Image.fromarray(astronaut).save(path, compress_level=1)
    return path


@pytest.fixture(scope="session")
def two_faces(astronaut: np.ndarray) -> np.ndarray:
    """A small face on the left, a large one on the right: (512, 812, 3)."""
    import cv2

    small = cv2.resize(astronaut, (300, 300), interpolation=cv2.INTER_AREA)
    picture = np.zeros((512, 812, 3), np.uint8)
    picture[:300, :300] = small
    picture[:, 300:] = astronaut
    return picture
