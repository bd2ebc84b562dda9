"""CycleGAN, the row `basic`: a toy problem with a known answer, as for the other methods."""

from __future__ import annotations

import pytest
import torch

from toonmark.training.config import ABLATION, TrainConfig
from toonmark.training.fabric import make_fabric
from toonmark.training.landmark_cyclegan import StyleTrainer


@pytest.mark.slow
def test_red_discs_become_blue_where_they_are(toy, discs):
    """A swap of colours, which unpaired pictures tell without doubt."""
    values = {"size": 32, "width": 16, "stage1": 150, "stage2": 0, "background_share": 0}
    values |= {"pool": 4, "learning_rate": 2e-3, "average": 0.9, "batch": 2}
    config = TrainConfig(**toy, **values, method=ABLATION["basic"])
    trainer = StyleTrainer(config, make_fabric("cpu"), threads=1)
    for iteration in range(config.iterations):
        trainer.step(iteration)
    pictures, inside = discs
    with torch.inference_mode():
        drawn = trainer.averaged["face_to_cartoon"](pictures, None)
    red, _, blue = (drawn[:, c][inside].mean() for c in range(3))
    assert blue > red + 0.6
    assert drawn.permute(0, 2, 3, 1)[~inside].mean() > 0.6
