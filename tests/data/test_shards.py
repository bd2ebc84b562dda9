"""Shards: written, read by one seek, walked through when there is no table, refused if damaged."""

from __future__ import annotations

import pickle
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from toonmark.data.dataset import Dataset, write_description, write_landmarks
from toonmark.data.sampling import Sampler
from toonmark.data.shards import write_shards
from toonmark.errors import DataError
from toonmark.landmarks import template_points
from toonmark.training.config import Augmentation


@pytest.fixture
def files(tmp_path: Path) -> Dataset:
    folder = tmp_path / "set"
    (folder / "images").mkdir(parents=True)
    names = ["a.b.png", "é 😀.jpg", "c.png", "d.png", "e.png"]
    random = np.random.default_rng(0)
    for name in names:
        pixels = random.integers(0, 255, (32, 32, 3), np.uint8)
        Image.fromarray(pixels).save(folder / "images" / name)
    points = template_points(32)
    write_landmarks(folder / "landmarks.csv", [(n, points + i) for i, n in enumerate(names)])
    write_description(folder, {"source": "noise"})
    return Dataset.open(folder)


def same(a: Dataset, b: Dataset) -> None:
    assert a.names == b.names
    np.testing.assert_allclose(a.points, b.points, atol=1e-4)
    for index in range(len(a)):
        np.testing.assert_array_equal(a.image(index), b.image(index))
        assert a.data(index) == b.data(index)


@pytest.mark.parametrize("table", [True, False])
def test_a_set_in_shards_is_the_same_set(files: Dataset, tmp_path: Path, table: bool) -> None:
    out = tmp_path / "shards"
    written = write_shards(files, out, per_shard=2)
    assert sorted(path.name for path in out.glob("*.tar")) == [
        "00000.tar",
        "00001.tar",
        "00002.tar",
    ]
    if not table:
        (out / "landmarks.csv").unlink()
    opened = Dataset.open(out)
    same(opened, files)
    same(written, files)
    assert opened.description == {"source": "noise"}
    same(pickle.loads(pickle.dumps(opened)), files)


def test_training_reads_shards_as_it_reads_files(files: Dataset, tmp_path: Path) -> None:
    write_shards(files, tmp_path / "shards", per_shard=2)
    samplers = [
        Sampler([str(folder)], 32, Augmentation()) for folder in (files.folder, tmp_path / "shards")
    ]
    for number in range(4):
        one, other = (sampler.at(number, 0, 1) for sampler in samplers)
        np.testing.assert_array_equal(one.image, other.image)


def test_threads_share_a_set(files: Dataset, tmp_path: Path) -> None:
    shards = write_shards(files, tmp_path / "shards", per_shard=2)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(shards.data, list(range(5)) * 20))
    assert found == [files.data(i) for i in range(5)] * 20


def test_members_are_named_as_webdataset_wants_them(files: Dataset, tmp_path: Path) -> None:
    write_shards(files, tmp_path / "shards")
    with tarfile.open(tmp_path / "shards" / "00000.tar") as tar:
        names = tar.getnames()
    assert names[:4] == ["00000000.png", "00000000.json", "00000001.png", "00000001.json"]


def test_nothing_is_overwritten_and_damage_is_named(files: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "shards"
    write_shards(files, out, per_shard=3)
    with pytest.raises(DataError, match="is not empty"):
        write_shards(files, out)
    assert len(write_shards(files, out, force=True)) == 5
    assert len(list(out.glob("*.tar"))) == 1
    shard = out / "00000.tar"
    shard.write_bytes(shard.read_bytes()[:2000])
    with pytest.raises(DataError, match="no place in a shard"):
        Dataset.open(out)
    (out / "landmarks.csv").unlink()
    with pytest.raises(DataError, match=r"damaged|no five points"):
        Dataset.open(out)
