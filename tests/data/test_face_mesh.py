"""Dense points: their geometry with a network of known answers, and the real one where it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data

from toonmark.data import face_mesh, mediapipe_networks
from toonmark.data.face_mesh import COUNT, SIZE, FaceMesh, MeshDetector
from toonmark.data.mediapipe_networks import MediaPipeMissingError
from toonmark.faces.detect import find_faces
from toonmark.faces.refine import Refiner
from toonmark.landmarks import Array, inter_eye_distance, template_points

ASTRONAUT = np.asarray(skimage.data.astronaut())


class Known(FaceMesh):
    """A network that says for every crop that the five points are where the template has them."""

    def __init__(self, score: float = 1.0) -> None:
        self.score, self.seen = score, []

    def _run(self, batch: Array) -> tuple[Array, float]:
        self.seen.append(batch)
        found = np.zeros((COUNT, 3))
        for group, place in zip(
            face_mesh._FIVE, template_points(SIZE, face_mesh._TEMPLATE), strict=True
        ):
            found[list(group), :2] = place
        return found, self.score


def test_points_come_back_into_the_pictures_pixels() -> None:
    turn = np.deg2rad(20)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    points = template_points(SIZE, face_mesh._TEMPLATE) @ (0.8 * rotation) + [150, 90]
    network = Known()
    found = network(ASTRONAUT, points)
    np.testing.assert_allclose(found.points, points, atol=1e-6)
    assert found.dense.shape == (COUNT, 2)
    (first, *_) = network.seen
    assert first.shape == (1, SIZE, SIZE, 3)
    assert first.dtype == np.float32
    assert 0.5 < first.max() <= 1


def test_what_the_network_takes_for_no_face_is_left_out() -> None:
    assert len(MeshDetector(Known())(ASTRONAUT)) == 1
    assert MeshDetector(Known(score=0.2))(ASTRONAUT) == []
    assert MeshDetector(Known())(np.zeros((64, 64, 3), np.uint8)) == []


def test_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mediapipe_networks, "PACKAGES", ("no-such-package",))
    with pytest.raises(MediaPipeMissingError, match=r"no-such-package==0\.10\.21"):
        mediapipe_networks.find_weights(face_mesh.WEIGHTS)
    monkeypatch.setitem(__import__("sys").modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(MediaPipeMissingError, match="pip install ai-edge-litert"):
        FaceMesh(tmp_path / "weights.tflite")


def test_the_real_network_agrees_with_the_regressor_that_ships() -> None:
    try:
        mesh = FaceMesh()
    except MediaPipeMissingError as error:
        pytest.skip(error.happened)
    (face,) = find_faces(ASTRONAUT)
    found = mesh(ASTRONAUT, face.points)
    expected = Refiner(threads=1)(ASTRONAUT, face.points[None])[0]
    away = np.linalg.norm(found.points - expected, axis=-1) / inter_eye_distance(expected)
    assert away.max() < 0.12
    assert found.confidence > 0.9


def test_the_mask_of_a_person_is_theirs() -> None:
    """By the real network, where it is installed."""
    try:
        mask = mediapipe_networks.SelfieMask()(ASTRONAUT)
    except MediaPipeMissingError as error:
        pytest.skip(str(error))
    assert mask.shape == ASTRONAUT.shape[:2]
    assert 0 <= mask.min() < 0.1
    assert 0.9 < mask.max() <= 1
    assert mask[110, 222] > 0.9  # her nose
    assert mask[20, 500] < 0.1
