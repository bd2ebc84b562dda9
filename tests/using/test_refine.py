"""The regressor that ships is another's to train; here are ones that know one answer."""

import numpy as np
import pytest

from toonmark.faces.align import face_transform, transform_points
from toonmark.faces.refine import TRUST, Refiner
from toonmark.landmarks import inter_eye_distance, template_points

COARSE = np.array([[201, 102], [247, 102], [222, 127], [203, 146], [240, 146]], float)


def write_regressor(path, shift):
    """Says that the landmarks lie on the crop's template, moved by ``shift`` crop pixels."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    answer = (template_points(128) + shift).astype(np.float32)[None]
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["face"], ["mean"], axes=[1, 2, 3], keepdims=1),
            helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
            helper.make_node("Squeeze", ["nothing", "axis"], ["flat"]),
            helper.make_node("Add", ["flat", "answer"], ["landmarks"]),
        ],
        "constant",
        [helper.make_tensor_value_info("face", TensorProto.FLOAT, ["n", 3, 128, 128])],
        [helper.make_tensor_value_info("landmarks", TensorProto.FLOAT, ["n", 5, 2])],
        [
            numpy_helper.from_array(np.float32(0), "zero"),
            numpy_helper.from_array(np.array([3]), "axis"),
            numpy_helper.from_array(answer, "answer"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


def test_without_a_regressor_the_coarse_points_stay(tmp_path, astronaut):
    refined = Refiner(tmp_path / "none.onnx")(astronaut, COARSE[None])
    np.testing.assert_array_equal(refined[0], COARSE)


def regressors_own(refined):
    """What the regressor said, without the detector's share in it."""
    return COARSE + (refined[0] - COARSE) / TRUST


def test_what_it_says_in_the_crop_is_brought_back_to_the_picture(tmp_path, astronaut):
    refined = Refiner(write_regressor(tmp_path / "a.onnx", 0))(astronaut, np.stack([COARSE] * 2))
    # The template in the crop is the picture's similar shape that lies closest to the points.
    back = transform_points(regressors_own(refined), face_transform(COARSE, 128))
    np.testing.assert_allclose(back, template_points(128), atol=1e-3)
    np.testing.assert_array_equal(refined[0], refined[1])


def test_two_rounds_are_run(tmp_path, astronaut):
    start = Refiner(write_regressor(tmp_path / "a.onnx", 0))(astronaut, COARSE[None])
    moved = Refiner(write_regressor(tmp_path / "b.onnx", 2))(astronaut, COARSE[None])
    start, moved = regressors_own(start), regressors_own(moved)
    scale = inter_eye_distance(template_points(128)) / inter_eye_distance(start)
    # Two pixels of the crop each round, twice.
    np.testing.assert_allclose((moved - start) * scale, 4, atol=0.1)


def test_points_that_move_too_far_are_not_believed(tmp_path, astronaut):
    refined = Refiner(write_regressor(tmp_path / "a.onnx", 20))(astronaut, COARSE[None])
    np.testing.assert_array_equal(refined[0], COARSE)


def test_no_faces(tmp_path, astronaut):
    refiner = Refiner(write_regressor(tmp_path / "a.onnx", 0))
    assert refiner(astronaut, np.zeros((0, 5, 2))).shape == (0, 5, 2)
