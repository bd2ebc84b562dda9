"""A run as `toonmark train` leaves it, a denoiser's weights, and trainings that are interrupted."""

from __future__ import annotations

import pytest
import torch

from toonmark.artifacts import CHECKPOINT
from toonmark.models.denoiser import Denoiser
from toonmark.training import checkpoint
from toonmark.training.config import TrainConfig
from toonmark.training.fabric import make_fabric
from toonmark.training.landmark_cyclegan import StyleTrainer
from toonmark.training.loop import train
from toonmark.training.run import open_run


@pytest.fixture
def style_run(small_config, tmp_path):
    """A run of 64 pixels with one checkpoint, as training writes it."""
    folder = tmp_path / "style"
    open_run(folder, TrainConfig, small_config)
    trainer = StyleTrainer(small_config, make_fabric("cpu"))
    torch.manual_seed(5)
    for parameter in trainer.averaged.parameters():  # no two alike, as after training
        parameter.data += 0.01 * torch.randn_like(parameter)
    checkpoint.save(folder / CHECKPOINT, trainer.tensors(), {"iteration": "1"})
    return folder


@pytest.fixture
def denoiser_weights(tmp_path):
    """A denoiser's weights that change a picture visibly."""
    torch.manual_seed(3)
    network = Denoiser()
    for parameter in network.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    path = tmp_path / "denoiser.safetensors"
    checkpoint.save(path, network.state_dict(), {"iterations": "7"})
    return path


@pytest.fixture
def run():
    """Trains in a folder, to the end or going on to it; gives the trainer."""

    def to_the_end(kind, config, folder):
        open_run(folder, type(config), config)
        trainer = kind(config, make_fabric("cpu"))
        assert train(trainer, config, folder, quiet=True)
        return trainer

    return to_the_end


@pytest.fixture
def interrupted(run):
    """Trains, is interrupted in an iteration, and goes on to the end; gives the last trainer."""

    def in_iteration(number, kind, config, folder):
        open_run(folder, type(config), config)
        first = kind(config, make_fabric("cpu"))
        step = first.step

        def failing(iteration):
            if iteration == number:
                raise KeyboardInterrupt
            return step(iteration)

        first.step = failing
        with pytest.raises(KeyboardInterrupt):
            train(first, config, folder, quiet=True)
        return run(kind, config, folder)

    return in_iteration
