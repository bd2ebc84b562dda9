"""The five landmarks: their order, mirror image, heatmaps and error.

Points are ``(..., 5, 2)`` arrays of x, y in pixels; the centre of the first pixel is (0, 0).
Left and right are the *image's*, as in CelebA: the left eye has the smaller x.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

NAMES = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
COUNT = len(NAMES)
#: The columns of ``landmarks.csv``: the file's name, then x and y of each point.
COLUMNS = ("file", *(f"{name}_{axis}" for name in NAMES for axis in "xy"))
LEFT_EYE, RIGHT_EYE, NOSE, MOUTH_LEFT, MOUTH_RIGHT = range(COUNT)

#: What each landmark becomes in a mirror: eyes swap, mouth corners swap, the nose stays.
MIRROR = (1, 0, 2, 4, 3)

#: Heatmap standard deviation in pixels of a 128-pixel image; it scales with the size.
SIGMA_AT_128 = 4.0

#: The least exponent of a heatmap along either axis. Smaller numbers than single precision has in
#: full (1e-38), of which a Gaussian's tail is made, take a processor 100 times as long.
FAINTEST = -20.0

#: Where the five points of an upright face lie, as a fraction of the crop (the mean of 10,000
#: frontal faces); the crop of the paper's method and of the landmark regressors.
FACE_TEMPLATE: Array = (
    np.array([[48, 61], [80, 61], [64, 80], [50, 93], [77, 93]], np.float64) + 0.5
) / 128

#: The whole head with its hair, neck and shoulders: eyes a fifth of the width apart, a little above
#: the middle. The nose divides the way from eyes to mouth as it does in ``FACE_TEMPLATE``.
PORTRAIT_TEMPLATE: Array = np.array(
    [[0.40, 0.44], [0.60, 0.44], [0.50, 0.5588], [0.41, 0.64], [0.59, 0.64]], np.float64
)

#: The frame of a crop: the paper's tight face, or the whole head and shoulders.
Frame = Literal["face", "portrait"]
#: The frames that a set may be cropped to and a style may draw, by name.
FRAMES: dict[str, Array] = {"face": FACE_TEMPLATE, "portrait": PORTRAIT_TEMPLATE}


def frame_of(template: Any) -> str | None:
    """The name of the frame that has this template; None for a template of its own.

    Args:
        template: five x, y pairs, fractions of the crop's edge, as ``dataset.json`` has them.

    Example:
        >>> frame_of(PORTRAIT_TEMPLATE.tolist())
        'portrait'
    """
    try:
        points = np.asarray(template, np.float64)
    except (TypeError, ValueError):
        return None
    if points.shape != (COUNT, 2):
        return None
    for name, known in FRAMES.items():
        if np.allclose(points, known, rtol=0, atol=1e-4):
            return name
    return None


def template_points(size: int, template: Array = FACE_TEMPLATE) -> Array:
    """The template in pixels of a ``size``-pixel crop: (5, 2)."""
    return np.asarray(template, np.float64) * size - 0.5


def default_sigma(size: int) -> float:
    """The heatmaps' standard deviation in pixels for images of ``size`` pixels."""
    return SIGMA_AT_128 * size / 128


def mirror(points: Array, width: int) -> Array:
    """The landmarks of the mirror image of a picture ``width`` pixels wide: (..., 5, 2)."""
    flipped = np.array(points, copy=True)[..., list(MIRROR), :]
    flipped[..., 0] = width - 1 - flipped[..., 0]
    return flipped


def heatmaps(points: Array, size: int, sigma: float | None = None) -> Array:
    """One Gaussian a landmark, its peak 1, as the human-pose field draws them (section 4.4.1).

    Args:
        points: (..., 5, 2) pixels.
        size: height and width of the maps in pixels.
        sigma: standard deviation in pixels; 4 px at 128, scaled, unless told otherwise.

    Returns:
        (..., 5, size, size) float32 in [0, 1]. ``toonmark.models.heatmaps.heatmaps`` is the same
        function in torch.
    """
    points = np.asarray(points, np.float32)
    sigma = default_sigma(size) if sigma is None else sigma
    grid = np.arange(size, dtype=np.float32)
    scale = -0.5 / sigma**2
    x = np.exp(np.maximum(scale * (grid - points[..., 0, None]) ** 2, FAINTEST))
    y = np.exp(np.maximum(scale * (grid - points[..., 1, None]) ** 2, FAINTEST))
    return (y[..., :, None] * x[..., None, :]).astype(np.float32)


def inter_eye_distance(points: Array) -> Array:
    """Distance between the eyes in pixels: (...)."""
    points = np.asarray(points, np.float64)
    return np.linalg.norm(points[..., LEFT_EYE, :] - points[..., RIGHT_EYE, :], axis=-1)


def normalised_mean_error(predicted: Array, true: Array) -> Array:
    """Mean distance over the five points, as a fraction of the true inter-eye distance: (...)."""
    predicted, true = np.asarray(predicted, np.float64), np.asarray(true, np.float64)
    distance = np.linalg.norm(predicted - true, axis=-1).mean(axis=-1)
    return distance / np.maximum(inter_eye_distance(true), 1e-6)
