"""The regressor that ships is another's to train; here are ones that know one answer."""

import cv2
import numpy as np
import pytest

from toonmark.faces.align import face_transform, transform_points
from toonmark.faces.detect import find_faces
from toonmark.faces.refine import MAX_PASSES, TRUST, Refiner
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


def test_it_looks_until_the_points_stay(tmp_path, astronaut):
    """One pixel of 128 is little enough; four, time and again, are no place to settle."""
    for shift, looks, settles in ((0, [1], True), (1, [1, 2], True), (4, [3 * MAX_PASSES], False)):
        refiner = Refiner(write_regressor(tmp_path / f"{shift}.onnx", shift))
        seen, locate = [], refiner.locate
        refiner.locate = lambda *given, seen=seen, locate=locate: seen.append(1) or locate(*given)
        refined = refiner(astronaut, COARSE[None])
        assert len(seen) in looks, shift
        assert (refined[0] != COARSE).any() == settles


def test_points_that_move_too_far_are_not_believed(tmp_path, astronaut):
    class Far(Refiner):
        def locate(self, image, points):
            return np.full_like(points, 300) + template_points(128)

    refined = Far(write_regressor(tmp_path / "a.onnx", 0))(astronaut, COARSE[None])
    np.testing.assert_array_equal(refined[0], COARSE)


@pytest.mark.parametrize("degrees", [-60, -45, -30, -15, 15, 30, 45, 60])
def test_a_tilted_head_is_seen_as_tilted_as_it_is(astronaut, degrees):
    """The detector alone takes it for nearly upright, and its points for the eyes."""
    refiner = Refiner()
    upright = refiner(astronaut, find_faces(astronaut)[0].points[None])[0]
    turn = cv2.getRotationMatrix2D((222, 120), degrees, 1.0)
    turn[:, 2] += (30, 130)
    picture = cv2.warpAffine(astronaut, turn, (512, 512), borderValue=(128, 128, 128))
    expected = transform_points(upright, turn)
    coarse = find_faces(picture)[0].points
    both = refiner(picture, np.stack([coarse, coarse]))
    for found in both:
        off = np.linalg.norm(found - expected, axis=1).mean() / inter_eye_distance(expected)
        assert off < 0.06


def test_no_faces(tmp_path, astronaut):
    refiner = Refiner(write_regressor(tmp_path / "a.onnx", 0))
    assert refiner(astronaut, np.zeros((0, 5, 2))).shape == (0, 5, 2)
