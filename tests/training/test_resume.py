"""A run that is killed goes on by itself and ends with the very same weights."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image

from toonmark.artifacts import CHECKPOINT, CONFIG
from toonmark.cli.settings import gathered
from toonmark.configuration import parse
from toonmark.errors import ConfigurationError, DivergedError, RunError
from toonmark.training import checkpoint
from toonmark.training.config import TrainConfig
from toonmark.training.fabric import make_fabric
from toonmark.training.landmark_cyclegan import StyleTrainer
from toonmark.training.loop import train
from toonmark.training.run import Lock, open_run
from toonmark.training.style_loading import remember_origins, trained_style

pytestmark = pytest.mark.slow

KILLED = """
import os, signal, sys
from pathlib import Path
from toonmark.training.config import TrainConfig
from toonmark.training.landmark_cyclegan import StyleTrainer
from toonmark.training.fabric import make_fabric
from toonmark.training.loop import train
from toonmark.training.run import open_run

folder, when = Path(sys.argv[1]), int(sys.argv[2])
config = open_run(folder, TrainConfig, None)
trainer = StyleTrainer(config, make_fabric("cpu"))
step = trainer.step

def stepping(iteration):
    if iteration == when:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(iteration)

trainer.step = stepping
train(trainer, config, folder, quiet=True)
"""


def run(config: TrainConfig, folder: Path) -> dict[str, torch.Tensor]:
    open_run(folder, TrainConfig, config)
    assert train(StyleTrainer(config, make_fabric("cpu")), config, folder, quiet=True)
    return checkpoint.load(folder / CHECKPOINT)[0]


@pytest.fixture(scope="module")
def never_killed(small_config, tmp_path_factory):
    return run(small_config, tmp_path_factory.mktemp("whole") / "run")


def assert_same(one, other):
    assert one.keys() == other.keys()
    different = [name for name in one if not torch.equal(one[name], other[name])]
    assert not different


@pytest.mark.parametrize("when", [3, 7], ids=["stage I", "stage II"])
def test_sigkill_in_the_middle_changes_nothing(small_config, never_killed, tmp_path, when):
    folder = tmp_path / "run"
    open_run(folder, TrainConfig, small_config)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder), str(when)])
    assert killed.returncode == -signal.SIGKILL
    _, facts = checkpoint.load(folder / CHECKPOINT)
    assert int(facts["iteration"]) == when - 1, "it lost what came after the checkpoint"
    assert_same(run(small_config, folder), never_killed)


def test_both_stages_train_what_they_should(small_config, never_killed, tmp_path):
    """The local discriminators move in stage II only; everything else from the start."""
    torch.manual_seed(small_config.seed)
    start = StyleTrainer(small_config, make_fabric("cpu")).tensors()
    half = small_config.model_copy(update={"stage2": 0})
    middle = run(half, tmp_path / "half")

    def moved(before, after, part):
        names = [n for n in before if n.startswith("networks/") and f".{part}." in n]
        assert names
        return any(not torch.equal(before[n], after[n]) for n in names)

    for part in ("real", "matched"):
        assert moved(start, middle, part)
    for part in ("eyes", "nose", "mouth"):
        assert not moved(start, middle, part)
        assert moved(start, never_killed, part)


def test_side_by_side_is_the_same_as_one_after_the_other(small_config):
    both = StyleTrainer(small_config, make_fabric("cpu"), threads=2)
    single = StyleTrainer(small_config, make_fabric("cpu"), threads=1)
    assert both.side_by_side
    assert not single.side_by_side
    torch.set_num_threads(1)
    for iteration in (0, 1, 4, 5):
        assert both.step(iteration) == pytest.approx(single.step(iteration), rel=1e-5)
    ours, theirs = both.networks.state_dict(), single.networks.state_dict()
    assert all(torch.allclose(ours[k], theirs[k], atol=1e-6) for k in ours)


def test_metrics_and_samples_are_written(small_config, tmp_path):
    config = small_config.model_copy(update={"sample_every": 4, "keep_every": 4})
    folder = tmp_path / "run"
    run(config, folder)
    lines = (folder / "metrics.csv").read_text().splitlines()
    assert lines[0] == "iteration,name,value"
    iterations = [int(line.split(",")[0]) for line in lines[1:]]
    assert sorted(set(iterations)) == list(range(1, 9))
    assert any("face_to_cartoon/generator/landmarks" in line for line in lines)
    assert any("discriminator/mouth" in line for line in lines)
    assert list((folder / "tensorboard").glob("events*"))

    with Image.open(folder / "samples" / "0000004.png") as grid:
        assert grid.height == 6 * config.size
    assert (folder / "averaged" / "0000008.safetensors").exists()


def test_metrics_after_the_checkpoint_are_dropped_when_it_goes_on(small_config, tmp_path):
    folder = tmp_path / "run"
    open_run(folder, TrainConfig, small_config)
    subprocess.run([sys.executable, "-c", KILLED, str(folder), "5"])
    run(small_config, folder)
    lines = (folder / "metrics.csv").read_text().splitlines()[1:]
    keys = [tuple(line.split(",")[:2]) for line in lines]
    assert len(keys) == len(set(keys))
    assert {int(k[0]) for k in keys} == set(range(1, 9))


def test_nan_stops_the_run_keeps_the_checkpoint_and_names_the_term(small_config, tmp_path):
    folder = tmp_path / "run"
    open_run(folder, TrainConfig, small_config)
    trainer = StyleTrainer(small_config, make_fabric("cpu"))
    step = trainer.step

    def poisoned(iteration):
        if iteration == 3:
            judge = trainer.networks.discriminators["cartoon"]["matched"]
            with torch.no_grad():
                next(judge.parameters()).fill_(float("nan"))
        return step(iteration)

    trainer.step = poisoned
    with pytest.raises(DivergedError, match="face_to_cartoon/generator/matched"):
        train(trainer, small_config, folder, quiet=True)
    tensors, facts = checkpoint.load(folder / CHECKPOINT)
    assert facts["iteration"] == "2"
    assert all(torch.isfinite(t).all() for t in tensors.values())
    assert all(torch.isfinite(p).all() for p in trainer.networks.generators.parameters())


@pytest.mark.parametrize("poisoned_at", [3, 7])  # the one before a checkpoint, and the last of all
def test_a_gradient_that_is_not_finite_changes_nothing_and_stops_the_run(
    small_config, tmp_path, poisoned_at
):
    folder = tmp_path / "run"
    open_run(folder, TrainConfig, small_config)
    trainer = StyleTrainer(small_config, make_fabric("cpu"))
    name, weight = list(trainer.networks.generators.named_parameters())[-2]
    assert name.startswith("cartoon_to_face.")
    step, before = trainer.step, {}

    def poisoned(iteration):
        if iteration == poisoned_at:
            before.update({k: v.clone() for k, v in trainer.tensors().items()})
            weight.register_hook(lambda gradient: gradient * float("nan"))
        return step(iteration)

    trainer.step = poisoned
    words = f"gradient of generators.{name} was not finite in iteration {poisoned_at}"
    with pytest.raises(DivergedError, match=re.escape(words)):
        train(trainer, small_config, folder, quiet=True)
    tensors, facts = checkpoint.load(folder / CHECKPOINT)
    assert int(facts["iteration"]) < poisoned_at + 1
    assert all(torch.isfinite(t).all() for t in tensors.values() if t.is_floating_point())
    after = trainer.tensors()
    for name in before:
        if not name.startswith("pool/"):
            assert torch.equal(before[name], after[name]), name


def test_weights_that_left_all_bounds_are_no_checkpoint(small_config, tmp_path):
    """The losses of the last iteration are finite still: only the weights tell."""
    folder = tmp_path / "run"
    config = small_config.model_copy(
        update={"stage1": 1, "stage2": 0, "checkpoint_every": 1, "learning_rate": 1e38}
    )
    open_run(folder, TrainConfig, config)
    with pytest.raises(DivergedError, match="larger than 1e\\+06"):
        train(StyleTrainer(config, make_fabric("cpu")), config, folder, quiet=True)
    assert not (folder / CHECKPOINT).exists()


def test_sigterm_finishes_the_iteration_and_keeps_a_checkpoint(small_config, tmp_path):
    folder = tmp_path / "run"
    config = small_config.model_copy(update={"stage1": 100_000, "checkpoint_every": 100_000})
    open_run(folder, TrainConfig, config)
    process = subprocess.Popen(
        [sys.executable, "-m", "toonmark", "train", str(folder)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    metrics = folder / "metrics.csv"
    deadline = time.monotonic() + 120
    while not metrics.exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 0
    assert int(checkpoint.load(folder / CHECKPOINT)[1]["iteration"]) >= 1


def test_two_processes_cannot_train_one_run(small_config, tmp_path):
    folder = tmp_path / "run"
    open_run(folder, TrainConfig, small_config)
    trainer = StyleTrainer(small_config, make_fabric("cpu"))
    with Lock(folder), pytest.raises(RunError, match="another process"):
        train(trainer, small_config, folder, quiet=True)


def test_a_damaged_checkpoint_is_named(small_config, tmp_path):
    folder = tmp_path / "run"
    open_run(folder, TrainConfig, small_config)
    (folder / CHECKPOINT).write_bytes(b"not a checkpoint")
    trainer = StyleTrainer(small_config, make_fabric("cpu"))
    with pytest.raises(RunError, match="cannot be read"):
        train(trainer, small_config, folder, quiet=True)
    (folder / CONFIG).write_text("{")
    with pytest.raises(RunError, match="cannot be read"):
        open_run(folder, TrainConfig, None)


def test_missing_regressors_are_asked_for(small_config):
    config = small_config.model_copy(update={"cartoon_regressor": None})
    with pytest.raises(ConfigurationError, match="cartoon"):
        StyleTrainer(config, make_fabric("cpu"))


def test_wrong_settings_name_the_nearest_right_one():
    with pytest.raises(ConfigurationError, match="did you mean stage1"):
        parse(TrainConfig, {"faces": ["a"], "cartoons": ["b"], "stage_1": 3})
    with pytest.raises(ConfigurationError, match=r"weights\.cycel is unknown .*cycle"):
        parse(TrainConfig, {"faces": ["a"], "cartoons": ["b"], "weights": {"cycel": 3}})
    with pytest.raises(ConfigurationError, match="size"):
        parse(TrainConfig, {"faces": ["a"], "cartoons": ["b"], "size": 100})


def test_settings_are_gathered(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("size: 64\nweights: {cycle: 5}\n")
    values = gathered(file, ["weights.colour=2", "stage1=7"], {"faces": ["x"]})
    assert values == {
        "size": 64, "weights": {"cycle": 5, "colour": 2}, "stage1": 7, "faces": ["x"],
    }  # fmt: skip
    with pytest.raises(ConfigurationError, match="no value"):
        gathered(None, ["stage1"], {})
    with pytest.raises(ConfigurationError, match="cannot be read"):
        gathered(tmp_path / "missing.yaml", [], {})


def test_a_run_can_start_from_another(small_config, never_killed, tmp_path):
    open_run(tmp_path, TrainConfig, small_config)
    checkpoint.save(tmp_path / CHECKPOINT, never_killed, {"iteration": "8"})
    config = small_config.model_copy(update={"start_from": str(tmp_path), "seed": 5})
    started = StyleTrainer(config, make_fabric("cpu")).tensors()
    for name, value in never_killed.items():
        taken = name.startswith(("networks/generators", "networks/discriminators", "averaged/"))
        if taken:
            assert torch.equal(started[name], value), name
    fresh = StyleTrainer(small_config, make_fabric("cpu")).tensors()
    name = "averaged/face_to_cartoon.up.0.weight"
    assert not torch.equal(fresh[name], started[name])
    trainer = StyleTrainer(config, make_fabric("cpu"))
    trainer.step(0)
    own, average = trainer.tensors(), config.average
    # The first step moves a learnt average as little as any later one.
    moved = (
        average * started[name]
        + (1 - average) * own[name.replace("averaged/", "networks/generators.")]
    )
    assert torch.allclose(own[name], moved, atol=1e-7)
    wide = config.model_copy(update={"width": 32})
    with pytest.raises(RunError, match="do not fit"):
        StyleTrainer(wide, make_fabric("cpu"))


def test_regressors_that_were_trained_along_the_way_go_on_too(small_config, tmp_path):
    method = small_config.method.model_copy(update={"pretrained_regressors": False})
    along = small_config.model_copy(update={"method": method})
    first = StyleTrainer(along, make_fabric("cpu"))
    first.step(0)
    learnt = first.tensors()
    open_run(tmp_path, TrainConfig, along)
    checkpoint.save(tmp_path / CHECKPOINT, learnt, {"iteration": "1"})
    config = along.model_copy(update={"start_from": str(tmp_path), "seed": 5})
    started = StyleTrainer(config, make_fabric("cpu")).tensors()
    names = [name for name in learnt if name.startswith("networks/regressors")]
    assert names
    assert all(torch.equal(started[name], learnt[name]) for name in names)


def test_a_run_needs_nothing_that_its_checkpoint_has(small_config, regressors, tmp_path):
    """Regressors and the run before it may be gone, for training, facts and all."""
    gone = tmp_path / "gone"
    gone.mkdir()
    named = {name: str(shutil.copy(path, gone)) for name, path in regressors.items()}
    first = small_config.model_copy(update={**named, "stage1": 1, "stage2": 1})
    run(first, gone / "before")
    config = first.model_copy(update={"start_from": str(gone / "before")})
    folder = tmp_path / "run"
    open_run(folder, TrainConfig, config)
    remember_origins(config, folder)
    tensors = StyleTrainer(config, make_fabric("cpu")).tensors()
    checkpoint.save(folder / CHECKPOINT, tensors, {"iteration": "1"})
    shutil.rmtree(gone)
    with pytest.raises(RunError, match="is not a run yet"):
        StyleTrainer(config, make_fabric("cpu"))
    again = StyleTrainer(config, make_fabric("cpu"), fresh=False)
    assert train(again, config, folder, quiet=True)
    _, _, facts = trained_style(folder)
    assert facts["iterations"] == 4
    assert [one["stage1"] for one in facts["runs"]] == [1, 1]


def test_pictures_are_written_before_the_checkpoint_that_follows_them(small_config, tmp_path):
    """Killed in between, a run would else never write them."""
    config = small_config.model_copy(
        update={"stage1": 2, "stage2": 0, "keep_every": 2, "checkpoint_every": 2}
    )
    open_run(tmp_path, TrainConfig, config)
    trainer = StyleTrainer(config, make_fabric("cpu"))

    def full(*_):
        raise KeyboardInterrupt

    trainer.on_iteration_end = full
    with pytest.raises(KeyboardInterrupt):
        train(trainer, config, tmp_path, quiet=True)
    assert not (tmp_path / CHECKPOINT).exists()
    assert train(StyleTrainer(config, make_fabric("cpu")), config, tmp_path, quiet=True)
    assert (tmp_path / "averaged" / "0000002.safetensors").exists()
