"""The colours of a face set, measured where they are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tools.face_colours import FaceColours, measure, mixture, tables

from toonmark.data.dataset import write_landmarks
from toonmark.errors import DataError
from toonmark.landmarks import template_points

SKIN, HAIR = (224, 172, 140), (70, 45, 30)
# By scikit-image.
SKIN_LAB, HAIR_LAB = (74.35, 14.81, 23.81), (21.11, 9.50, 14.33)


def _faces(folder: Path, count: int, size: int = 128, bald: int = 0, long_hair: int = 0) -> Path:
    """Ovals under a cap of hair; the first ones bald, the next with hair down both sides."""
    import cv2

    (folder / "images").mkdir(parents=True)
    rows = []
    for i in range(count):
        picture = np.full((128, 128, 3), 255, np.uint8)
        if i >= bald:
            cv2.ellipse(picture, (64, 50), (42, 46), 0, 0, 360, HAIR, -1)
        if bald <= i < bald + long_hair:
            cv2.rectangle(picture, (12, 50), (115, 127), HAIR, -1)
        cv2.ellipse(picture, (64, 75), (34, 45), 0, 0, 360, SKIN, -1)
        picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(folder / "images" / f"{i:03d}.png"), picture[..., ::-1])
        rows.append((f"{i:03d}.png", template_points(size)))
    write_landmarks(folder / "landmarks.csv", rows)
    return folder


@pytest.mark.parametrize("size", [128, 256])
def test_colours_are_found_where_they_are(tmp_path: Path, size: int) -> None:
    found = measure(_faces(tmp_path / "faces", 30, size, bald=4, long_hair=6))
    assert len(found.skin) == 26  # a bald head says nothing of hair
    assert found.skin == pytest.approx(np.tile(SKIN_LAB, (26, 1)), abs=0.6)
    assert found.hair == pytest.approx(np.tile(HAIR_LAB, (26, 1)), abs=0.6)
    assert found.long_hair.tolist() == [1.0] * 6 + [0.0] * 20
    assert found.points == pytest.approx(np.tile(template_points(128), (26, 1, 1)), abs=0.01)


def test_a_limit_is_spread_over_the_set(tmp_path: Path) -> None:
    found = measure(_faces(tmp_path / "faces", 40, long_hair=20), limit=20)
    assert len(found.skin) == 20
    assert found.long_hair.mean() == 0.5


def test_too_few_faces_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Only 3 faces"):
        measure(_faces(tmp_path / "faces", 3))
    with pytest.raises(DataError, match=r"landmarks\.csv"):
        measure(tmp_path)


def test_a_mixture_finds_its_components() -> None:
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(3)
    first, second = rng.normal([0, 0], [2, 1], (700, 2)), rng.normal([20, 5], [1, 3], (300, 2))
    weights, means, covariances, shares = mixture(np.concatenate([first, second]), 2)
    assert weights == pytest.approx([0.7, 0.3], abs=0.01)
    assert means == pytest.approx(np.array([[0, 0], [20, 5]]), abs=0.4)
    # Each has half a unit more: a floor that keeps components from collapsing.
    assert np.diagonal(covariances, axis1=1, axis2=2) == pytest.approx(
        np.array([[4.5, 1.5], [1.5, 9.5]]), rel=0.2
    )
    assert (shares[:700, 0] > 0.99).all()


def test_tables_are_python() -> None:
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    colours = FaceColours(
        rng.normal([74, 16, 19], 4, (200, 3)),
        rng.normal([20, 4, 8], 3, (200, 3)),
        rng.integers(0, 2, 200).astype(float),
        template_points(128) + rng.normal(0, 1, (200, 5, 2)),
    )
    read: dict[str, tuple] = {}
    exec(tables(colours, components=2), read)
    assert sum(component[0] for component in read["SKIN_AND_HAIR"]) == pytest.approx(1, abs=0.01)
    assert len(read["LANDMARK_MEAN"]) == 10
    assert len(read["LANDMARK_COVARIANCE"]) == 55
