from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from drawn import SIZE, MakePack, MakeSet
from typer.testing import CliRunner

from toonmark import evaluate
from toonmark.data.dataset import Dataset, write_description
from toonmark.data.split import part_of
from toonmark.errors import ConfigurationError, StyleError
from toonmark.evaluation import Options, evaluate_all
from toonmark.evaluation.cycle import cycle_error
from toonmark.evaluation.drawers import PackDrawer
from toonmark.evaluation.errors import (
    MeasurementWarning,
    NotEnoughPicturesError,
    SamePackNameError,
)
from toonmark.evaluation.features import Extractor
from toonmark.evaluation.networks import EvaluationNetworks
from toonmark.evaluation.scores import Evaluation, Scores
from toonmark.evaluation.scores_page import write_report
from toonmark.evaluation.selection import select

pytestmark = pytest.mark.filterwarnings("ignore::toonmark.evaluation.errors.MeasurementWarning")


class _Thumbnail(Extractor):
    """Stands in for a network: quick, and enough to see whether the right pictures arrive."""

    name, dimensions, size = "thumbnail", 48, 64
    normalisation, weights = "none", "none"
    runs = 0

    def features(self, values):  # type: ignore[no-untyped-def]
        type(self).runs += len(values)
        return values.reshape(len(values), 3, 4, 16, 4, 16).mean((3, 5)).flatten(1) / 64


@pytest.fixture(autouse=True)
def thumbnail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toonmark.evaluation.networks.open_extractor", lambda *_: _Thumbnail())


OPTIONS = Options(held_out=False, backgrounds=2)


def test_a_style_that_does_nothing(make_set: MakeSet, make_pack: MakePack) -> None:
    faces, cartoons = make_set("faces", 10), make_set("cartoons", 14, seed=9)
    scores = evaluate(make_pack(), faces, cartoons, n=6, options=OPTIONS).scores[0]
    assert scores.name == "same"
    assert scores.distance.kid == scores.reference.photos.kid
    assert scores.identity.top1.value == 1
    assert scores.colour.skin_rank_correlation == pytest.approx(1)
    assert scores.colour.skin_difference == 0
    assert scores.diversity.of_faces == pytest.approx(1)
    assert scores.distance.n == (6, 6)
    assert scores.reference.setting.n_other_cartoons == 6
    assert scores.reference.floor is not None
    assert len(scores.items) == 6


def test_a_style_that_inverts(make_set: MakeSet, make_pack: MakePack) -> None:
    faces, cartoons = make_set("faces", 12), make_set("cartoons", 12, seed=9)
    scores = evaluate(make_pack(factor=-1), faces, cartoons, n=12, options=OPTIONS).scores[0]
    assert scores.colour.skin_rank_correlation < -0.9
    assert scores.colour.darkest_tenth_drawn_light == scores.colour.darkest_tenth == 1


def test_the_same_twice_and_from_the_cache(
    make_set: MakeSet, make_pack: MakePack, tmp_path: Path
) -> None:
    faces, cartoons = make_set("faces", 6), make_set("cartoons", 6, seed=9)
    options = Options(held_out=False, backgrounds=0, cache=tmp_path / "cache")
    first = evaluate(make_pack(), faces, cartoons, n=4, options=options).scores[0]
    _Thumbnail.runs = 0
    again = evaluate(make_pack(), faces, cartoons, n=4, options=options).scores[0]
    assert _Thumbnail.runs == 0
    drop = {"milliseconds"}
    assert first.model_dump(exclude=drop) == again.model_dump(exclude=drop)


def test_anything_that_draws_can_be_measured(make_set: MakeSet) -> None:
    class White:
        name, size, iterations = "white", SIZE, 7

        def draw(self, faces: np.ndarray, points: np.ndarray) -> np.ndarray:
            assert points.shape == (len(faces), 5, 2)
            return np.full_like(faces, 255)

    faces, cartoons = make_set("faces", 6), make_set("cartoons", 6, seed=9)
    scores = evaluate(White(), faces, cartoons, n=5, options=OPTIONS).scores[0]
    assert scores.iterations == 7
    assert scores.structure.annotated.not_found == 1
    assert scores.structure.annotated.median is None
    assert scores.identity.top1.value <= 1 / 5
    assert scores.diversity.drawings == pytest.approx(0, abs=1e-3)
    assert scores.cleanness.haze == scores.cleanness.overlap == 0
    assert scores.cleanness.background_outside == 0


