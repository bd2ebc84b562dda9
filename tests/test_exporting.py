"""A style pack draws what torch draws, for any batch, and carries its metadata."""

from __future__ import annotations

import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from toonmark.errors import ExportError, RunError
from toonmark.exporting import export_regressor, export_style
from toonmark.landmarks import template_points
from toonmark.models.cleaning import cleaned
from toonmark.models.denoiser import Denoised, Denoiser
from toonmark.models.heatmaps import heatmaps
from toonmark.models.presets import build_generator, build_regressor
from toonmark.onnx_graphs import checked, converted, examples, plain_norms_
from toonmark.styles.metadata import KEY, StyleMetadata
from toonmark.styles.pack import StylePack
from toonmark.training.networks import Networks, load_generators

pytestmark = pytest.mark.slow


def metadata(size=64):
    return StyleMetadata(name="tried", title="Tried", size=size, terms="none")


def generator(preset="compact", conditional=True):
    torch.manual_seed(0)
    network = build_generator(preset, conditional, 16).eval()
    for parameter in network.parameters():  # an untrained one draws nearly the same for anything
        parameter.data += 0.1 * torch.randn_like(parameter)
    return network


@pytest.mark.parametrize("preset", ["compact", "paper"])
@pytest.mark.parametrize("conditional", [True, False])
def test_the_graph_agrees_with_torch(tmp_path, preset, conditional):
    network, file = generator(preset, conditional), tmp_path / "style.onnx"
    assert export_style(network, metadata(), file) <= 1e-3
    onnx.checker.check_model(onnx.load(file), full_check=True)
    session = onnxruntime.InferenceSession(str(file))
    random = np.random.default_rng(0)
    for count in (1, 2, 7):
        faces = random.uniform(-1, 1, (count, 3, 64, 64)).astype(np.float32)
        points = (template_points(64) + random.normal(0, 2, (count, 5, 2))).astype(np.float32)
        (drawn,) = session.run(["cartoon"], {"face": faces, "landmarks": points})
        with torch.no_grad():
            wanted = network(torch.from_numpy(faces), heatmaps(torch.from_numpy(points), 64))
        assert np.abs(drawn - wanted.numpy()).max() < 1e-3
        assert drawn.shape == faces.shape


@pytest.mark.parametrize(
    ("value", "half", "words"),
    [
        (float("nan"), False, "weights .* are not finite"),
        (float("inf"), False, "weights .* are not finite"),
        (1e5, True, "in half precision are not finite"),
    ],
)
def test_weights_that_are_not_finite_are_not_exported(tmp_path, value, half, words):
    network, file = generator(), tmp_path / "style.onnx"
    next(network.parameters()).data.view(-1)[0] = value
    with pytest.raises(ExportError, match=words):
        export_style(network, metadata(), file, half=half)
    assert not file.exists()


class Overflowing(nn.Module):
    """Finite weights, and a drawing that is not."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1e38))

    def forward(self, face, maps):
        return (face + 2) * self.scale * self.scale + maps.sum()


def test_a_drawing_that_is_not_finite_is_no_agreement(tmp_path):
    with pytest.raises(ExportError, match="draws values that are not finite"):
        export_style(Overflowing(), metadata(), tmp_path / "style.onnx")
    assert not (tmp_path / "style.onnx").exists()


class Finite(nn.Module):
    """The graph that a network's own NaN is compared with, in the first picture alone or in all."""

    def __init__(self, wrong=slice(0, 0)):
        super().__init__()
        self.wrong = wrong

    def forward(self, face):
        drawn = face * 1.0
        drawn[self.wrong] = float("nan")
        return drawn


@pytest.mark.parametrize("wrong", [slice(None), slice(1, 2)])
def test_a_difference_that_is_nan_is_no_agreement(tmp_path, wrong):
    """Also where it is not the first that is compared: the batch of one agrees."""
    faces, _ = examples(64, 3)
    model = converted(Finite(), (faces[:2],), ["face"], ["cartoon"])
    assert checked(model, Finite(), (faces,), {}, tmp_path / "sound.onnx") == 0
    file = tmp_path / "style.onnx"
    with pytest.raises(ExportError, match="differs from torch by nan"):
        checked(model, Finite(wrong), (faces,), {}, file)
    assert not file.exists()


