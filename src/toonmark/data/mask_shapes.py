"""Masks, (H, W) bool: their connected pieces, and what is near them."""

from __future__ import annotations

import cv2
import numpy as np

from toonmark.landmarks import Array


def touching(mask: Array, other: Array) -> Array:
    """The connected pieces of a mask that have a pixel in another one."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    keep = np.zeros(count, bool)
    keep[np.unique(labels[mask & other])] = True
    keep[0] = False
    return np.asarray(keep[labels])


def large_pieces(mask: Array, least: float) -> Array:
    """The connected pieces of a mask that have at least so many pixels."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    keep = stats[:, cv2.CC_STAT_AREA] >= least
    keep[0] = False
    return np.asarray(keep[labels])


def largest_piece(mask: Array) -> Array:
    """The largest connected piece of a mask; an empty mask is itself."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return mask
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def grown(mask: Array, reach: int) -> Array:
    """A mask and what is within so many pixels of it."""
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _disc(reach)) > 0)


def closed(mask: Array, reach: int) -> Array:
    """A mask without gaps of up to twice so many pixels."""
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, _disc(reach)) > 0)


def _disc(reach: int) -> Array:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2))
