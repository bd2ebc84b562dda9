"""The paper's comparison: what is refused before anything is trained, and a tiny one end to end."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from tests.conftest import draw_faces
from typer.testing import CliRunner

from toonmark.artifacts import CHECKPOINT, Kind, was_begun_here
from toonmark.cli import app
from toonmark.configuration import parse
from toonmark.data.augmentation_settings import Augmentation
from toonmark.data.dataset import read_landmarks, write_landmarks
from toonmark.data.sampling import Sampler
from toonmark.errors import (
    ConfigurationError,
    DataError,
    MissingExtraError,
    MissingWeightsError,
)
from toonmark.evaluation.errors import (
    NotEnoughPicturesError,
    UnknownExtractorError,
    UnknownFinderError,
)
from toonmark.evaluation.run_drawing import open_run_drawer
from toonmark.experiments import measuring, other_extractors, state
from toonmark.experiments.drawing_cache import KeptDrawer
from toonmark.experiments.experiment import train_rows
from toonmark.experiments.figures import grid, write_ways_back
from toonmark.experiments.plan import COMPARISON, Job, Plan, jobs_of
from toonmark.methods.gatys import GatysConfig, GatysDrawer
from toonmark.methods.vgg import Vgg
from toonmark.study.create import create
from toonmark.training.checkpoint import save
from toonmark.training.config import ABLATION, TrainConfig
from toonmark.training.fabric import make_fabric
from toonmark.training.landmark_cyclegan import StyleTrainer
from toonmark.training.run import Lock, open_run


@pytest.fixture(scope="module")
def vgg19(tmp_path_factory):
    """A file like torchvision's, of random weights."""
    places = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
    torch.manual_seed(0)
    layers = Vgg(19).layers().values()
    state = {}
    for place, convolution in zip(places, layers, strict=True):
        state[f"features.{place}.weight"] = convolution.weight.detach()
        state[f"features.{place}.bias"] = convolution.bias.detach()
    path = tmp_path_factory.mktemp("weights") / "vgg19.pth"
    torch.save(state, path)
    return str(path)


def plan(faces, cartoons, **values) -> Plan:
    train = {"faces": [str(faces)], "cartoons": [str(cartoons)], "size": 32, "stage1": 2}
    train |= {"stage2": 0, "width": 16, "learning_rate": 1e-3, "background_share": 0}
    # Sets as small as these have no pictures for testing.
    measure = {"held_out": False, **values.pop("measure", {})}
    return parse(Plan, {"train": train, "seeds": [3], "measure": measure, **values})


def test_rows_of_other_methods_share_what_all_methods_share(tmp_path):
    names = ("style", "analogy", "improving", "munit", "basic")
    rows = {name: COMPARISON[name] for name in names}
    jobs = {job.row: job for job in jobs_of(plan("f", "c", rows=rows), tmp_path)}
    assert list(jobs) == list(names)
    munit, basic = jobs["munit"].training, jobs["basic"].training
    assert munit.run_kind is Kind.MUNIT
    for setting in ("faces", "cartoons", "size", "width", "iterations", "batch", "average", "seed"):
        assert getattr(munit, setting) == getattr(basic, setting)
    assert basic.learning_rate == 1e-3
    assert munit.learning_rate == 1e-4  # its own
    style = jobs["style"]
    assert style.training is None
    assert (style.config.size, style.config.cartoons, style.config.seed) == (32, ["c"], 3)
    budget = plan("f", "c", rows=rows)
    few = {k: v for k, v in budget.train.items() if k not in ("stage1", "stage2")}
    budget = budget.model_copy(update={"train": {**few, "pictures": 6}})
    assert {job.training.iterations for job in jobs_of(budget, tmp_path) if job.training} == {6}
    # CycleGAN's adversarial term has the weight that eq. 3 gives it.
    assert basic.weight_of_real == 1


