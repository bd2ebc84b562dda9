"""Dense face points by MediaPipe's Face Mesh, whose weights anybody may use (Apache-2.0).

Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs" (arXiv
1907.06724): 468 points, in a fixed order, from a crop of 192 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toonmark.data.mediapipe_networks import LiteNetwork
from toonmark.faces.align import crop, invert, similarity, transform_points
from toonmark.faces.detect import Face, find_faces
from toonmark.landmarks import Array, template_points

WEIGHTS = "modules/face_landmark/face_landmark.tflite"

#: How many points the mesh has.
COUNT = 468
#: Edge in pixels of the crop that the network sees.
SIZE = 192

#: Where the five points lie in that crop, as fractions of its edge: the face with half its width
#: around it, as the network was trained.
_TEMPLATE = np.array([[0.375, 0.42], [0.625, 0.42], [0.5, 0.575], [0.39, 0.67], [0.61, 0.67]])
#: The mesh's points whose means are the five: an eye's corners and the middles of its lids, the
#: nose's tip (two points on its ridge), the corners of the mouth. Left is the image's left.
_FIVE = ((33, 133, 159, 145), (362, 263, 386, 374), (1, 4), (61,), (291,))
#: Crops looked at; each follows the points of the one before, the first those of the detector.
_ROUNDS = 2
#: The least confidence, in [0, 1], with which the network says that there is a face.
_LEAST = 0.5


@dataclass(frozen=True, eq=False)
class MeshFace:
    """A face's dense points.

    Attributes:
        dense: (468, 2) pixels of the picture, in Face Mesh's order.
        points: (5, 2), the five landmarks.
        confidence: in [0, 1], that this is a face.
    """

    dense: Array
    points: Array
    confidence: float


class FaceMesh:
    """The network; safe to share between threads, each of which opens its own interpreter.

    Args:
        weights: the .tflite file; the installed package's, unless told otherwise.

    Raises:
        MediaPipeMissingError: the weights, or the interpreter LiteRT, are not installed.
    """

    def __init__(self, weights: str | Path | None = None) -> None:
        self._network = LiteNetwork(WEIGHTS, weights)

    def __call__(self, image: Array, coarse: Array) -> MeshFace:
        """Finds the dense points of a face whose five points are roughly known.

        Args:
            image: (H, W, 3) uint8 RGB.
            coarse: (5, 2) pixels, of any detector.
        """
        points = np.asarray(coarse, np.float64)
        for _ in range(_ROUNDS):
            transform = similarity(points, template_points(SIZE, _TEMPLATE))
            view = crop(image, transform, SIZE) / np.float32(255)
            found, score = self._run(view[None].astype(np.float32))
            dense = transform_points(found[:, :2], invert(transform))
            points = np.stack([dense[list(group)].mean(0) for group in _FIVE])
        return MeshFace(dense, points, score)

    def _run(self, batch: Array) -> tuple[Array, float]:
        """(1, 192, 192, 3) in [0, 1] to (468, 3) crop pixels, and the confidence."""
        outputs = [output.astype(np.float64).ravel() for output in self._network(batch)]
        points, logit = max(outputs, key=len), min(outputs, key=len)
        return points.reshape(COUNT, 3), float(1 / (1 + np.exp(-logit[0])))


class MeshDetector:
    """Finds faces by YuNet and the points of the first by Face Mesh, as a source's detector.

    A face that Face Mesh does not take for one is left out.
    """

    name = "YuNet, MediaPipe Face Mesh"

    def __init__(self, mesh: FaceMesh | None = None) -> None:
        self._mesh = mesh or FaceMesh()

    def __call__(self, image: Array) -> list[Face]:
        """(H, W, 3) uint8 RGB to its faces, the largest first."""
        faces = find_faces(image)
        if not faces:
            return []
        found = self._mesh(image, faces[0].points)
        if found.confidence < _LEAST:
            return []
        return [Face(faces[0].box, found.points, faces[0].score), *faces[1:]]
