"""`toonmark data layers` and `toonmark train-layers`, by running them without the networks."""

from __future__ import annotations

import json
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from toonmark.cli.application import app
from toonmark.data.dataset import Dataset, write_description, write_landmarks
from toonmark.data.face_mesh import MeshFace
from toonmark.data.layers import layer_set as layer_sets
from toonmark.data.layers import person_matte
from toonmark.data.layers.layer_set import flaw, within_photo, write_layers
from toonmark.data.layers.person_matte import PersonMatte
from toonmark.errors import ConfigurationError, DataError
from toonmark.landmarks import PORTRAIT_TEMPLATE, template_points
from toonmark.models.drawing_layers import Layer

SIZE = 256


@pytest.fixture
def portraits(tmp_path, portrait, monkeypatch):
    """A set of three portraits in the portrait frame, and stand-ins for the two networks.

    Of the second the matte lacks the shoulders.
    """
    folder = tmp_path / "portraits"
    (folder / "images").mkdir(parents=True)
    known, rows = {}, []
    for i in range(3):
        photo, alpha, dense = portrait(SIZE, seed=i)
        if i == 1:
            alpha = alpha * (np.arange(SIZE) < 190)[:, None]
        cv2.imwrite(str(folder / "images" / f"{i}.png"), photo[..., ::-1])
        known[photo.tobytes()] = (alpha, dense)
        rows.append((f"{i}.png", template_points(SIZE, PORTRAIT_TEMPLATE)))
    write_landmarks(folder / "landmarks.csv", rows)
    description = {"format": 1, "source": "made up", "terms": "Any use.", "size": SIZE}
    write_description(folder, description | {"template": PORTRAIT_TEMPLATE.tolist()})

    class Mesh:
        def __call__(self, image, coarse):
            return MeshFace(known[image.tobytes()][1], np.asarray(coarse), 0.9)

    class Mattes:
        calls = 0

        def __call__(self, image, shown):
            Mattes.calls += 1
            assert shown.all()
            return known[image.tobytes()][0]

    monkeypatch.setattr(layer_sets, "FaceMesh", Mesh)
    monkeypatch.setattr(layer_sets, "PersonMatte", Mattes)
    return folder, Mattes


def run(name, *arguments):
    return CliRunner().invoke(app, [name, *map(str, arguments)])


def test_a_set_is_taken_apart_and_gone_on_with(portraits, tmp_path):
    folder, mattes = portraits
    out = tmp_path / "layers"
    kept, left_out = write_layers(folder, out)
    assert (kept, left_out) == (2, {"no shoulders in the matte": 1})
    layers = Dataset.open(out)
    assert list(layers.names) == ["0.png", "2.png"]
    assert layers.description["terms"] == "Any use."
    assert layers.description["counts"]["left out"] == left_out
    labels = cv2.imread(str(out / "layers" / "0.png"), cv2.IMREAD_GRAYSCALE)
    assert {Layer.SKIN, Layer.OUTLINE, Layer.LIPS} <= set(np.unique(labels))
    assert (out / "mattes" / "0.png").exists()
    (out / "layers" / "2.png").unlink()
    before = mattes.calls
    assert write_layers(folder, out) == (kept, left_out)
    assert mattes.calls - before == 2, "the one that is gone, and the one that is no good"
    text = json.loads((out / "dataset.json").read_text())
    text["configuration"]["layers_version"] = 0
    (out / "dataset.json").write_text(json.dumps(text))
    with pytest.raises(ConfigurationError, match="layers_version"):
        write_layers(folder, out)
    assert write_layers(folder, out, force=True)[0] == 2


@pytest.mark.slow
def test_the_commands_make_a_set_a_run_and_a_style(portraits, tmp_path):
    folder, _ = portraits
    result = run("data", "layers", folder, tmp_path / "layers")
    assert result.exit_code == 0, result.output
    assert "2 portraits are in" in result.output
    options = ("size=128", "width=16", "iterations=2", "batch=1")
    run_folder, style = tmp_path / "run", tmp_path / "flat.onnx"
    settings = [part for option in options for part in ("--set", option)]
    result = run("train-layers", run_folder, "--layers", tmp_path / "layers", *settings)
    assert result.exit_code == 0, result.output
    assert "held-out portraits" in result.output
    result = run("export", run_folder, style, "--half", "--look", "flat")
    assert result.exit_code == 0, result.output
    assert style.stat().st_size < 1e6


def test_what_cannot_be_taken_apart_is_refused_first(portraits, tmp_path, face_set):
    folder, _ = portraits
    with pytest.raises(ConfigurationError, match="Name another folder"):
        write_layers(folder, folder)
    with pytest.raises(DataError, match="--frame portrait --size 512"):
        write_layers(face_set, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_person_is_what_two_networks_take_for_one(portrait, monkeypatch):
    """The second decides where it is sure; beyond the photo there is nobody."""
    photo, alpha, _ = portrait(SIZE)
    shoulders = (np.arange(SIZE) > 190)[:, None]
    lost, shown = alpha * ~shoulders, np.ones((SIZE, SIZE), bool)
    monkeypatch.setattr(person_matte, "Matting", lambda: SimpleNamespace(coarse=lambda _: lost))
    monkeypatch.setattr(person_matte, "SelfieMask", lambda: lambda _: alpha)
    whole = PersonMatte()(photo, shown)
    inside = cv2.erode((alpha > 0.5).astype(np.uint8), np.ones((15, 15))) > 0
    assert whole[inside].min() > 0.5
    assert whole[cv2.dilate((alpha > 0.5).astype(np.uint8), np.ones((15, 15))) == 0].max() < 0.1
    shown[:, :100] = False
    assert PersonMatte()(photo, shown)[:, :100].max() == 0
    monkeypatch.setattr(person_matte, "SelfieMask", lambda: lambda _: alpha * 0.4)
    doubtful = PersonMatte()(photo, np.ones((SIZE, SIZE), bool))
    assert np.median(doubtful[inside & shoulders]) < 0.2
    assert np.median(doubtful[inside & ~shoulders]) > 0.5


def test_the_photo_is_convex_and_white_within_it_is_no_edge():
    crop = np.full((64, 64, 3), 255, np.uint8)
    corners = np.array([[10, 5], [60, 12], [55, 60], [6, 50]])
    cv2.fillConvexPoly(crop, corners, (90, 90, 90))
    crop[20:30, 20:40] = 255  # a white wall
    wanted = np.zeros((64, 64), np.uint8)
    cv2.fillConvexPoly(wanted, corners, 1)
    assert (within_photo(crop) == (wanted > 0)).mean() > 0.97, "to a pixel"
    assert not within_photo(np.full((8, 8, 3), 255, np.uint8)).any()


def test_mattes_without_shoulders_or_head_are_told(portrait):
    _, alpha, dense = portrait(SIZE)
    known = np.ones((SIZE, SIZE), bool)
    assert flaw(alpha, dense, known) is None
    cut = alpha.copy()
    cut[205:] = 0
    assert flaw(cut, dense, known) == "no shoulders in the matte"
    known[205:] = False
    assert flaw(cut, dense, known) is None, "they are beyond the photo"
    cut[:90] = 0
    assert flaw(cut, dense, known) == "no head in the matte"
