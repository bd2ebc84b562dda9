"""Two processes take the same step as one with twice the batch."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial

import pytest
import torch

from toonmark.artifacts import CHECKPOINT
from toonmark.models.presets import build_regressor
from toonmark.training import checkpoint, unpaired
from toonmark.training.config import RegressorConfig, TrainConfig
from toonmark.training.fabric import make_fabric
from toonmark.training.landmark_cyclegan import StyleTrainer
from toonmark.training.networks import DIRECTIONS
from toonmark.training.run import open_run

pytestmark = pytest.mark.slow

ONE_OF_TWO = """
import sys
from pathlib import Path
import torch
from toonmark.training import checkpoint
from toonmark.training.config import TrainConfig
from toonmark.training.landmark_cyclegan import StyleTrainer
from toonmark.training.fabric import make_fabric
from toonmark.training.run import open_run

torch.set_num_threads(1)
folder = Path(sys.argv[1])
fabric = make_fabric("cpu", devices=2)
assert fabric.world_size == 2
assert torch.distributed.get_backend() == "gloo"
trainer = StyleTrainer(open_run(folder, TrainConfig, None), fabric, threads=1)
for iteration in range(3, 6):
    trainer.step(iteration)
tensors = trainer.tensors()
checkpoint.save(folder / f"rank{fabric.global_rank}.safetensors", tensors, {})
"""


BROKEN = """
import sys
from pathlib import Path
import torch
from toonmark.errors import DivergedError
from toonmark.training.config import TrainConfig
from toonmark.training.landmark_cyclegan import StyleTrainer
from toonmark.training.fabric import make_fabric
from toonmark.training.loop import train
from toonmark.training.run import open_run

torch.set_num_threads(1)
folder = Path(sys.argv[1])
fabric = make_fabric("cpu")  # torchrun says how many
assert fabric.world_size == 2
config = open_run(folder, TrainConfig, None)
trainer = StyleTrainer(config, fabric, threads=1)
step = trainer.step

def stepping(iteration):
    if iteration == 2 and fabric.global_rank == 1:
        for weight in trainer.networks.discriminators.parameters():
            weight.data.fill_(float("nan"))
    return step(iteration)

trainer.step = stepping
try:
    train(trainer, config, folder, quiet=True)
except DivergedError as error:
    (folder / f"rank{fabric.global_rank}.txt").write_text(str(error))
"""


WITH_POOLS = """
import sys
from pathlib import Path
import torch
from toonmark.training import checkpoint
from toonmark.training.config import TrainConfig
from toonmark.training.landmark_cyclegan import StyleTrainer
from toonmark.training.fabric import make_fabric
from toonmark.training.run import open_run

torch.set_num_threads(1)
folder = Path(sys.argv[1])
fabric = make_fabric("cpu")
trainer = StyleTrainer(open_run(folder, TrainConfig, None), fabric, threads=1)
for name in trainer.optimizers:
    learnt = getattr(trainer.networks, name).parameters()
    trainer.optimizers[name] = torch.optim.SGD(learnt, 1.0, fused=True)
for iteration in range(4):
    trainer.step(iteration)
checkpoint.save(folder / f"{fabric.global_rank}.safetensors", trainer.networks.state_dict(), {})
"""


class Ranked:
    """A process by itself, with the random numbers of another rank."""

    def __init__(self, rank):
        self._fabric, self.global_rank = make_fabric("cpu"), rank

    def __getattr__(self, name):
        return getattr(self._fabric, name)


APART = """
import sys
from pathlib import Path
import torch
from toonmark.errors import RunError
from toonmark.training.config import TrainConfig
from toonmark.training.landmark_cyclegan import StyleTrainer
from toonmark.training.fabric import make_fabric
from toonmark.training.loop import train
from toonmark.training.run import open_run

torch.set_num_threads(1)
fabric = make_fabric("cpu")
folder = Path(sys.argv[1]) / str(fabric.global_rank)  # as on two machines with disks of their own
config = open_run(folder, TrainConfig, None)
try:
    train(StyleTrainer(config, fabric, threads=1), config, folder, quiet=True)
except RunError as error:
    (folder / "error.txt").write_text(str(error))