def test_a_pack_opens_and_says_what_it_is(tmp_path):
    file = tmp_path / "style.onnx"
    export_style(generator(), metadata(), file)
    pack = StylePack.open(file)
    pack.check()
    assert pack.metadata.name == "tried"
    assert pack.metadata.size == 64
    stored = {p.key: p.value for p in onnx.load(file).metadata_props}
    assert json.loads(stored[KEY])["terms"] == "none"
    assert str(tmp_path).encode() not in file.read_bytes()


def test_the_pack_holds_little_beyond_its_weights(tmp_path):
    network, file = build_generator("compact"), tmp_path / "style.onnx"
    export_style(network, metadata(128), file)
    weights = 4 * sum(p.numel() for p in network.parameters())
    assert file.stat().st_size < weights + 60_000
    assert file.stat().st_size < 3_000_000


def test_a_graph_that_disagrees_is_not_put_in_place(tmp_path, monkeypatch):
    file = tmp_path / "style.onnx"
    file.write_bytes(b"the old one")
    real = onnxruntime.InferenceSession.run
    monkeypatch.setattr(
        onnxruntime.InferenceSession, "run", lambda *a, **k: [x + 0.01 for x in real(*a, **k)]
    )
    with pytest.raises(ExportError, match="differs from torch"):
        export_style(generator(), metadata(), file)
    assert file.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [file]


def test_a_regressor_reads_its_points(tmp_path):
    torch.manual_seed(0)
    network, file = build_regressor("compact").eval(), tmp_path / "landmarks.onnx"
    export_regressor(network, 64, {"who": "test"}, file)
    session = onnxruntime.InferenceSession(str(file))
    maps, points = session.run(
        ["heatmaps", "landmarks"], {"face": np.zeros((3, 3, 64, 64), np.float32)}
    )
    assert maps.shape == (3, 5, 64, 64)
    assert points.shape == (3, 5, 2)


def test_a_denoiser_is_part_of_the_pack_and_nothing_leaves_the_range(tmp_path):
    torch.manual_seed(1)
    denoiser = Denoiser().eval()
    denoiser.last[-1].bias.data += torch.tensor([3.0, 0.0, -3.0])  # beyond what a picture may be
    network, file = Denoised(generator(), denoiser), tmp_path / "style.onnx"
    assert export_style(network, metadata(), file) <= 1e-3
    face, points = np.zeros((1, 3, 64, 64), np.float32), template_points(64)[None]
    drawn = onnxruntime.InferenceSession(file.read_bytes()).run(
        None, {"face": face, "landmarks": points.astype(np.float32)}
    )[0]
    with torch.no_grad():
        maps = heatmaps(torch.from_numpy(points).float(), 64)
        wanted = network(torch.from_numpy(face), maps).clamp(-1, 1).numpy()
    assert np.abs(drawn - wanted).max() <= 1e-3
    assert drawn[:, 0].max() == 1.0
    assert drawn[:, 2].min() == -1.0
    assert 0 < np.abs(drawn[:, 1]).max() < 1


def test_half_precision_halves_the_file_and_hardly_changes_the_drawing(tmp_path):
    network = Denoised(generator(), Denoiser().eval())
    whole, half = tmp_path / "whole.onnx", tmp_path / "half.onnx"
    export_style(network, metadata(), whole)
    before = [p.clone() for p in network.parameters()]
    assert export_style(network, metadata(), half, half=True) <= 1e-3
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    assert half.stat().st_size < 0.6 * whole.stat().st_size
    face = np.random.default_rng(0).uniform(-1, 1, (1, 3, 64, 64)).astype(np.float32)
    feeds = {"face": face, "landmarks": template_points(64)[None].astype(np.float32)}
    drawn = [
        onnxruntime.InferenceSession(file.read_bytes()).run(None, feeds)[0]
        for file in (whole, half)
    ]
    assert 0 < np.abs(drawn[0] - drawn[1]).max() < 0.05


