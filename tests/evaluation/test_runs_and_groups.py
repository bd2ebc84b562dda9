"""Runs with their way back, groups of people, a pack's own crop, and other point finders."""

from __future__ import annotations

import json
import sys
import time
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import PIL.Image  # before tests change its version
import pytest
from drawn import SIZE, MakePack, MakeSet
from typer.testing import CliRunner

from toonmark import evaluate
from toonmark.errors import DataError, MissingExtraError, PillowTooNewError, RunError
from toonmark.evaluation import Options
from toonmark.evaluation.errors import UnknownFinderError
from toonmark.evaluation.finders import open_finder
from toonmark.evaluation.group_scores import by_group, read_labels
from toonmark.evaluation.run_drawing import open_run_drawer
from toonmark.evaluation.scores import Item
from toonmark.faces.animeface import AnimeFace
from toonmark.landmarks import FACE_TEMPLATE, template_points
from toonmark.styles.pack import StylePack

pytestmark = pytest.mark.filterwarnings("ignore::toonmark.evaluation.errors.MeasurementWarning")
OPTIONS = Options(held_out=False, backgrounds=0)


@pytest.fixture
def run(tmp_path: Path, small_config) -> Path:
    """A run after its first checkpoint: generators that have learnt nothing."""
    from toonmark.artifacts import CHECKPOINT
    from toonmark.training import checkpoint
    from toonmark.training.fabric import make_fabric
    from toonmark.training.landmark_cyclegan import StyleTrainer
    from toonmark.training.run import open_run

    folder = tmp_path / "my-run"
    open_run(folder, type(small_config), small_config)
    trainer = StyleTrainer(small_config, make_fabric("cpu"), threads=1)
    checkpoint.save(folder / CHECKPOINT, trainer.tensors(), {"iteration": "3"})
    return folder