"""


REGRESSOR = """
import sys
from pathlib import Path
import torch
from toonmark.training import checkpoint
from toonmark.training.config import RegressorConfig
from toonmark.training.fabric import make_fabric
from toonmark.training.landmark_training import LandmarkTrainer
from toonmark.training.run import open_run

torch.set_num_threads(1)
folder = Path(sys.argv[1])
fabric = make_fabric("cpu", devices=int(sys.argv[2]) if len(sys.argv) > 2 else 2)
trainer = LandmarkTrainer(open_run(folder, RegressorConfig, None), fabric)
# In double precision and with steps that are the gradients, all that is left is the arithmetic.
trainer.network.double().register_forward_pre_hook(lambda _, given: (given[0].double(),))
trainer.averaged.double()
trainer.optimizers["regressor"] = torch.optim.SGD(trainer.network.parameters(), 1e-3, fused=True)
for iteration in range(2):
    trainer.step(iteration)
tensors = trainer.network.state_dict()
checkpoint.save(folder / f"{fabric.world_size}-{fabric.global_rank}.safetensors", tensors, {})
"""


def in_two(script, folder):
    path = folder / "one_of_two.py"
    path.write_text(script)
    subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone",
         str(path), str(folder)],
        check=True, timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def test_a_nan_of_one_process_stops_both(small_config, tmp_path):
    """The one without would else wait for the other for ever."""
    config = small_config.model_copy(update={"batch": 2, "checkpoint_every": 1})
    open_run(tmp_path, TrainConfig, config)
    in_two(BROKEN, tmp_path)
    for rank in (0, 1):
        assert "became nan in iteration 2" in (tmp_path / f"rank{rank}.txt").read_text()
    facts = checkpoint.facts(tmp_path / CHECKPOINT)
    assert (facts["iteration"], facts["processes"]) == ("2", "2")


LEAVING = """
import atexit
import sys
from pathlib import Path
import torch
from toonmark.training.fabric import make_fabric

def look():  # after whatever make_fabric has registered
    left = Path(sys.argv[1]) / f"{fabric.global_rank}.txt"
    left.write_text(str(torch.distributed.is_initialized()))

atexit.register(look)
fabric = make_fabric("cpu")
assert torch.distributed.is_initialized()
"""


def test_a_process_leaves_the_others_before_python_ends(tmp_path):
    """gloo's threads, still there while Python ends, aborted one process in three."""
    in_two(LEAVING, tmp_path)
    assert [(tmp_path / f"{rank}.txt").read_text() for rank in (0, 1)] == ["False", "False"]


def test_two_gloo_processes_step_like_twice_the_batch(small_config, tmp_path):
    # The pool and the unmatched pairs draw from each process's own randomness.
    method = small_config.method.model_copy(update={"unmatched_pairs": False})
    config = small_config.model_copy(update={"batch": 2, "pool": 0, "method": method})
    open_run(tmp_path, TrainConfig, config)
    in_two(ONE_OF_TWO, tmp_path)
    ranks = [checkpoint.load(tmp_path / f"rank{i}.safetensors")[0] for i in (0, 1)]
    trainer = StyleTrainer(config, make_fabric("cpu"), threads=1)
    start = {k: v.clone() for k, v in trainer.networks.state_dict().items()}
    for iteration in range(3, 6):
        trainer.step(iteration)
    alone = trainer.networks.state_dict()
    for key, value in alone.items():
        first, second = (rank[f"networks/{key}"] for rank in ranks)
        assert torch.equal(first, second), key
        # Adam's first steps are signs: what is nearly zero may fall to either side, and how often
        # depends on the processor, since two pictures at once are not added up like one and one.
        # Had they other pictures, or no average over both, some would be off by twice their step.
        step = (value - start[key]).abs().mean() + 1e-8
        assert ((first - value).abs().mean() / step) < 0.3, key


def _keep(kept, iteration, terms, gradients):
    """In place of a trainer's update: keeps its gradients and changes nothing."""
    kept.append(gradients)
    return terms