class Bleach(nn.Module):
    """Draws the photo itself, paler: what was light is white."""

    def forward(self, image, maps):
        return (image + 0.8 + 0 * maps.amax(1, keepdim=True)).clamp(-1, 1)


def test_a_clean_pack_whitens_what_is_apart_and_agrees_with_torch(tmp_path):
    plain, clean = tmp_path / "plain.onnx", tmp_path / "clean.onnx"
    export_style(Bleach(), metadata(), plain)
    assert export_style(Bleach(), metadata(), clean, clean=True) <= 1e-3
    faces = np.ones((3, 3, 64, 64), np.float32)
    faces[:, :, 16:48, 16:48] = -0.8
    faces[1:, :, :4, :4] = -1
    points = np.repeat(template_points(64)[None], 3, 0).astype(np.float32)
    feeds = {"face": faces, "landmarks": points}
    drawn, whitened = [
        onnxruntime.InferenceSession(file.read_bytes()).run(None, feeds)[0]
        for file in (plain, clean)
    ]
    wanted = cleaned(torch.from_numpy(drawn), heatmaps(torch.from_numpy(points), 64)).numpy()
    assert np.abs(whitened - wanted).max() < 1e-4
    assert (drawn[1:, :, :4, :4] < 0).all()
    assert (whitened[1:, :, :4, :4] == 1).all()
    assert np.abs(whitened[0] - drawn[0]).max() < 1e-4
    StylePack.open(clean).check()


def test_weights_of_another_width_are_named(small_config, tmp_path):
    from toonmark.artifacts import CHECKPOINT
    from toonmark.training import checkpoint
    from toonmark.training.config import TrainConfig
    from toonmark.training.run import open_run

    run = tmp_path / "run"
    config = open_run(run, TrainConfig, small_config)
    networks = Networks(config.model_copy(update={"width": 2 * config.width}))
    checkpoint.save(
        run / CHECKPOINT,
        checkpoint.prefixed("averaged", networks.generators.state_dict()),
        {"iteration": "1"},
    )
    with pytest.raises(RunError, match=f"do not fit the generators of .*width {config.width}"):
        load_generators(run)


def test_the_runs_that_a_style_started_from_are_counted(small_config, tmp_path):
    """A pack tells of all its iterations, also of those in earlier runs."""
    from toonmark.artifacts import CHECKPOINT
    from toonmark.training import checkpoint
    from toonmark.training.config import TrainConfig
    from toonmark.training.run import open_run
    from toonmark.training.style_loading import training_facts

    first, second = tmp_path / "first", tmp_path / "second"
    open_run(first, TrainConfig, small_config)
    checkpoint.save(first / CHECKPOINT, {"x": torch.zeros(1)}, {"iteration": "6"})
    config = small_config.model_copy(update={"start_from": str(first), "stage1": 0, "stage2": 9})
    open_run(second, TrainConfig, config)
    facts = training_facts(config, 5)
    assert facts["iterations"] == 11
    assert [(run["stage1"], run["stage2"]) for run in facts["runs"]] == [(4, 2), (0, 5)]
    assert str(tmp_path) not in str(facts)


def test_instance_norms_become_one_operator_with_the_same_numbers():
    torch.manual_seed(0)
    generator = build_generator("compact").eval()
    for norm in generator.modules():
        if isinstance(norm, torch.nn.GroupNorm):
            torch.nn.init.normal_(norm.weight, 1, 0.2)
            torch.nn.init.normal_(norm.bias, 0, 0.2)
    image, maps = torch.rand(2, 3, 64, 64) * 2 - 1, torch.rand(2, 5, 64, 64)
    before = generator(image, maps)
    plain_norms_(generator)
    kinds = {type(module) for module in generator.modules()}
    assert torch.nn.InstanceNorm2d in kinds
    assert torch.nn.GroupNorm not in kinds
    assert torch.allclose(generator(image, maps), before, atol=1e-5)