def _caveats(make_pack: MakePack, faces: Path, cartoons: Path, n: int) -> str:
    with pytest.warns(MeasurementWarning):
        scores = evaluate(make_pack(), faces, cartoons, n=n, options=OPTIONS).scores[0]
    return " ".join(scores.reference.warnings)


@pytest.mark.filterwarnings("default::toonmark.evaluation.errors.MeasurementWarning")
def test_a_set_compared_with_itself(make_set: MakeSet, make_pack: MakePack) -> None:
    faces = make_set("faces", 6)
    assert "the same folder" in _caveats(make_pack, faces, faces, 4)


@pytest.mark.filterwarnings("default::toonmark.evaluation.errors.MeasurementWarning")
def test_small_sets_of_different_sizes(make_set: MakeSet, make_pack: MakePack) -> None:
    caveats = _caveats(make_pack, make_set("faces", 6), make_set("cartoons", 5, seed=9), 50)
    for caveat in (
        "50 faces were asked for, 6 could be used",
        "look at KID's interval",
        "FID needs more than 48",
        "Training may have seen",
        "KID does not mind sets of different sizes",
        "there is no real-against-real floor",
    ):
        assert caveat in caveats


def test_two_packs_of_one_name(make_set: MakeSet, make_pack: MakePack, tmp_path: Path) -> None:
    one = make_pack()
    (tmp_path / "other").mkdir()
    two = tmp_path / "other" / one.name
    two.write_bytes(one.read_bytes())
    faces = make_set("faces", 4)
    with pytest.raises(SamePackNameError, match="called same"):
        evaluate_all([one, two], faces, faces, options=OPTIONS)


def test_cycle(make_set: MakeSet, make_pack: MakePack) -> None:
    pictures = select(Dataset.open(make_set("faces", 6)), 6, held_out=None)
    tools = EvaluationNetworks.open(OPTIONS)
    half, double = (PackDrawer(make_pack(f"by{k}", k)) for k in (0.5, 2.0))
    there_and_back = cycle_error(half, double, pictures, tools)
    assert there_and_back.l1 < 0.005  # eight bits in between
    assert there_and_back.perceptual < 0.05
    one_way = cycle_error(half, PackDrawer(make_pack()), pictures, tools)
    assert one_way.l1 > 0.1
    assert one_way.perceptual > there_and_back.perceptual


def test_broken_pack(make_set: MakeSet, tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"not a model")
    faces = make_set("faces", 4)
    with pytest.raises(StyleError):
        evaluate(tmp_path / "bad.onnx", faces, faces, options=OPTIONS)


