"""The distribution of the faces that are drawn: a few numbers, no pictures.

Unpaired learning matches marginals: if cartoons were darker than the faces, the generator would
darken people. So cartoons take their colours and geometry from these statistics of 10,000 frontal
portraits (CelebAMask-HQ), measured by ``tools/face_colours.py``: medians over cheek
patches and over a band under the top of the hair, in CIE L*a*b* (D65).
"""

from __future__ import annotations

import numpy as np

from toonmark.landmarks import Array

# fmt: off
#: A Gaussian mixture over skin L*a*b* and hair L*a*b*: weight, share with long hair, mean (6),
#: lower triangle of the covariance (21).
SKIN_AND_HAIR = (
    (0.257, 0.46, (71.2, 17.9, 20.5, 4.5, 0.6, 1.3), (75.0, -23.6, 34.5, -22.4, 22.9, 53.2, -1.0,
        -0.1, -0.6, 7.4, 0.4, 0.5, -0.0, 0.6, 1.8, -0.1, 0.9, 1.4, 1.6, 0.4, 2.5)),
    (0.239, 0.58, (75.0, 16.8, 19.6, 13.1, 3.5, 5.0), (46.5, -21.4, 30.2, -20.4, 17.6, 45.9, 3.8,
        -4.0, -3.0, 27.7, -1.4, 4.1, 3.4, 1.1, 8.5, -2.5, 2.4, 6.3, 8.2, 6.0, 16.6)),
    (0.191, 0.65, (74.1, 16.6, 18.4, 30.7, 6.7, 13.2), (39.1, -13.1, 25.8, -11.9, 18.0, 40.8, -8.5,
        -1.2, 4.0, 123.6, -2.3, 8.5, 10.4, -2.5, 16.8, -6.5, 8.3, 20.5, 39.4, 15.0, 50.7)),
    (0.107, 0.68, (81.8, 13.3, 16.5, 43.6, 7.5, 14.7), (31.9, -25.5, 34.0, -18.1, 19.0, 43.5, -12.2,
        13.5, 13.9, 314.8, -1.1, 4.7, 7.1, -12.5, 27.2, -7.7, 12.3, 26.9, 102.8, 21.3, 111.6)),
    (0.076, 0.52, (59.5, 16.9, 20.1, 16.8, 2.9, 4.3), (141.1, -9.8, 42.5, 0.4, 33.8, 78.4, 36.9,
        2.6, 11.2, 62.2, 1.1, 8.4, 8.8, 3.8, 11.3, 6.3, 4.5, 20.0, 18.6, 7.4, 38.6)),
    (0.066, 0.61, (66.1, 16.8, 18.9, 54.6, 5.1, 13.0), (121.2, -16.8, 37.6, -19.1, 29.5, 79.9, 83.6,
        2.4, 7.7, 409.7, -11.0, 12.9, 9.3, -50.8, 26.8, -3.9, 16.8, 43.0, 22.9, 16.9, 94.6)),
    (0.045, 0.64, (75.9, 17.1, 27.5, 25.6, 12.7, 17.9), (51.4, -41.6, 65.0, -23.5, 32.1, 118.3,
        -8.4, 7.2, -21.7, 182.6, -8.6, 18.7, -21.9, 46.9, 98.0, -13.3, 17.9, -9.3, 131.6, 68.6,
        135.7)),
    (0.018, 0.61, (72.6, 17.0, 18.8, 35.1, 12.6, 3.7), (133.4, -74.4, 118.2, 2.4, -28.6, 210.3,
        27.5, -17.7, 51.7, 363.5, 24.7, -2.2, 5.0, -5.5, 218.6, 38.1, -35.8, 93.8, 172.3, 55.8,
        415.7)),
)

#: Mean and covariance (lower triangle) of the five points, x and y by turns, in pixels of a
#: 128-pixel crop.
LANDMARK_MEAN = (47.68, 61.03, 79.85, 60.97, 64.04, 80.47, 50.43, 92.76, 77.32, 92.73)
LANDMARK_COVARIANCE = (0.940, -0.012, 0.783, -0.017, -0.053, 0.879, 0.101, 0.430, 0.138, 0.795,
    0.776, 0.136, 0.433, -0.098, 3.800, -0.193, 0.635, 0.137, 0.710, -0.496, 6.472, 0.811, -0.031,
    -0.665, -0.311, -0.117, -0.951, 4.574, 0.049, 0.004, -0.525, -0.523, -0.295, 0.813, 3.319,
    5.324, -0.557, 0.060, 0.945, 0.280, 0.148, 0.913, -3.199, -2.593, 3.616, 0.144, -0.171, -0.354,
    -0.298, -0.354, 0.824, 2.984, 4.721, -2.355, 4.598)
# fmt: on


def lower_triangle(values: tuple[float, ...], size: int) -> Array:
    """The symmetric (size, size) matrix with this lower triangle, row by row."""
    matrix = np.zeros((size, size))
    matrix[np.tril_indices(size)] = values
    return matrix + np.tril(matrix, -1).T