def test_two_processes_have_pools_and_unmatched_pairs_of_their_own(
    small_config, tmp_path, monkeypatch
):
    """Their step is the mean of what each would do with its pictures, pool and random numbers."""
    method = small_config.method.model_copy(update={"two_stages": False})
    config = small_config.model_copy(
        update={"batch": 2, "pool": 2, "method": method, "learning_rate": 1e-3}
    )
    open_run(tmp_path, TrainConfig, config)
    in_two(WITH_POOLS, tmp_path)

    monkeypatch.setattr(unpaired, "places", lambda of, batch: range(of.global_rank, batch, 2))
    both = [StyleTrainer(config, Ranked(rank), threads=1) for rank in (0, 1)]
    start = {k: v.clone() for k, v in both[0].networks.state_dict().items()}
    wanted = [[], []]
    for trainer, kept in zip(both, wanted, strict=True):
        trainer._update = partial(_keep, kept)
    for iteration in range(4):
        for trainer in both:
            trainer.step(iteration)
        first, second = (kept.pop() for kept in wanted)
        for trainer in both:
            for name, ours, theirs in zip(trainer.optimizers, first, second, strict=True):
                learnt = getattr(trainer.networks, name).parameters()
                for weight, a, b in zip(learnt, ours, theirs, strict=True):
                    if a is not None:
                        weight.data -= config.rate_at(iteration) * (a + b) / 2
    for name, value in both[0].networks.state_dict().items():
        moved = (value - start[name]).abs().max()
        for rank in (0, 1):
            found = checkpoint.load(tmp_path / f"{rank}.safetensors")[0][name]
            assert (found - value).abs().max() <= 0.02 * moved + 1e-7, name


def test_processes_draw_random_numbers_of_their_own(small_config):
    shape = (1, 3, small_config.size, small_config.size)
    drawn = [
        StyleTrainer(small_config, Ranked(rank), threads=1).draws(direction, iteration, shape)
        for rank in (0, 1)
        for direction in DIRECTIONS
        for iteration in (0, 1)
    ]
    views = {tuple(one["views"].flatten().tolist()) for one in drawn}
    assert len(views) == len(drawn)


def test_processes_that_see_different_checkpoints_do_not_begin(small_config, tmp_path):
    config = small_config.model_copy(update={"batch": 2})
    for rank in "01":
        open_run(tmp_path / rank, TrainConfig, config)
    tensors = StyleTrainer(config, make_fabric("cpu"), threads=1).tensors()
    checkpoint.save(tmp_path / "0" / CHECKPOINT, tensors, {"iteration": "2"})
    in_two(APART, tmp_path)
    for rank in "01":
        said = (tmp_path / rank / "error.txt").read_text()
        assert "from different iterations (0 and 2)" in said
        assert "disk that all machines share" in said


@pytest.mark.parametrize("preset", ["paper", "compact"])
def test_a_regressor_learns_in_two_processes_as_in_one(face_set, tmp_path, preset):
    """Its batch statistics, the paper's layers have some, are of the whole batch."""
    config = RegressorConfig(data=[str(face_set)], preset=preset, size=64, batch=4, iterations=6)
    open_run(tmp_path, RegressorConfig, config)
    in_two(REGRESSOR, tmp_path)
    subprocess.run(
        [sys.executable, str(tmp_path / "one_of_two.py"), str(tmp_path), "1"],
        check=True, timeout=300,
    )  # fmt: skip
    alone, first, second = (
        checkpoint.load(tmp_path / f"{name}.safetensors")[0] for name in ("1-0", "2-0", "2-1")
    )
    torch.manual_seed(config.seed)
    for name, start in build_regressor(preset).double().state_dict().items():
        assert torch.equal(first[name], second[name]), name
        moved = alone[name] - start
        if name.endswith("num_batches_tracked"):
            assert first[name] == 2
        elif moved.abs().max() > 1e-12:  # a bias before such a layer has no gradient
            assert (first[name] - alone[name]).abs().max() < 1e-4 * moved.abs().max(), name


def test_pools_of_all_processes_are_kept(small_config):
    trainer = StyleTrainer(small_config, make_fabric("cpu"), threads=1)
    for iteration in range(2):
        trainer.step(iteration)
    tensors = trainer.tensors()
    name = "pool/face_to_cartoon/images"
    assert tensors[name].shape[:2] == (1, small_config.pool)
    # Two ranks' pools saved, one process goes on: it takes the first.
    doubled = {k: torch.cat([v, v + 1]) if k.startswith("pool/") else v for k, v in tensors.items()}
    other = StyleTrainer(small_config, make_fabric("cpu"), threads=1)
    other.restore(doubled)
    assert torch.equal(other.pools["face_to_cartoon"].images, tensors[name][0])
