"""A student learns to draw what a run and its denoiser draw, and becomes a style pack."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import toonmark
from toonmark.artifacts import WEIGHTS, Kind
from toonmark.data.augmentation_settings import Augmentation
from toonmark.data.relighting import evened
from toonmark.errors import ConfigurationError, RunError
from toonmark.exporting import export_run
from toonmark.models.denoiser import Denoised
from toonmark.training import checkpoint
from toonmark.training.config import DistillationConfig
from toonmark.training.distillation import DistillationTrainer
from toonmark.training.fabric import make_fabric
from toonmark.training.networks import load_generators
from toonmark.training.pack_loading import pack_networks
from toonmark.training.style_loading import trained_style
from toonmark.training.tensors import to_tensor

pytestmark = pytest.mark.slow


COMIC = str(Path(toonmark.__file__).parent / "styles" / "comic.onnx")


@pytest.fixture
def config(style_run, denoiser_weights, face_set):
    return DistillationConfig(
        teacher=str(style_run), denoiser=str(denoiser_weights), faces=[str(face_set)], size=64,
        width=16, on_white=False, iterations=6, batch=2, checkpoint_every=2, log_every=1,
        sample_every=6,
    )  # fmt: skip


def test_it_begins_as_the_teachers_generator_and_learns_the_rest(config, style_run, run, tmp_path):
    config = config.model_copy(update={"iterations": 60, "average": 0.9, "learning_rate": 1e-3})
    trainer = DistillationTrainer(config, make_fabric("cpu"))
    (shown, maps), wanted = trainer.pairs([0, 1])
    alone = load_generators(style_run)["face_to_cartoon"]
    assert torch.equal(trainer.network(shown, maps), alone(shown, maps))
    assert not torch.allclose(wanted, alone(shown, maps), atol=0.05), "a denoiser is behind it"
    assert torch.allclose(wanted, trainer.teacher(shown, maps).clamp(-1, 1))
    before = trainer.error()
    after = run(DistillationTrainer, config, tmp_path / "run").error()
    assert before["n"] == after["n"] == 2
    assert after["student"] < 0.5 * before["student"]


def test_gradients_reach_the_student_and_not_the_teacher(config):
    trainer = DistillationTrainer(
        config.model_copy(update={"adversarial": 0.1}), make_fabric("cpu")
    )
    inputs, wanted = trainer.pairs([0, 1])
    loss, parts = trainer.loss(trainer.network(*inputs), wanted, [0, 1])
    assert set(parts) == {"colours", "edges", "adversarial"}
    loss.backward()
    assert all(float(p.grad.abs().sum()) > 0 for p in trainer.network.parameters())
    assert all(p.grad is None for p in trainer.teacher.parameters())
    before = {k: v.clone() for k, v in trainer.teacher.state_dict().items()}
    trainer.step(0)
    assert all(torch.equal(before[k], v) for k, v in trainer.teacher.state_dict().items())


def test_the_teacher_may_see_an_easier_picture(config):
    config = config.model_copy(
        update={"background_share": 1.0, "augmentation": Augmentation(light=0.7)}
    )
    trainer = DistillationTrainer(config, make_fabric("cpu"))
    sample = trainer.faces.at(0, 0, 1)
    assert not np.array_equal(sample.shown, sample.image)

    def taught(**update):
        one = DistillationTrainer(config.model_copy(update=update), make_fabric("cpu"))
        (shown, maps), wanted = one.pairs([0])
        assert torch.equal(shown, to_tensor([sample.shown])), "the student sees the same"
        return maps, wanted

    def drawn(picture, maps):
        return trainer.teacher(to_tensor([picture]), maps).clamp(-1, 1)

    maps, wanted = taught()
    assert torch.allclose(wanted, drawn(sample.shown, maps), atol=1e-5)
    maps, wanted = taught(on_white=True)
    assert torch.allclose(wanted, drawn(sample.image, maps), atol=1e-5)
    maps, wanted = taught(on_white=True, even_light=True)
    evenly = evened(sample.image, sample.landmarks)
    assert torch.allclose(wanted, drawn(evenly, maps), atol=1e-5)
    assert not np.array_equal(evenly, sample.image)


def test_another_kind_of_student_begins_anew(config, style_run):
    small = config.model_copy(update={"width": 32})
    trainer = DistillationTrainer(small, make_fabric("cpu"))
    inputs, wanted = trainer.pairs([0])
    assert trainer.network(*inputs).shape == wanted.shape
    alone = load_generators(style_run)["face_to_cartoon"]
    assert not torch.allclose(trainer.network(*inputs), alone(*inputs), atol=0.05)


def test_stopped_and_started_again_it_ends_with_the_same_weights(
    config, run, interrupted, tmp_path
):
    whole = run(DistillationTrainer, config, tmp_path / "whole").tensors()
    folder = tmp_path / "stopped"
    again = interrupted(3, DistillationTrainer, config, folder).tensors()
    assert all(torch.equal(whole[name], again[name]) for name in whole)
    from PIL import Image

    with Image.open(folder / "samples" / "0000006.png") as grid:
        assert grid.size == (64 * 2, 64 * 3)  # two held-out photos


def test_what_it_leaves_stands_alone(config, style_run, run, tmp_path):
    folder = tmp_path / "student"
    trainer = run(DistillationTrainer, config, folder)
    with pytest.raises(RunError, match="not finished"):
        trained_style(folder)
    trainer.save(folder, trainer.error())
    shutil.rmtree(style_run)
    student, size, facts = trained_style(folder)
    inputs, _ = trainer.pairs([0])
    assert size == 64
    assert torch.equal(student(*inputs), trainer.averaged(*inputs))
    assert facts["iterations"] == 1, "the teacher's"
    assert facts["denoiser"] == {"iterations": "7"}
    distilled = facts["distilled"]
    assert distilled["teacher"] == {"preset": "compact", "width": 16}
    assert distilled["iterations"] == 6
    assert distilled["split"] == "name", "by which rule it held pictures out"
    assert np.isfinite(distilled["error"]["student"])
    with pytest.raises(ConfigurationError, match="without a denoiser"):
        trained_style(folder, tmp_path / "denoiser.safetensors")
    with pytest.raises(RunError, match="no way back"):
        load_generators(folder)


def test_a_student_goes_on_from_another(config, run, tmp_path):
    first = run(DistillationTrainer, config, tmp_path / "first")
    first.save(tmp_path / "first", first.error())
    longer = config.model_copy(
        update={"start_from": str(tmp_path / "first"), "adversarial": 0.1, "width": 16}
    )
    trainer = DistillationTrainer(longer, make_fabric("cpu"))
    wanted = first.averaged.state_dict()
    for network in (trainer.network, trainer.averaged):
        assert all(torch.equal(wanted[k], v) for k, v in network.state_dict().items())
    second = run(DistillationTrainer, longer, tmp_path / "second")
    second.save(tmp_path / "second", second.error())
    distilled = trained_style(tmp_path / "second")[2]["distilled"]
    assert distilled["adversarial"] == 0.1
    assert distilled["before"]["adversarial"] == 0
    wide = longer.model_copy(update={"width": 32})
    with pytest.raises(RunError, match="do not fit"):
        DistillationTrainer(wide, make_fabric("cpu"))


def test_a_teacher_of_another_size(config):
    with pytest.raises(ConfigurationError, match="size=64"):
        DistillationTrainer(config.model_copy(update={"size": 128}), make_fabric("cpu"))


def test_a_teacher_that_draws_in_layers(config):
    with pytest.raises(ConfigurationError, match="draws in layers"):
        DistillationTrainer(
            config.model_copy(update={"teacher": COMIC, "denoiser": None}), make_fabric("cpu")
        )


def test_weights_that_do_not_say_what_they_are(config, run, tmp_path):
    folder = tmp_path / "student"
    trainer = run(DistillationTrainer, config, folder)
    checkpoint.save(folder / WEIGHTS[Kind.DISTILLATION], trainer.averaged.state_dict(), {})
    with pytest.raises(RunError, match="does not say"):
        trained_style(folder)


def test_the_denoiser_may_stay_behind_the_student(config, run, tmp_path):
    config = config.model_copy(
        update={
            "keep_denoiser": True,
            "iterations": 4,
            "on_white": True,
            "background_share": 1.0,
        }
    )
    trainer = DistillationTrainer(config, make_fabric("cpu"))
    before = {k: v.clone() for k, v in trainer.network.state_dict().items()}
    trainer.step(0)
    moved = {k for k, v in trainer.network.state_dict().items() if not torch.equal(before[k], v)}
    assert moved == {k for k in before if k.startswith("generator.")}, "all of it, and no denoiser"
    folder = tmp_path / "kept"
    trainer = run(DistillationTrainer, config, folder)
    trainer.save(folder, trainer.error())
    student, size, facts = trained_style(folder)
    assert isinstance(student, Denoised)
    assert size == 64
    assert facts["distilled"]["keep_denoiser"]
    inputs, _ = trainer.pairs([0])
    assert torch.equal(student(*inputs), trainer.averaged(*inputs))
    pack = tmp_path / "kept.onnx"
    export_run(folder, pack)
    again, _ = pack_networks(pack)
    assert torch.equal(again(*inputs), student(*inputs))
    # Its student is a start for others, with or without what is behind it.
    other = config.model_copy(update={"start_from": str(folder), "keep_denoiser": False})
    alone = DistillationTrainer(other, make_fabric("cpu")).network
    assert torch.equal(alone(*inputs), student.generator(*inputs))


def test_a_denoiser_that_is_not_there_cannot_stay(config):
    config = config.model_copy(update={"keep_denoiser": True, "denoiser": None})
    with pytest.raises(ConfigurationError, match="no denoiser behind"):
        DistillationTrainer(config, make_fabric("cpu"))


def test_drawings_are_learned_instead_of_the_teachers(config, face_set):
    trainer = DistillationTrainer(
        config.model_copy(update={"drawings": [str(face_set)], "background_share": 1.0}),
        make_fabric("cpu"),
    )
    (shown, _), wanted = trainer.pairs([0, 1])
    samples = [trainer.faces.at(number, 0, 1) for number in (0, 1)]
    assert torch.equal(wanted, to_tensor([sample.drawing for sample in samples]))
    assert not torch.allclose(shown, wanted, atol=0.1), "it sees a background"


@pytest.mark.parametrize("tuned", [False, True])
def test_a_denoiser_that_is_kept_learns_only_if_asked(config, face_set, tuned):
    update = {"keep_denoiser": True, "tune_denoiser": tuned, "drawings": [str(face_set)]}
    trainer = DistillationTrainer(config.model_copy(update=update), make_fabric("cpu"))
    teachers = {k: v.clone() for k, v in trainer.teacher.state_dict().items()}
    before = [p.clone() for p in trainer.network.denoiser.parameters()]
    for iteration in range(3):
        trainer.step(iteration)
    after = list(trainer.network.denoiser.parameters())
    assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True)) == tuned
    assert all(torch.equal(teachers[k], v) for k, v in trainer.teacher.state_dict().items())


def test_settings_that_would_have_no_effect_or_a_wrong_one_are_refused(config, face_set):
    def begin(**update):
        DistillationTrainer(config.model_copy(update=update), make_fabric("cpu"))

    with pytest.raises(ConfigurationError, match="no denoiser stays"):
        begin(tune_denoiser=True)
    with pytest.raises(ConfigurationError, match="would keep their colours"):
        begin(drawings=[str(face_set)], augmentation=Augmentation(colour=0.5))


def test_a_student_goes_on_with_the_denoiser_that_learnt_with_it(config, face_set, run, tmp_path):
    update = {"keep_denoiser": True, "tune_denoiser": True, "drawings": [str(face_set)]}
    config = config.model_copy(update=update)
    trained = run(DistillationTrainer, config, tmp_path / "first")
    trained.save(tmp_path / "first", trained.error())
    first, _, facts = trained_style(tmp_path / "first")
    assert facts["distilled"]["drawings"] == [{}]
    assert "on_white" not in facts["distilled"]
    again = config.model_copy(update={"start_from": str(tmp_path / "first")})
    trainer = DistillationTrainer(again, make_fabric("cpu"))
    for name, value in trainer.network.state_dict().items():
        assert torch.equal(value, first.state_dict()[name]), name
    assert not torch.equal(
        first.denoiser.state_dict()["stem.weight"],
        trainer.teacher.denoiser.state_dict()["stem.weight"],
    )
