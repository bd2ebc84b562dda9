"""A run's directory and what surrounds a step: configurations, sizes, samples, shared batches."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from toonmark.artifacts import BEHIND, CHECKPOINT, CONFIG
from toonmark.data.relighting import evened
from toonmark.data.split import part_of, rules_of
from toonmark.errors import ConfigurationError, DiskFullError, RunError
from toonmark.training import checkpoint
from toonmark.training.config import DenoiserConfig, TrainConfig
from toonmark.training.data_parallel import places
from toonmark.training.fabric import make_fabric
from toonmark.training.landmark_cyclegan import StyleTrainer
from toonmark.training.loop import train
from toonmark.training.run import Lock, Metrics, open_run
from toonmark.training.samples import write_grid, write_samples
from toonmark.training.style_loading import remember_origins, training_facts
from toonmark.training.tensors import to_tensor


def test_another_configuration_is_refused_with_the_difference(small_config, tmp_path):
    open_run(tmp_path / "run", TrainConfig, small_config)
    checkpoint.save(tmp_path / "run" / CHECKPOINT, {}, {"iteration": "1"})
    other = small_config.model_copy(update={"stage1": 99})
    with pytest.raises(ConfigurationError) as caught:
        open_run(tmp_path / "run", TrainConfig, other)
    assert '- "stage1": 4' in str(caught.value)
    assert '+ "stage1": 99' in str(caught.value)
    assert '"stage2"' not in str(caught.value)
    assert open_run(tmp_path / "run", TrainConfig, None) == small_config


def test_regressors_of_another_size_are_refused(small_config, regressors, tmp_path):
    tensors, _ = checkpoint.load(Path(regressors["face_regressor"]))
    path = tmp_path / "large.safetensors"
    checkpoint.save(path, tensors, {"size": "128"})
    config = small_config.model_copy(update={"face_regressor": str(path)})
    with pytest.raises(ConfigurationError, match="at 128 pixels, and 64 are needed"):
        StyleTrainer(config, make_fabric("cpu"))


def test_until_there_is_a_checkpoint_settings_may_be_corrected(small_config, tmp_path):
    wrong = small_config.model_copy(update={"faces": ["nowhere"]})
    open_run(tmp_path, TrainConfig, wrong)
    assert open_run(tmp_path, TrainConfig, small_config) == small_config
    assert open_run(tmp_path, TrainConfig, None) == small_config
    with Lock(tmp_path), pytest.raises(RunError, match="by another process"):
        open_run(tmp_path, TrainConfig, wrong)
    checkpoint.save(tmp_path / CHECKPOINT, {}, {"iteration": "1"})
    with pytest.raises(ConfigurationError, match="nowhere"):
        open_run(tmp_path, TrainConfig, wrong)


def test_a_run_of_another_kind_says_of_which(small_config, tmp_path):
    open_run(tmp_path, TrainConfig, small_config)
    with pytest.raises(RunError, match="is a run of `toonmark train`"):
        open_run(tmp_path, DenoiserConfig, None)


def test_sample_rows_of_different_lengths(tmp_path):
    rows = [torch.zeros(n, 3, 32, 32) for n in (4, 2, 3)]
    write_grid(rows, tmp_path / "grid.png")
    with Image.open(tmp_path / "grid.png") as grid:
        pixels = np.asarray(grid)
    assert pixels.shape == (96, 128, 3)
    assert (pixels[32:64, 64:] == 255).all()
    assert (pixels[:32] == 128).all()


class Alone:
    """A process that is alone, or one of two whose other says the same."""

    def __init__(self, world=1, rank=0):
        self.world_size, self.global_rank, self.device = world, rank, torch.device("cpu")


def test_a_batch_is_shared_equally_or_not_at_all():
    assert list(places(Alone(), 3)) == [0, 1, 2]
    assert list(places(Alone(2, 1), 4)) == [1, 3]
    with pytest.raises(ConfigurationError, match="--set batch=2"):
        places(Alone(2, 1), 3)


@pytest.mark.slow
def test_faces_may_be_lit_evenly_and_cartoons_stay(small_config, tmp_path):
    config = small_config.model_copy(update={"even_light": True, "background_share": 1.0})
    lit, plain = (StyleTrainer(c, make_fabric("cpu")) for c in (config, small_config))
    sample = lit.samplers["face"].at(0, 0, 1)
    batch = lit.batches(0)["face"]
    for ours, before in ((batch.image, sample.image), (batch.shown, sample.shown)):
        wanted = to_tensor([evened(before, sample.landmarks)])
        torch.testing.assert_close(ours, wanted, atol=1e-3, rtol=0)
        assert not torch.allclose(ours, to_tensor([before]), atol=1e-3)
    assert not torch.equal(batch.image, batch.shown), "a background is behind it"
    assert torch.equal(lit.batches(0)["cartoon"].image, plain.batches(0)["cartoon"].image)
    assert all(np.isfinite(value) for value in lit.step(0).values())
    for trainer, name in ((lit, "grid.png"), (plain, "plain.png")):
        write_samples(
            trainer.config,
            trainer.networks,
            trainer.averaged,
            trainer.samplers["face"].backgrounds,
            trainer.fabric.device,
            tmp_path / name,
        )
    grids = [np.asarray(Image.open(tmp_path / name)) for name in ("grid.png", "plain.png")]
    assert not np.array_equal(grids[0][:64], grids[1][:64])


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_a_grid_shows_backgrounds_only_where_training_gives_them(small_config, tmp_path, share):
    config = small_config.model_copy(update={"background_share": share})
    trainer = StyleTrainer(config, make_fabric("cpu"))
    trainer.on_iteration_end(config.iterations, tmp_path)
    grid = np.asarray(Image.open(tmp_path / f"samples/{config.iterations:07d}.png"))
    top = grid[:4, :64]  # of the first of two held-out faces
    assert (top.min() == 255) == (share == 0)


def test_a_lock_is_one_s_at_a_time_and_free_afterwards(tmp_path: Path) -> None:
    with Lock(tmp_path), pytest.raises(RunError, match="another process"), Lock(tmp_path):
        pass
    with Lock(tmp_path):
        pass


def test_a_checkpoint_that_cannot_be_written_says_why(tmp_path):
    """A limit on files' sizes stands for the disk's end, which a test cannot fill."""
    pytest.importorskip("resource")
    checkpoint.save(tmp_path / "a.safetensors", {"a": torch.ones(9)}, {"kept": "yes"})
    program = f"""