def test_report_needs_no_network(make_set: MakeSet, make_pack: MakePack, tmp_path: Path) -> None:
    faces, cartoons = make_set("faces", 10), make_set("cartoons", 12, seed=9)
    (faces / "9999.png").write_bytes(b"broken")
    with (faces / "landmarks.csv").open("a") as file:
        file.write("9999.png," + ",".join("1234567890") + "\n")
    packs = [make_pack("a<b", 1.0, 100), make_pack("late", 0.5, 200)]
    result = evaluate_all(packs, faces, cartoons, n=11, options=OPTIONS)
    write_report(result, packs, faces, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert not re.search(r"https?://", page)
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert "<script" not in page
    assert "a&lt;b" in page
    assert "<b" not in page.replace("<body", "")
    for heading in ("At a glance", "Over the training", "What failed", "At random"):
        assert heading in page
    assert "9999.png" in page
    assert page.count("data:image/webp") > 20


@pytest.mark.slow
def test_report_compares_each_size_with_its_own_photos_and_counts_all_that_were_lost(
    make_set: MakeSet, tmp_path: Path
) -> None:
    class White:
        iterations = None

        def __init__(self, name: str, size: int) -> None:
            self.name, self.size = name, size

        def draw(self, faces: np.ndarray, points: np.ndarray) -> np.ndarray:
            return np.full_like(faces, 255)

    faces, cartoons = make_set("faces", 25), make_set("cartoons", 25, seed=9)
    styles = [White("large", SIZE), White("small", SIZE // 2)]
    result = evaluate_all(styles, faces, cartoons, n=25, options=OPTIONS)
    large, small = (one.reference.photos.kid.value for one in result.scores)
    assert large != small
    write_report(result, styles, faces, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    for size in (SIZE, SIZE // 2):
        assert f"the photos themselves, {size} px" in page
        assert f", {size} px, seed" in page
    for one in result.scores:
        share = one.distance.kid.value / one.reference.photos.kid.value
        assert f"<td>{100 * share:.0f} %</td>" in page
        assert f"{one.name}: no face was found in 25 cartoons. The first 20 of them:" in page


def test_command(make_set: MakeSet, make_pack: MakePack, tmp_path: Path) -> None:
    from toonmark.cli import app

    faces, cartoons = make_set("faces", 6), make_set("cartoons", 6, seed=9)
    arguments = ["evaluate", str(make_pack()), "--faces", str(faces), "--cartoons", str(cartoons)]
    arguments += ["--all", "--n", "4", "--cache", str(tmp_path / "c"), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "same" in result.output
    written = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert written["scores"][0]["reference"]["setting"]["n_faces"] == 4
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000


def test_python_measures_and_writes_what_the_command_does(
    make_set: MakeSet, make_pack: MakePack, tmp_path: Path
) -> None:
    faces, cartoons = make_set("faces", 6), make_set("cartoons", 6, seed=9)
    asked = {"n": 4, "out": tmp_path / "out", "threads": 1, "options": OPTIONS}
    measured = evaluate(make_pack(), faces, cartoons, **asked)
    assert Evaluation.model_validate_json((asked["out"] / "scores.json").read_text()) == measured
    assert "<h2>At a glance</h2>" in (asked["out"] / "report.html").read_text()
    with pytest.raises(ConfigurationError, match="nothing to measure"):
        evaluate([], faces, cartoons)
    with pytest.raises(ConfigurationError, match="no part training"):
        Options(part="training")


def test_command_tells_errors_in_two_sentences(make_pack: MakePack, tmp_path: Path) -> None:
    from toonmark.cli import app

    nowhere = str(tmp_path / "nowhere")
    arguments = ["evaluate", str(make_pack()), "--faces", nowhere, "--cartoons", nowhere]
    result = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "is no data set" in result.output
    assert not (tmp_path / "out").exists()


def names(scores: Scores) -> list[str]:
    return [item.file for item in scores.items]


@pytest.mark.slow
def test_styles_are_measured_on_what_all_their_runs_held_out(
    make_set: MakeSet, make_pack: MakePack
) -> None:
    faces, cartoons = make_set("faces", 120), make_set("cartoons", 120, seed=9)
    old, new = make_pack("old"), make_pack("new", split="name")
    every = Dataset.open(faces).names
    options = Options(backgrounds=0)
    by_name = evaluate(new, faces, cartoons, options=options).scores[0]
    assert names(by_name) == [name for name in every if part_of(name) == "test"]
    assert not any("position" in caveat for caveat in by_name.reference.warnings)
    assert by_name.reference.setting.part == "test by name"
    by_position = evaluate(old, faces, cartoons, options=options).scores[0]
    assert names(by_position) == list(every[::20])
    assert any("by its position" in caveat for caveat in by_position.reference.warnings)
    with pytest.raises(NotEnoughPicturesError, match="test by name and every 20th by position"):
        evaluate_all([old, new], faces, cartoons, options=options)
    chosen = evaluate(
        new, faces, cartoons, options=Options(backgrounds=0, part="validation")
    ).scores[0]
    assert names(chosen) == [name for name in every if part_of(name) == "validation"]
    assert any("validation pictures" in caveat for caveat in chosen.reference.warnings)


@pytest.mark.slow
def test_a_report_says_where_the_detector_is_no_witness(
    make_set: MakeSet, make_pack: MakePack
) -> None:
    faces, cartoons = make_set("faces", 30), make_set("cartoons", 30, seed=9)
    options = Options(backgrounds=0, held_out=False)

    def said(**style: str) -> list[str]:
        scores = evaluate(make_pack(**style), faces, cartoons, options=options).scores[0]
        return [caveat for caveat in scores.reference.warnings if "mtcnn" in caveat.casefold()]

    assert not said(), "nothing says what made the points"
    write_description(cartoons, {"landmarks": "exact"})
    assert not said()
    write_description(cartoons, {"configuration": {"proposer": "MTCNN"}})
    (of_set,) = said()
    assert "points of cartoons were made by MTCNN" in of_set
    assert "compared with itself" in of_set
    _, of_style = said(name="taught", landmarks_by="MTCNN")
    assert "taught was trained on points that mtcnn made (of taught-set)" in of_style
