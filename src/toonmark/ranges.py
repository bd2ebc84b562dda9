"""Ranges of colours: pictures have [0, 255], light is computed in [0, 1], networks see [-1, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np

from toonmark.landmarks import Array

#: Levels of 255 in 1 of the networks' range.
LEVELS = 127.5


def signed(levels: Any) -> Array:
    """Colours in [0, 255], of any shape and kind, in [-1, 1]: float32.

    >>> signed([0, 255])
    array([-1.,  1.], dtype=float32)
    """
    return np.asarray(levels, np.float32) / np.float32(LEVELS) - np.float32(1)


def unit(levels: Any) -> Array:
    """Colours in [0, 255], of any shape and kind, in [0, 1]: float32.

    >>> unit([0, 255])
    array([0., 1.], dtype=float32)
    """
    return np.asarray(levels, np.float32) / np.float32(255)


def unit_to_signed(values: Any) -> Any:
    """Colours in [0, 1], of an array or a tensor, in [-1, 1]: not clipped."""
    return values * 2 - 1


def signed_to_unit(values: Any) -> Any:
    """Colours in [-1, 1], of an array or a tensor, in [0, 1]: not clipped."""
    return (values + 1) / 2


def levels(values: Any) -> Any:
    """Colours in [-1, 1], of an array or a tensor, in [0, 255]: neither rounded nor clipped."""
    return (values + 1) * LEVELS


def eight_bits(values: Array) -> Array:
    """Colours in [-1, 1], of any shape, as uint8: rounded, and clipped where they are beyond.

    >>> eight_bits(np.float32([-1, 0.5, 1.1]))
    array([  0, 191, 255], dtype=uint8)
    """
    found = np.asarray(levels(np.asarray(values)))
    return np.clip(np.rint(found, out=found), 0, 255, out=found).astype(np.uint8)


def to_network(pictures: Array) -> Array:
    """(B, H, W, 3) in [0, 255] to (B, 3, H, W) float32 in [-1, 1], contiguous."""
    values = np.array(pictures.transpose(0, 3, 1, 2), np.float32, order="C")
    values /= np.float32(LEVELS)  # as `signed`, in its place
    values -= np.float32(1)
    return values


def from_network(values: Array) -> Array:
    """(B, 3, H, W) in [-1, 1] to (B, H, W, 3) uint8, contiguous."""
    import cv2

    planes = eight_bits(values)
    count, _, height, width = planes.shape
    pictures = np.empty((count, height, width, 3), np.uint8)
    for picture, three in zip(pictures, planes, strict=True):
        cv2.merge(list(three), picture)  # a third of the time of a transposed copy
    return pictures
