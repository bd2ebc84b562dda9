"""A style pack is opened again: to go on from, to teach from, for its denoiser."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch

from toonmark.errors import ConfigurationError, RunError, StyleError
from toonmark.exporting import export_run
from toonmark.landmarks import FACE_TEMPLATE, PORTRAIT_TEMPLATE
from toonmark.models.denoiser import Denoised
from toonmark.styles.metadata import KEY
from toonmark.styles.pack import StylePack
from toonmark.training.config import DistillationConfig, TrainConfig
from toonmark.training.denoising import load_denoiser
from toonmark.training.distillation import DistillationTrainer
from toonmark.training.fabric import make_fabric
from toonmark.training.landmark_cyclegan import StyleTrainer
from toonmark.training.networks import load_generators
from toonmark.training.pack_loading import pack_networks
from toonmark.training.run import open_run
from toonmark.training.style_loading import remember_origins, trained_style

pytestmark = pytest.mark.slow


@pytest.fixture
def pack(style_run, tmp_path):
    """A style pack of one generator."""
    path = tmp_path / "plain.onnx"
    export_run(style_run, path, terms="For friends only.")
    return path


@pytest.fixture
def cleaned_pack(style_run, denoiser_weights, tmp_path):
    """A style pack with a denoiser, in half precision."""
    path = tmp_path / "cleaned.onnx"
    export_run(style_run, path, denoiser_weights, half=True)
    return path


def test_it_has_the_frame_of_the_faces_that_it_learnt(style_run, tmp_path, monkeypatch):
    metadata, _ = export_run(style_run, tmp_path / "face.onnx")
    assert np.allclose(metadata.template, FACE_TEMPLATE)
    assert metadata.outside == "edge"
    assert metadata.format_version == 1
    asked, _ = export_run(style_run, tmp_path / "asked.onnx", frame="portrait")
    monkeypatch.setattr("toonmark.training.style_loading._frame", lambda folders: "portrait")
    learnt, _ = export_run(style_run, tmp_path / "learnt.onnx")
    for one in (asked, learnt):
        assert np.allclose(one.template, PORTRAIT_TEMPLATE)
        assert (one.outside, one.format_version) == ("white", 2)
    assert StylePack.open(tmp_path / "learnt.onnx").metadata.fill == 255


def same(one, other):
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


def test_it_gives_back_the_weights_that_it_was_made_of(pack, style_run):
    network, metadata = pack_networks(pack)
    assert same(network, load_generators(style_run)["face_to_cartoon"])
    assert metadata.size == 64
    assert not any(p.requires_grad for p in network.parameters())
    assert not network.training


def test_of_half_precision_it_gives_back_what_it_draws_with(
    cleaned_pack, style_run, denoiser_weights
):
    network, size, facts = trained_style(cleaned_pack)
    assert isinstance(network, Denoised)
    assert size == 64
    assert "denoiser" in facts
    wanted = Denoised(
        load_generators(style_run)["face_to_cartoon"], load_denoiser(denoiser_weights)[0]
    )
    for parameter in wanted.parameters():
        parameter.data = parameter.data.half().float()
    assert same(network, wanted)


def test_what_cleans_the_drawing_is_none_of_its_weights(style_run, tmp_path):
    path = tmp_path / "clean.onnx"
    export_run(style_run, path, clean=True)
    assert same(pack_networks(path)[0], load_generators(style_run)["face_to_cartoon"])


def test_its_drawings_are_the_networks_own(cleaned_pack):
    from toonmark.landmarks import template_points
    from toonmark.models.heatmaps import heatmaps

    random = torch.Generator().manual_seed(0)
    face = torch.rand(2, 3, 64, 64, generator=random) * 2 - 1
    points = torch.from_numpy(template_points(64)).float().expand(2, 5, 2)
    network, _ = pack_networks(cleaned_pack)
    drawn = network(face, heatmaps(points, 64)).clamp(-1, 1)
    by_pack = StylePack.open(cleaned_pack).draw(face.numpy(), points.contiguous().numpy())
    assert abs(drawn.numpy() - by_pack).max() < 1e-3


def test_a_training_goes_on_from_it(pack, small_config):
    config = small_config.model_copy(update={"start_from": str(pack)})
    trainer, fresh = (StyleTrainer(c, make_fabric("cpu")) for c in (config, small_config))
    alone, _ = pack_networks(pack)
    assert same(trainer.networks.generators["face_to_cartoon"], alone)
    assert same(trainer.averaged["face_to_cartoon"], alone)
    assert all(p.requires_grad for p in trainer.networks.generators.parameters())
    back = trainer.networks.generators["cartoon_to_face"]
    assert same(back, fresh.networks.generators["cartoon_to_face"]), "a pack knows no way back"


def test_held_it_stays_while_the_rest_catches_up(pack, small_config):
    config = small_config.model_copy(update={"start_from": str(pack), "hold": 2})
    trainer = StyleTrainer(config, make_fabric("cpu"))
    alone, _ = pack_networks(pack)
    back = trainer.networks.generators["cartoon_to_face"].state_dict()
    judges = trainer.networks.discriminators.state_dict()
    before = {k: v.clone() for k, v in {**back, **judges}.items()}
    for iteration in range(2):
        trainer.step(iteration)
    assert same(trainer.networks.generators["face_to_cartoon"], alone)
    assert same(trainer.averaged["face_to_cartoon"], alone)
    moved = [k for k, v in {**back, **judges}.items() if not torch.equal(before[k], v)]
    assert any(k in back for k in moved)
    assert any(k in judges for k in moved)
    trainer.step(2)
    assert not same(trainer.networks.generators["face_to_cartoon"], alone)


def test_stopped_while_held_it_ends_with_the_same_weights(
    pack, small_config, run, interrupted, tmp_path
):
    config = small_config.model_copy(
        update={
            "start_from": str(pack),
            "hold": 3,
            "stage1": 0,
            "stage2": 5,
            "checkpoint_every": 1,
        }
    )
    whole = run(StyleTrainer, config, tmp_path / "whole").tensors()
    again = interrupted(2, StyleTrainer, config, tmp_path / "stopped").tensors()
    assert whole.keys() == again.keys()
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_what_comes_of_it_counts_its_iterations_and_carries_its_terms(
    pack, small_config, run, tmp_path
):
    config = small_config.model_copy(
        update={"start_from": str(pack), "stage1": 0, "stage2": 2, "sample_every": 2}
    )
    folder = tmp_path / "on"
    open_run(folder, TrainConfig, config)
    remember_origins(config, folder)
    run(StyleTrainer, config, folder)
    pack.unlink()
    metadata, _ = export_run(folder, tmp_path / "on.onnx")
    assert metadata.training["iterations"] == 1 + 2
    assert metadata.terms == "For friends only."
    own, _ = export_run(folder, tmp_path / "own.onnx", terms="Ours.")
    assert own.terms == "Ours."


def test_it_teaches(cleaned_pack, face_set):
    config = DistillationConfig(
        teacher=str(cleaned_pack), faces=[str(face_set)], size=64, width=16, on_white=False
    )
    trainer = DistillationTrainer(config, make_fabric("cpu"))
    (shown, maps), wanted = trainer.pairs([0])
    network, _ = pack_networks(cleaned_pack)
    assert torch.allclose(wanted, network(shown, maps).clamp(-1, 1))
    assert same(trainer.network, network.generator), "alike, so it begins with its weights"


def test_its_denoiser_cleans_others_up(cleaned_pack, pack, style_run, small_config):
    denoiser, facts = load_denoiser(cleaned_pack, 64)
    assert same(denoiser, pack_networks(cleaned_pack)[0].denoiser)
    assert facts["iterations"] == "7"
    together, _, _ = trained_style(style_run, cleaned_pack)
    assert same(together.denoiser, denoiser)
    with pytest.raises(StyleError, match="no denoiser"):
        load_denoiser(pack)
    with pytest.raises(ConfigurationError, match="64 pixels"):
        load_denoiser(cleaned_pack, 128)
    with pytest.raises(ConfigurationError, match="another denoiser"):
        trained_style(pack, cleaned_pack)


def test_a_pack_that_does_not_fit_is_refused(pack, small_config, tmp_path):
    larger = small_config.model_copy(
        update={"start_from": str(pack), "size": 128, "method": small_config.method.model_copy(
            update={"landmark_consistency": False, "conditional_discriminator": False,
                    "local_discriminators": False})}
    )  # fmt: skip
    with pytest.raises(ConfigurationError, match="64 pixels"):
        StyleTrainer(larger, make_fabric("cpu"))
    wider = small_config.model_copy(update={"start_from": str(pack), "width": 32})
    with pytest.raises(RunError, match="do not fit"):
        StyleTrainer(wider, make_fabric("cpu"))
    text = tmp_path / "text.onnx"
    text.write_text("not a graph")
    with pytest.raises(StyleError):
        pack_networks(text)
    with pytest.raises(StyleError):
        pack_networks(tmp_path / "nowhere.onnx")


def test_a_pack_of_unknown_origin_is_refused(pack, tmp_path):
    import json

    model = onnx.load(pack)
    for entry in model.metadata_props:
        if entry.key == KEY:
            fields = json.loads(entry.value)
            fields["training"] = {"by": "hand"}
            entry.value = json.dumps(fields)
    foreign = tmp_path / "foreign.onnx"
    onnx.save(model, foreign)
    with pytest.raises(StyleError, match="taken up again"):
        pack_networks(foreign)
    renamed = onnx.load(pack)
    for initial in renamed.graph.initializer:
        if initial.name == "generator.up.0.bias":
            initial.name = "generator.up.0.shift"
    for node in renamed.graph.node:
        for i, name in enumerate(node.input):
            if name == "generator.up.0.bias":
                node.input[i] = "generator.up.0.shift"
    onnx.save(renamed, foreign)
    with pytest.raises(StyleError, match="taken up again"):
        pack_networks(foreign)
