"""Small data sets and configurations that many tests share."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In `make mutants`, a fault meets the quickest tests first: most need no other."""
    try:
        spent = json.loads(Path("mutmut-stats.json").read_text())["duration_by_test"]
    except FileNotFoundError:
        return
    items.sort(key=lambda item: spent.get(item.nodeid, 0.0))


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


@pytest.fixture
def on_meta(monkeypatch):
    """PyTorch's device without numbers: a tensor of the processor beside its own is an error."""
    from contextlib import nullcontext

    import torch

    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())  # it has none
    return torch.device("meta")


@pytest.fixture(scope="session")
def face_set(tmp_path_factory) -> Path:
    return draw_faces(tmp_path_factory.mktemp("faces"), 36)


@pytest.fixture(scope="session")
def cartoon_set(tmp_path_factory) -> Path:
    return draw_faces(tmp_path_factory.mktemp("cartoons"), 36, seed=1, ink=40)


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


@pytest.fixture(scope="session")
def portrait():
    """Makes a made-up portrait: a photo, a matte and the dense points that layers need."""
    return draw_portrait


def draw_portrait(size: int = 256, beard=None, seed: int = 0):
    """A head with hair, neck and clothes in the portrait frame.

    Returns:
        (size, size, 3) uint8, (size, size) float32 in [0, 1], and (468, 2) points of which those
        that layers read lie where they do in a face.
    """
    import cv2

    from toonmark.data.layers import mesh_parts as parts

    s, random = size / 256, np.random.default_rng(seed)
    skin, hair, clothes = (203, 150, 124), (62, 44, 36), (60, 90, 150)

    def at(x: float, y: float) -> tuple[int, int]:
        return round(x * s), round(y * s)

    photo = np.full((size, size, 3), (120, 160, 120), np.uint8)
    figure = np.zeros((size, size), np.uint8)
    for canvas, colours in ((photo, (hair, skin, clothes)), (figure, (1, 1, 1))):
        cv2.ellipse(canvas, at(128, 105), at(72, 82), 0, 0, 360, colours[0], -1)
        cv2.rectangle(canvas, at(104, 170), at(152, 230), colours[1], -1)
        cv2.ellipse(canvas, at(128, 262), at(105, 50), 0, 0, 360, colours[2], -1)
        cv2.ellipse(canvas, at(128, 130), at(56, 72), 0, 0, 360, colours[1], -1)
    if beard is not None:
        mask = np.zeros((size, size), np.uint8)
        cv2.ellipse(mask, at(128, 130), at(56, 72), 0, 0, 360, 1, -1)
        mask[: round(148 * s)] = 0
        photo[mask > 0] = beard
    noise = random.normal(0, 2.0, photo.shape)
    photo = np.clip(photo + noise, 0, 255).astype(np.uint8)

    points = np.tile(np.array([[128.0, 130.0]]), (468, 1))
    angle = np.linspace(0, 2 * np.pi, len(parts.OVAL), endpoint=False)
    points[list(parts.OVAL)] = np.stack(
        [128 + 56 * np.sin(angle), 130 - 72 * np.cos(angle)], axis=1
    )
    for side, (x, outwards) in enumerate(((102, -1), (153, 1))):
        along = np.linspace(outwards * 15, -outwards * 15, 9)
        bow = 5 * np.sin(np.linspace(0, np.pi, 9))
        points[list(parts.UPPER_LIDS[side])] = np.stack([x + along, 112 - bow], 1)
        points[list(parts.LOWER_LIDS[side])] = np.stack([x + along, 112 + bow], 1)
        brow = np.linspace(outwards * 18, -outwards * 18, 5)
        points[list(parts.BROWS[side])] = np.concatenate(
            [np.stack([x + brow, np.full(5, 94)], 1), np.stack([x + brow[::-1], np.full(5, 98)], 1)]
        )
        cv2.ellipse(photo, at(x, 112), at(13, 4), 0, 0, 360, (235, 235, 235), -1)
        cv2.circle(photo, at(x, 112), round(4 * s), (50, 35, 25), -1)
        cv2.line(photo, at(x - 18, 96), at(x + 18, 96), (70, 50, 40), round(4 * s))
    base = np.linspace(-12, 12, 7)
    points[list(parts.NOSE_BASE)] = np.stack([128 + base, 144 + 3 * np.cos(base / 8)], 1)
    points[129], points[358], points[4], points[1] = (113, 138), (143, 138), (128, 140), (128, 141)
    angle = np.linspace(0, 2 * np.pi, len(parts.OUTER_LIPS), endpoint=False)
    points[list(parts.OUTER_LIPS)] = np.stack(
        [128 - 23 * np.cos(angle), 164 - 7 * np.sin(angle)], axis=1
    )
    inner = np.linspace(-18, 18, 11)
    for line in (parts.INNER_UPPER, parts.INNER_LOWER):
        points[list(line)] = np.stack([128 + inner, np.full(11, 164)], 1)
    cv2.ellipse(photo, at(128, 164), at(23, 7), 0, 0, 360, (180, 90, 90), -1)
    points[[50, 280]], points[[205, 425]] = ((100, 140), (156, 140)), ((108, 150), (148, 150))
    points[151] = (128, 80)
    points[[165, 391, 92, 322, 186, 410, 57, 287, 43, 273]] = (
        *((116, 152), (140, 152), (112, 154), (144, 154), (104, 158), (152, 158)),
        *((101, 162), (155, 162), (104, 168), (152, 168)),
    )
    points[[194, 418, 32, 262, 140, 369, 212, 432, 138, 367]] = (
        *((110, 178), (146, 178), (106, 186), (150, 186), (108, 194), (148, 194)),
        *((92, 168), (164, 168), (84, 172), (172, 172)),
    )
    return photo, figure.astype(np.float32), points * s + (s - 1) / 2


@pytest.fixture
def no_decoders(monkeypatch) -> None:
    """As where the extras ``heic`` and ``jxl`` are not installed."""
    from PIL import Image

    absent = {"pillow_heif": "HEIF", "pillow_jxl": "JXL"}
    Image.init()  # or what it registers would be gone with the changed list
    monkeypatch.setattr(Image, "ID", [kind for kind in Image.ID if kind not in absent.values()])
    for module, kind in absent.items():
        monkeypatch.setitem(sys.modules, module, None)
        monkeypatch.delitem(Image.OPEN, kind, raising=False)