import resource, signal, torch
from pathlib import Path
from toonmark.errors import OutputNotWritableError
from toonmark.training import checkpoint
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    checkpoint.save(Path({str(tmp_path / "a.safetensors")!r}), {{"a": torch.ones(99999)}}, {{}})
except OutputNotWritableError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "a.safetensors cannot be written" in done.stdout, done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["a.safetensors"]
    assert checkpoint.facts(tmp_path / "a.safetensors") == {"kept": "yes"}


WRITERS = {
    "checkpoint": "pathlib.Path.write_bytes",
    "metrics": "csv.writer",
    "tensorboard": "tensorboard.summary.writer.event_file_writer.EventFileWriter.add_event",
}


@pytest.mark.parametrize("what", WRITERS)
def test_a_full_disk_is_named(tmp_path, monkeypatch, what):
    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(WRITERS[what], full)
    metrics = Metrics(tmp_path, 0)
    metrics.add({"loss": 1.0})
    with pytest.raises(DiskFullError):  # noqa: PT012 - one of the two
        metrics.write(1)
        checkpoint.save(tmp_path / "a.safetensors", {"a": torch.ones(9)}, {})
    assert not list(tmp_path.glob("*.safetensors"))


@pytest.mark.parametrize("accelerator", ["cuda", "gpu", "mps", "tpu", "abacus"])
def test_an_accelerator_that_is_not_there_is_named(accelerator, monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    monkeypatch.setattr(
        "lightning_fabric.accelerators.cuda.num_cuda_devices", lambda: 0, raising=False
    )
    with pytest.raises(ConfigurationError, match=f"Accelerator {accelerator} .* cannot be used"):
        make_fabric(accelerator)


def old_run(config, folder):
    """A run as it was written before there was a choice of the split, with a checkpoint."""
    open_run(folder, type(config), config)
    values = json.loads((folder / CONFIG).read_text())
    del values["split"]
    (folder / CONFIG).write_text(json.dumps(values))
    checkpoint.save(folder / CHECKPOINT, {}, {"iteration": "1"})
    return folder


def test_an_old_run_goes_on_with_the_pictures_that_it_began_with(small_config, tmp_path):
    run = old_run(small_config, tmp_path / "run")
    assert open_run(run, TrainConfig, None).split == "position"
    # The same command again, in which nobody speaks of the split.
    same = TrainConfig(**small_config.model_dump(exclude={"split"}))
    assert open_run(run, TrainConfig, same).split == "position"
    by_name = same.model_copy(update={"split": "name"})
    with pytest.raises(ConfigurationError, match=r'\+ "split": "name"'):
        open_run(run, TrainConfig, by_name)
    assert rules_of(training_facts(open_run(run, TrainConfig, None), 1, run)) == {"position"}


def test_a_new_run_is_split_by_name_and_says_so(small_config, tmp_path):
    open_run(tmp_path, TrainConfig, small_config)
    assert json.loads((tmp_path / CONFIG).read_text())["split"] == "name"
    config = open_run(tmp_path, TrainConfig, None)
    assert rules_of(training_facts(config, 1, tmp_path)) == {"name"}
    sampler = StyleTrainer(config, make_fabric("cpu")).samplers["face"]
    assert {part_of(dataset.names[i]) for dataset, i in sampler.items} == {"training"}


def test_a_new_run_that_starts_from_an_old_one_has_the_rules_of_both(small_config, tmp_path):
    before = old_run(small_config, tmp_path / "before")
    config = small_config.model_copy(update={"start_from": str(before)})
    open_run(tmp_path / "run", TrainConfig, config)
    remember_origins(config, tmp_path / "run")
    assert rules_of(training_facts(config, 1, tmp_path / "run")) == {"name", "position"}


def test_a_run_keeps_the_rule_of_the_denoiser_in_it(small_config, denoiser_weights, tmp_path):
    """That file says nothing of its split: it is an old one."""
    config = small_config.model_copy(update={"denoiser": str(denoiser_weights)})
    run = tmp_path / "run"
    open_run(run, TrainConfig, config)
    remember_origins(config, run)
    assert rules_of(training_facts(config, 1, run)) == {"name", "position"}
    (run / BEHIND).unlink()
    network, facts = checkpoint.load(denoiser_weights)
    checkpoint.save(denoiser_weights, network, {**facts, "split": "name"})
    remember_origins(config, run)
    denoiser_weights.unlink()
    assert rules_of(training_facts(config, 1, run)) == {"name"}


def test_a_run_goes_on_in_the_precision_that_it_began_with(small_config, tmp_path):
    config = small_config.model_copy(update={"stage1": 1, "stage2": 0})
    open_run(tmp_path, TrainConfig, config)
    mixed = make_fabric("cpu", precision="bf16-mixed")
    assert train(StyleTrainer(config, mixed), config, tmp_path, quiet=True)
    facts = checkpoint.facts(tmp_path / CHECKPOINT)
    assert facts == {"iteration": "1", "precision": "bf16-mixed", "device": "CPU"}
    single = StyleTrainer(config, make_fabric("cpu"), fresh=False)
    with pytest.raises(ConfigurationError, match="has begun with precision bf16-mixed"):
        train(single, config, tmp_path, quiet=True)
    assert training_facts(config, 1, tmp_path)["runs"][0]["precision"] == "bf16-mixed"
    # One of before it was recorded goes on, and does not say what it was.
    tensors, _ = checkpoint.load(tmp_path / CHECKPOINT)
    checkpoint.save(tmp_path / CHECKPOINT, tensors, {"iteration": "1"})
    longer = config.model_copy(update={"stage1": 2})
    assert train(single, longer, tmp_path, quiet=True)
    assert checkpoint.facts(tmp_path / CHECKPOINT) == {"iteration": "2"}
    assert "precision" not in training_facts(longer, 2, tmp_path)["runs"][0]


def test_until_there_is_a_checkpoint_a_corrected_start_replaces_the_old_one(
    small_config, denoiser_weights, tmp_path
):
    first, second = old_run(small_config, tmp_path / "first"), tmp_path / "second"
    other = small_config.model_copy(update={"seed": 9})
    open_run(second, TrainConfig, other)
    checkpoint.save(second / CHECKPOINT, {}, {"iteration": "3"})
    run = tmp_path / "run"
    for start, behind in ((first, denoiser_weights), (second, None)):
        config = small_config.model_copy(
            update={"start_from": str(start), "denoiser": behind and str(behind)}
        )
        open_run(run, TrainConfig, config)
        remember_origins(config, run)
    facts = training_facts(config, 1, run)
    assert [one["seed"] for one in facts["runs"]] == [9, 0]
    assert rules_of(facts) == {"name"}
    assert not (run / BEHIND).exists()
    checkpoint.save(run / CHECKPOINT, {}, {"iteration": "1"})
    checkpoint.save(second / CHECKPOINT, {}, {"iteration": "4"})  # that run goes on; this one not
    kept = (run / "origins.json").read_bytes()
    remember_origins(config, run)
    assert (run / "origins.json").read_bytes() == kept