@pytest.mark.parametrize(
    ("rows", "error", "text"),
    [
        ({"style": {"method": "gatys", "vgg": "no.pth"}}, MissingWeightsError, "SHA-256 dcbb9e9d"),
        (
            {"style": {"method": "analogy", "cartoons": []}},
            ConfigurationError,
            "style: .*none",
        ),
        ({"style": {"method": "gatys", "cartoons": ["o"]}}, ConfigurationError, "other cartoons"),
        ({"style": {"method": "none"}}, ConfigurationError, "no method none"),
        ({"munit": {"method": "munit", "weights": {"x": 1}}}, ConfigurationError, "x is unknown"),
        ({"munit": {"method": "munit", "cartoons": ["other"]}}, ConfigurationError, "same data"),
        ({"munit": {"method": "munit", "split": "position"}}, ConfigurationError, "other split"),
        ({"munit": {"method": "munit", "stage1": 9}}, ConfigurationError, "equally many"),
        ({"lm_cd": {"ablation": "lm_cd", "split": "position"}}, ConfigurationError, "other split"),
    ],
)
def test_what_cannot_end_well_does_not_begin(
    rows, error, text, face_set, cartoon_set, tmp_path, vgg19
):
    rows = {"basic": {"ablation": "basic"}, **rows}
    if "style" in rows:
        rows["style"] = {"vgg": vgg19, **rows["style"]}
    with pytest.raises(error, match=text):
        train_rows(plan(face_set, cartoon_set, rows=rows), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("measured", "error", "text"),
    [
        ({"extractor": "illustration2vec"}, MissingWeightsError, "not on this machine"),
        ({"also": ["illustration2vec"]}, MissingWeightsError, "not on this machine"),
        ({"extractor": "vgg17"}, UnknownExtractorError, "no feature extractor"),
        ({"finder": "mtccn"}, UnknownFinderError, "no point finder"),
        ({"cartoons": "none", "held_out": False}, DataError, "none"),
    ],
)
def test_what_could_not_be_measured_is_not_trained(
    measured, error, text, face_set, cartoon_set, tmp_path, monkeypatch
):
    monkeypatch.setenv("TOONMARK_ILLUSTRATION2VEC", str(tmp_path / "none"))
    one = plan(face_set, cartoon_set, rows={"basic": {"ablation": "basic"}}, measure=measured)
    with pytest.raises(error, match=text):
        train_rows(one, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_of_several_sets_one_is_named_before_training(face_set, cartoon_set, tmp_path):
    one = plan(face_set, cartoon_set, rows={"basic": {"ablation": "basic"}})
    two = one.train | {"faces": [str(face_set), str(cartoon_set)]}
    with pytest.raises(DataError, match="several folders of faces"):
        train_rows(one.model_copy(update={"train": two}), tmp_path / "out")


def test_rows_that_are_not_trained_need_sets_to_be_named(face_set, cartoon_set, tmp_path, vgg19):
    rows = {"style": {"method": "gatys", "vgg": vgg19}}
    one = plan(face_set, cartoon_set, rows=rows)
    with pytest.raises(DataError, match="No row is trained, so no row says on which faces"):
        train_rows(one.model_copy(update={"baseline": None}), tmp_path / "out")


def test_sets_that_hold_too_few_pictures_out_are_told_before_training(cartoon_set, tmp_path):
    faces = draw_faces(tmp_path / "faces", 8)  # none of which is for testing
    measured = {"held_out": True}
    one = plan(faces, cartoon_set, rows={"basic": {"ablation": "basic"}}, measure=measured)
    with pytest.raises(NotEnoughPicturesError, match="held out"):
        train_rows(one, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_vgg19_is_told_before_training(face_set, cartoon_set, tmp_path):
    file = tmp_path / "vgg19.pth"
    torch.save({}, file)
    rows = {"basic": {"ablation": "basic"}, "style": {"method": "gatys", "vgg": str(file)}}
    with pytest.raises(MissingWeightsError, match="does not hold VGG19"):
        train_rows(plan(face_set, cartoon_set, rows=rows), tmp_path / "out")


def test_measured_faces_that_a_row_learns_from_are_refused(cartoon_set, tmp_path):
    faces = draw_faces(tmp_path / "faces", 60)
    points = read_landmarks(faces / "landmarks.csv")
    names = sorted(points)
    write_landmarks(faces / "part.csv", [(n, points[n]) for n in names[1:]])
    rows = {"basic": {"ablation": "basic"}}
    split = {"measure": {"faces": str(faces), "held_out": True}}
    one = plan(faces / "part.csv", cartoon_set, rows=rows, **split)
    one = one.model_copy(update={"train": {**one.train, "split": "position"}})
    with pytest.raises(ConfigurationError, match="split differently"):
        train_rows(one, tmp_path / "out")
    with pytest.raises(DataError):
        train_rows(plan(tmp_path / "none", cartoon_set, rows=rows), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_was_drawn_once_is_not_drawn_again(tmp_path):
    class Slow:
        name, size, iterations, told, rules = "slow", 8, None, b"a", frozenset({"name"})
        drawn = 0

        def identity(self, face):
            return self.told

        def draw(self, faces, points):
            self.drawn += len(faces)
            return 255 - faces

    slow = Slow()
    faces = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    points = np.zeros((3, 5, 2))
    first = KeptDrawer(slow, tmp_path).draw(faces[:2], points[:2])
    again = KeptDrawer(slow, tmp_path).draw(faces, points)
    assert slow.drawn == 3
    assert np.array_equal(again, 255 - faces)
    assert np.array_equal(again[:2], first)
    slow.told = b"b"
    KeptDrawer(slow, tmp_path).draw(faces, points)
    assert slow.drawn == 6
    next(tmp_path.glob("*.png")).write_bytes(b"half")  # not ours, or cut short by a full disk
    slow.told = b"a"
    assert np.array_equal(KeptDrawer(slow, tmp_path).draw(faces, points), 255 - faces)


def test_grids_are_columns_on_white():
    red, blue = (np.full((4, 4, 3), c, np.uint8) for c in ((255, 0, 0), (0, 0, 255)))
    drawn = grid([[red, red, red], [blue, blue, blue]])
    assert drawn.shape == (16, 10, 3)
    assert (drawn[:4, :4] == red).all()
    assert (drawn[12:, 6:] == blue).all()
    assert (drawn[:, 4:6] == 255).all()


def test_held_out_cartoons_are_drawn_as_faces_by_the_way_back(small_config, tmp_path):
    config = small_config.model_copy(update={"method": ABLATION["basic"], "size": 32})
    folder = tmp_path / "rows" / "basic-seed0"
    open_run(folder, TrainConfig, config)
    trainer = StyleTrainer(config, make_fabric("cpu"))
    save(folder / CHECKPOINT, trainer.tensors(), {"iteration": "1"})
    job = Job("basic", 0, folder, config, "32-true")
    write_ways_back([job], tmp_path)
    with Image.open(tmp_path / "figures" / "figure-6.png") as figure:
        pixels = np.array(figure)
    cartoons = Sampler(config.cartoons, 32, Augmentation(), held_out=True, split=config.split)
    count = min(8, len(cartoons))
    assert pixels.shape == (34 * count - 2, 66, 3)
    first = int(np.random.default_rng(0).permutation(len(cartoons))[0])
    sample = cartoons.plain(first)
    shown = np.rint((sample.image + 1) * 127.5).astype(np.uint8)
    assert np.array_equal(pixels[:32, :32], shown)
    wanted = open_run_drawer(folder).back.draw(shown[None], sample.landmarks[None])[0]
    assert np.array_equal(pixels[:32, 34:], wanted)
    write_ways_back([], tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.slow
def test_a_tiny_comparison_from_end_to_end(face_set, cartoon_set, vgg19, tmp_path):
    import yaml

    rows = {
        "style": {"method": "gatys", "vgg": vgg19, "evaluations": 2},
        "analogy": {"method": "analogy", "vgg": vgg19, "evaluations": 1, "rounds": 1},
        "improving": {"method": "ganimorph"},
        "munit": {"method": "munit"},
        "basic": {"ablation": "basic"},
    }
    measure = {"n": 4, "held_out": False}
    values = plan(face_set, cartoon_set, rows=rows, measure=measure).model_dump(mode="json")
    values["train"] |= {"checkpoint_every": 1, "log_every": 1, "keep_every": 0}
    file, out = tmp_path / "plan.yaml", tmp_path / "out"
    file.write_text(yaml.safe_dump(values, sort_keys=False))
    done = CliRunner().invoke(app, ["experiment", "comparison", str(file), str(out)])
    assert done.exit_code == 0, done.output
    table = json.loads((out / "table.json").read_text())
    found = {row["name"]: row for row in table["rows"]}
    assert list(found) == list(rows)
    for name, row in found.items():
        assert row["seeds"] == [3], row["missing"]
        assert row["fid"]["mean"] > 0
        wanted = row["fid"]["mean"] / found["basic"]["fid"]["mean"]
        assert row["fid_ratio"]["mean"] == pytest.approx(wanted), name
    text = (out / "table.md").read_text()
    for part in ("| Style (Gatys) |", "| MUNIT |", "| Improving (GANimorph) |", "floor: "):
        assert part in text
    assert "Illustration2Vec's features, whose weights are not on this machine" in text
    assert f"`toonmark experiment comparison {file} {out}`" in text
    assert (out / "figures" / "figure-4.png").is_file()
    assert (out / "figures" / "figure-6.png").is_file()
    kept = sorted((out / "rows").glob("*/drawings/*.png"))
    assert len(kept) == 2 * 4
    methods = {name: out / "study" / name for name in rows}
    study = create(methods, out / "study" / "photos", tmp_path / "study", groups=4)
    assert len(study.groups) == 4
    # Again nothing is trained or drawn anew.
    before = {path: path.stat().st_mtime_ns for path in [*kept, *out.glob("rows/*/checkpoint*")]}
    again = CliRunner().invoke(app, ["experiment", "comparison", str(file), str(out)])
    assert again.exit_code == 0, again.output
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_a_drawing_is_kept_by_its_style_s_content_and_not_by_place(vgg19, cartoon_set, tmp_path):
    face = np.full((32, 32, 3), 90, np.uint8)
    file = tmp_path / "style.png"

    def told(**settings):
        config = GatysConfig(size=32, vgg=vgg19, **settings)
        return GatysDrawer("style", config, Vgg(19)).identity(face)

    Image.fromarray(face).save(file)
    grey = told(picture=str(file))
    shutil.copyfile(file, tmp_path / "copy.png")
    assert told(picture=str(tmp_path / "copy.png")) == grey
    Image.fromarray(face + 60).save(file)
    assert told(picture=str(file)) != grey
    sets = {"cartoons": [str(cartoon_set)]}
    assert told(**sets, seed=0) != told(**sets, seed=1)
    assert told(picture=str(tmp_path / "copy.png"), ratio=2.0) != grey


def test_the_second_network_is_asked_for_before_training(
    face_set, cartoon_set, tmp_path, monkeypatch
):
    """A comparison measures by VGG16 too, which may be there while what reads it is not."""
    rows = {"basic": {"ablation": "basic"}, "munit": {"method": "munit"}}
    asked = []
    monkeypatch.setattr(other_extractors, "chosen", lambda plan: ["vgg16"])
    monkeypatch.setattr(
        "toonmark.experiments.measuring.open_extractor", lambda name, *rest: asked.append(name)
    )
    one = plan(face_set, cartoon_set, rows=rows)
    measuring.check(one, jobs_of(one, tmp_path))
    assert asked == ["efficientnet-lite0", "vgg16"]


def test_without_its_reader_vgg16_is_not_there(monkeypatch):
    def no_reader(*args):
        raise MissingExtraError("VGG16", "methods")

    monkeypatch.setattr("toonmark.methods.vgg.open_vgg", no_reader)
    assert not other_extractors._has_vgg()


def test_to_ask_whether_a_row_is_trained_leaves_no_trace(tmp_path):
    one = plan("f", "c", rows={"basic": {"ablation": "basic"}})
    (job,) = jobs_of(one, tmp_path)
    job.folder.mkdir(parents=True)
    assert not state.is_running(job)
    assert not was_begun_here(job.folder)
    with Lock(job.folder):
        assert state.is_running(job)


def test_the_table_is_of_the_rows_that_were_trained(tmp_path, monkeypatch):
    """`experiment comparison` trains other rows than the ablation's where a plan names none."""
    file, told = tmp_path / "plan.yaml", []
    file.write_text("train: {faces: [f], cartoons: [c], stage1: 1, stage2: 1}\n")
    rows = {"style": {"method": "gatys"}, "munit": {"method": "munit"}}
    begun = plan("f", "c", rows=rows, baseline=None)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "plan.json").write_text(begun.model_dump_json())

    def tabulate(plan, out, *rest):
        told.append(plan)
        (out / "table.md").write_text("")

    monkeypatch.setattr("toonmark.experiments.experiment.tabulate", tabulate)
    for _ in range(2):
        done = CliRunner().invoke(app, ["experiment", "table", str(file), str(tmp_path / "out")])
        assert done.exit_code == 0, done.output
        file.write_text(file.read_text() + "rows: [basic, full]\n")
    assert list(told[0].rows) == ["style", "munit"]
    assert told[0].baseline is None
    assert list(told[1].rows) == ["basic", "full"]
