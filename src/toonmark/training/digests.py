"""Content hashes of a run's data sets, saved with its weights to compare runs by their data."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from toonmark.data.dataset import Dataset
from toonmark.training.config import UnpairedConfig

#: Of whose pictures a run keeps a digest.
DOMAINS = ("faces", "cartoons")


def digests(config: UnpairedConfig) -> dict[str, str]:
    """Digests of the pictures that a run learns from: one of all sets of a domain, in their order.

    Sets that lie elsewhere, or are called otherwise, have the same digest if their pictures' names,
    bytes and points are the same.

    Raises:
        DataError: a set cannot be read.
    """
    known: dict[str, str] = {}
    for folder in (*config.faces, *config.cartoons):
        if folder not in known:
            known[folder] = _digest(Dataset.open(folder))
    return {
        f"{domain}_digest": _hash([known[folder] for folder in getattr(config, domain)])
        for domain in DOMAINS
    }


def _digest(dataset: Dataset) -> str:
    rows = (
        [name, hashlib.sha256(dataset.data(i)).hexdigest(), points.astype(np.float64).tolist()]
        for i, (name, points) in enumerate(zip(dataset.names, dataset.points, strict=True))
    )
    return _hash([json.dumps(row) for row in rows])


def _hash(texts: list[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:32]