@pytest.mark.slow
def test_a_run_is_drawn_as_its_pack(run: Path, tmp_path: Path) -> None:
    from toonmark.cli.export import export

    export(run, tmp_path / "pack.onnx")
    drawer = open_run_drawer(run)
    assert (drawer.name, drawer.size, drawer.iterations) == ("my-run", 64, 3)
    random = np.random.default_rng(0)
    faces = random.integers(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    points = np.stack([template_points(64)] * 2)
    from toonmark.evaluation.drawers import PackDrawer

    drawn = PackDrawer(tmp_path / "pack.onnx").draw(faces, points).astype(int)
    assert abs(drawer.draw(faces, points) - drawn).max() <= 1
    assert drawer.back is not None
    assert not np.array_equal(drawer.back.draw(faces, points), drawer.draw(faces, points))


@pytest.mark.slow
def test_the_command_measures_a_run_and_its_cycle(
    run: Path, make_set: MakeSet, make_pack: MakePack, tmp_path: Path
) -> None:
    from toonmark.cli import app

    faces, cartoons = make_set("faces", 6), make_set("cartoons", 6, seed=9)
    (faces / "labels.csv").write_text("file,glasses\n0000.png,yes\n0001.png,no\n0002.png,no\n")
    arguments = ["evaluate", str(make_pack()), "--run", str(run), "--faces", str(faces)]
    arguments += ["--cartoons", str(cartoons), "--all", "--n", "6"]
    arguments += ["--cache", str(tmp_path / "c"), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    pack, trained = json.loads((tmp_path / "out" / "scores.json").read_text())["scores"]
    assert pack["cycle"] is None
    for way in ("face", "cartoon"):
        assert trained["cycle"][way]["n"] == 6
        assert trained["cycle"][way]["l1"] > 0.02
    assert [(g["value"], g["n"]) for g in trained["groups"]] == [("no", 2), ("yes", 1)]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "There and back again" in page
    assert "my-run: glasses yes" in page


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a run yet"):
        open_run_drawer(tmp_path)


def test_nothing_to_measure(make_set: MakeSet, tmp_path: Path) -> None:
    from toonmark.cli import app

    faces = str(make_set("faces", 2))
    arguments = ["evaluate", "--faces", faces, "--cartoons", faces, "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "nothing to measure" in result.output


def test_cropping_as_the_pack_wants_it(make_set: MakeSet) -> None:
    """A style with room around the face gets its points where it wants them."""

    class Roomy:
        name, size, iterations = "roomy", SIZE, None
        template = (FACE_TEMPLATE - 0.5) * 0.5 + 0.5
        seen: np.ndarray | None = None

        def draw(self, faces: np.ndarray, points: np.ndarray) -> np.ndarray:
            self.seen = points
            return faces

    faces, drawer = make_set("faces", 4), Roomy()
    evaluate(drawer, faces, faces, n=4, options=Options(held_out=False, backgrounds=0, crop=True))
    wanted = template_points(SIZE, drawer.template)
    assert drawer.seen == pytest.approx(np.stack([wanted] * 4), abs=1e-6)
    evaluate(drawer, faces, faces, n=4, options=OPTIONS)
    assert drawer.seen == pytest.approx(np.stack([template_points(SIZE)] * 4), abs=1e-6)


def test_a_pack_says_what_it_wants(make_pack: MakePack) -> None:
    from toonmark.evaluation.drawers import PackDrawer, template_of

    path = make_pack()
    assert template_of(PackDrawer(path)) == pytest.approx(
        np.array(StylePack.open(path).metadata.template)
    )


def _item(file: str, rank: int, error: float | None = 0.1) -> Item:
    return Item(
        file=file, error=error, rank=rank, skin_photo=50, skin_cartoon=56, skin_difference=4,
        hair_difference=None,
    )  # fmt: skip


def test_groups(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(
        "file,age,name\na,old,ann\nb,old,bo\nc,young,cy\nd,,di\ne,young,ed\n"
    )
    labels = read_labels(tmp_path)
    items = [_item("a", 1), _item("b", 3, None), _item("c", 1), _item("d", 1), _item("x", 1)]
    old, young = (g for g in by_group(items, labels) if g.label == "age")
    assert (old.value, old.n, old.top1.value, old.not_found) == ("old", 2, 0.5, 0.5)
    assert (young.value, young.n, young.top1.value, young.lightness_shift) == ("young", 1, 1, 6)
    assert read_labels(tmp_path / "none") == {}
    # A label that all share, and one that names everybody, make no groups.
    many = {str(i): {"same": "a", "name": str(i)} for i in range(30)}
    assert by_group([_item(str(i), 1) for i in range(30)], many) == []


def test_labels_that_cannot_be_understood(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("picture,age\na,old\n")
    with pytest.raises(DataError, match="no column file"):
        read_labels(tmp_path)


def test_unknown_finder() -> None:
    with pytest.raises(UnknownFinderError, match="Did you mean mtcnn"):
        open_finder("mtcn")


def test_animeface_says_that_pillow_is_too_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PIL, "__version__", "12.0.0")
    monkeypatch.setitem(sys.modules, "animeface", types.SimpleNamespace(detect=None))
    with pytest.raises(PillowTooNewError, match="pillow<12"):
        open_finder("animeface")


def test_animeface_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PIL, "__version__", "11.3.0")
    monkeypatch.setitem(sys.modules, "animeface", None)
    with pytest.raises(MissingExtraError, match="toonmark\\[anime\\]"):
        open_finder("animeface")


@pytest.mark.parametrize("times", [1, 2])
def test_animeface_s_left_is_the_person_s(times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 128 pixels with a margin of 32 it sees each; of twice as many, two by two at once."""

    def part(x: int, y: int, width: int = 0, height: int = 0) -> types.SimpleNamespace:
        return types.SimpleNamespace(
            pos=types.SimpleNamespace(x=x, y=y, width=width, height=height)
        )

    face = types.SimpleNamespace(
        likelihood=0.9,
        face=part(60, 60, 80, 80),
        left_eye=part(112, 92, 10, 6),
        right_eye=part(72, 92, 10, 6),
        nose=part(96, 110),
        mouth=part(86, 122, 20, 8),
    )
    module = types.SimpleNamespace(detect=lambda picture: [face] if picture.width == 192 else [])
    monkeypatch.setattr(PIL, "__version__", "11.3.0")
    monkeypatch.setitem(sys.modules, "animeface", module)
    found = AnimeFace().find(np.full((times * 128, times * 128, 3), 255, np.uint8))
    assert found is not None
    seen = np.array([[44.5, 62.5], [84.5, 62.5], [64, 78], [54, 93.5], [73, 93.5]])
    assert found.tolist() == (times * seen + (times - 1) / 2).tolist()


def test_animeface_is_asked_by_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once: list[int] = []
    most = []

    def detect(picture: object) -> list[object]:
        at_once.append(1)
        time.sleep(0.01)
        most.append(len(at_once))
        at_once.pop()
        return []

    monkeypatch.setattr(PIL, "__version__", "11.3.0")
    monkeypatch.setitem(sys.modules, "animeface", types.SimpleNamespace(detect=detect))
    finder = AnimeFace()
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(finder.find, [np.zeros((8, 8, 3), np.uint8)] * 8))
    assert found == [None] * 8
    assert max(most) == 1
