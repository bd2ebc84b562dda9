"""The programs in examples/ run; those whose packages are not there are skipped."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from toonmark.landmarks import template_points
from toonmark.styles import StylePack
from toonmark.styles.pack import FOLDER

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    """The readers in JavaScript and C++ that this machine can run."""
    found = {}
    if node := shutil.which("node"):
        found["node"] = [node, str(EXAMPLES / "read_pack.mjs")]
    if compiler := shutil.which("g++"):
        program = tmp_path_factory.mktemp("cpp") / "read_pack"
        flags = ["-std=c++17", "-Wall", "-Werror"]
        subprocess.run([compiler, *flags, "-o", program, EXAMPLES / "read_pack.cpp"], check=True)
        found["g++"] = [str(program)]
    return found


@pytest.mark.parametrize("reader", ["node", "g++"])
@pytest.mark.parametrize("style", ["comic", "flat", "toon"])
def test_a_reader_says_what_a_pack_says(readers, reader, style):
    if reader not in readers:
        pytest.skip(f"{reader} is not here")
    path = FOLDER / f"{style}.onnx"
    said = subprocess.run([*readers[reader], path], capture_output=True, check=True).stdout
    expected = StylePack.open(path, threads=1).metadata
    said = json.loads(said)
    assert (said["name"], said["size"]) == (style, expected.size)
    assert said["template"] == [list(point) for point in expected.template]
    assert said.get("outside", "edge") == expected.outside
    assert said["terms"] == expected.terms


@pytest.mark.parametrize("reader", ["node", "g++"])
def test_a_reader_refuses_another_model(readers, reader):
    if reader not in readers:
        pytest.skip(f"{reader} is not here")
    path = ROOT / "src/toonmark/faces/yunet.onnx"
    result = subprocess.run([*readers[reader], path], capture_output=True, check=False)
    assert result.returncode != 0
    assert b"no style pack" in result.stderr


def test_the_javascript_draws_as_python_does(readers, tmp_path):
    modules = ROOT / "web/node_modules"
    if "node" not in readers or not (modules / "onnxruntime-web").is_dir():
        pytest.skip("onnxruntime-web is not installed (npm ci --prefix web)")
    (tmp_path / "node_modules").symlink_to(modules)
    shutil.copy(EXAMPLES / "read_pack.mjs", tmp_path)
    pack = StylePack.open("toon", threads=1)
    size = pack.metadata.size
    ramp = np.linspace(-1, 1, size, dtype=np.float32)
    face = np.stack([ramp[:, None] + 0 * ramp, ramp + 0 * ramp[:, None], 0 * ramp + ramp[:, None]])
    points = template_points(size, np.array(pack.metadata.template)).astype(np.float32)
    face.astype("<f4").tofile(tmp_path / "face")
    points.astype("<f4").tofile(tmp_path / "points")
    command = ["node", "read_pack.mjs", FOLDER / "toon.onnx", "face", "points", "out"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=300)
    drawn = np.fromfile(tmp_path / "out", "<f4").reshape(face.shape)
    expected = pack.draw(face[None], points[None])[0]
    assert np.abs(np.clip(drawn, -1, 1) - expected).max() < 2e-3


def test_gradio(astronaut):
    gradio = pytest.importorskip("gradio")
    module = load("gradio_app")
    assert module.draw(astronaut).shape == (512, 512, 3)
    with pytest.raises(gradio.Error, match="No face"):
        module.draw(np.full((200, 200, 3), 255, np.uint8))


def test_comfyui(astronaut):
    torch = pytest.importorskip("torch")
    node = load("comfyui_node").NODE_CLASS_MAPPINGS["ToonmarkCartoon"]
    assert "comic" in node.INPUT_TYPES()["required"]["style"][0]
    image = torch.from_numpy(np.stack([astronaut, astronaut])).float() / 255
    drawn, mask = getattr(node(), node.FUNCTION)(image, "comic", 128)
    assert drawn.shape == (2, 128, 128, 3)
    assert mask.shape == (2, 128, 128)
    assert 0 <= drawn.min() <= drawn.max() <= 1
    assert mask[0, 0, 0] == 1  # white around the figure
    assert mask[0, 64, 64] == 0


def test_hugging_face(astronaut, tmp_path):
    datasets = pytest.importorskip("datasets")
    from PIL import Image

    module = load("hugging_face_map")
    empty = Image.new("RGB", (200, 200), "white")
    photos = datasets.Dataset.from_dict(
        {"image": [Image.fromarray(astronaut), empty]},
        features=datasets.Features({"image": datasets.Image()}),
    )
    rows = list(module.drawn(photos))
    assert rows[0]["cartoon"].size == (512, 512)
    assert rows[0]["problem"] == ""
    assert rows[1]["cartoon"] is None
    assert "No face" in rows[1]["problem"]


def test_they_are_as_short_as_the_documentation_says():
    def lines(name):
        text = (EXAMPLES / name).read_text("utf-8")
        return len([line for line in text.splitlines() if line.strip()])

    assert lines("gradio_app.py") <= 15
    assert lines("comfyui_node.py") <= 40
    assert lines("read_pack.mjs") <= 40
    assert lines("read_pack.cpp") <= 40
