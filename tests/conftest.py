"""Small data sets and configurations that many tests share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


def draw_faces(folder: Path, count: int, size: int = 64, seed: int = 0, ink: int = 0) -> Path:
    """A data set of simple faces on white: an oval, two eyes, a nose, a mouth."""
    import cv2

    from toonmark.data.dataset import write_landmarks
    from toonmark.landmarks import template_points

    random = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    rows = []
    for i in range(count):
        points = template_points(size) + random.normal(0, size / 60, (5, 2))
        picture = np.full((size, size, 3), 255, np.uint8)
        skin = tuple(int(v) for v in random.integers(90, 220, 3))
        middle = (size // 2, int(size * 0.55))
        cv2.ellipse(picture, middle, (size // 3, int(size * 0.42)), 0, 0, 360, skin, -1)
        for x, y in points[:2]:
            cv2.circle(picture, (int(x), int(y)), max(2, size // 24), (ink, ink, ink), -1)
        cv2.circle(picture, tuple(int(v) for v in points[2]), max(1, size // 40), (120, 60, 60), -1)
        ends = [tuple(int(v) for v in p) for p in points[3:]]
        cv2.line(picture, ends[0], ends[1], (160, 30, 30), max(1, size // 30))
        name = f"{i:03d}.png"
        cv2.imwrite(str(folder / "images" / name), picture[..., ::-1])
        rows.append((name, points.astype(np.float32)))
    write_landmarks(folder / "landmarks.csv", rows)
    return folder


@pytest.fixture(scope="session")
def face_set(tmp_path_factory) -> Path:
    return draw_faces(tmp_path_factory.mktemp("faces"), 24)


@pytest.fixture(scope="session")
def cartoon_set(tmp_path_factory) -> Path:
    return draw_faces(tmp_path_factory.mktemp("cartoons"), 24, seed=1, ink=40)


@pytest.fixture(scope="session")
def regressors(tmp_path_factory) -> dict[str, str]:
    """Untrained regressors: enough to follow gradients, not to find faces."""
    import torch

    from toonmark.models.presets import build_regressor
    from toonmark.training import checkpoint

    folder = tmp_path_factory.mktemp("regressors")
    paths = {}
    for seed, domain in enumerate(("face", "cartoon")):
        torch.manual_seed(seed)
        path = folder / f"{domain}.safetensors"
        checkpoint.save(path, build_regressor("compact").state_dict(), {})
        paths[f"{domain}_regressor"] = str(path)
    return paths


@pytest.fixture(scope="session")
def small_config(face_set, cartoon_set, regressors):
    """A run of a few seconds: 64 pixels, narrow generators."""
    from toonmark.training.config import TrainConfig

    return TrainConfig(
        faces=[str(face_set)],
        cartoons=[str(cartoon_set)],
        size=64,
        width=16,
        stage1=4,
        stage2=4,
        pool=2,
        sample_every=1000,
        checkpoint_every=2,
        log_every=1,
        keep_every=0,
        **regressors,
    )
