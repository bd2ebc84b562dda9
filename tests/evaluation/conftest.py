"""Tiny sets of pictures and tiny packs."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn import SIZE, MakePack, MakeSet, draw_face

from toonmark.landmarks import template_points
from toonmark.styles.metadata import StyleMetadata


@pytest.fixture
def make_set(tmp_path: Path) -> MakeSet:
    """Makes a folder of pictures with landmarks."""

    def make(name: str, count: int, seed: int = 0, landmarks: bool = True) -> Path:
        rng = np.random.default_rng(seed)
        folder = tmp_path / name
        folder.mkdir()
        rows = []
        for index, lightness in enumerate(np.linspace(0.3, 1, count)):
            file = f"{index:04d}.png"
            cv2.imwrite(str(folder / file), draw_face(rng, lightness)[..., ::-1])
            rows.append([file, *template_points(SIZE).ravel()])
        if landmarks:
            with (folder / "landmarks.csv").open("w", newline="") as out:
                names = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
                header = [f"{point}_{axis}" for point in names for axis in "xy"]
                csv.writer(out).writerows([["file", *header], *rows])
        return folder

    return make


@pytest.fixture
def make_pack(tmp_path: Path) -> MakePack:
    """Makes a style pack that multiplies its face by a number."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    def make(
        name: str = "same",
        factor: float = 1.0,
        iterations: int | None = None,
        split: str | None = None,
        landmarks_by: str | None = None,
    ) -> Path:
        nodes = [
            helper.make_node("Mul", ["face", "factor"], ["scaled"]),
            # Packs read their landmarks; this one does so without heeding them.
            helper.make_node("ReduceSum", ["landmarks"], ["sum"], keepdims=0),
            helper.make_node("Mul", ["sum", "nothing"], ["zero"]),
            helper.make_node("Add", ["scaled", "zero"], ["cartoon"]),
        ]
        constants = [
            numpy_helper.from_array(np.float32(factor), "factor"),
            numpy_helper.from_array(np.float32(0), "nothing"),
        ]
        shapes = {"face": ["N", 3, SIZE, SIZE], "landmarks": ["N", 5, 2]}
        inputs = [
            helper.make_tensor_value_info(key, TensorProto.FLOAT, shape)
            for key, shape in shapes.items()
        ]
        output = helper.make_tensor_value_info("cartoon", TensorProto.FLOAT, shapes["face"])
        graph = helper.make_graph(nodes, "pack", inputs, [output], constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        training: dict[str, object] = {} if iterations is None else {"iterations": iterations}
        if split is not None:
            training["runs"] = [{"split": split}]
        if landmarks_by is not None:
            training["runs"] = [{"landmarks_by": {"taught-set": landmarks_by}}]
        metadata = StyleMetadata(name="same", title="Same", size=SIZE, training=training)
        helper.set_model_props(model, {"toonmark": metadata.model_dump_json()})
        path = tmp_path / f"{name}.onnx"
        onnx.save(model, path)
        return path

    return make
