"""``toonmark data`` from the command line, and files that are not what they seem."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from toonmark.cli.application import app
from toonmark.data.sources.build import build
from toonmark.data.sources.folder import Folder
from toonmark.faces.detect import face_from_points
from toonmark.landmarks import template_points


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_errors_are_told_in_two_sentences_and_no_traceback(tmp_path: Path) -> None:
    code, output = run("data", "check", tmp_path / "nowhere")
    assert code == 2
    assert "is no data set" in output
    assert "toonmark data folder PHOTOS OUT" in output
    assert "Traceback" not in output
    code, output = run("data", "landmarks", tmp_path)
    assert (code, "holds no pictures" in output) == (2, True)
    code, output = run("annotate", tmp_path, "--no-browser")
    assert (code, "holds no pictures" in output) == (2, True)


def test_help_names_all_subcommands() -> None:
    code, output = run("data", "--help")
    assert code == 0
    for name in (
        *("folder", "celeba", "cartoons", "anime", "dicebear", "crop", "check", "show"),
        *("landmarks", "import", "export", "backgrounds"),
    ):
        assert name in output


def noise(seed: int, size: int = 160) -> Image.Image:
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 255, (8, 8, 3), np.uint8))
    grown = np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC), int)
    grain = random.integers(-30, 30, (size, size, 1))
    return Image.fromarray(np.clip(grown + grain, 0, 255).astype(np.uint8))


def test_animated_enormous_and_misnamed_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    frames = [noise(seed) for seed in (1, 2)]
    frames[0].save(photos / "moving.webp", save_all=True, append_images=frames[1:], quality=95)
    noise(3).save(photos / "really a PNG.jpg", format="PNG")
    noise(4, 400).save(photos / "enormous.png")
    (photos / "page.png").write_text("<html>404</html>")
    photos.chmod(0o555)
    before = {path: path.stat().st_mtime_ns for path in (photos, *photos.iterdir())}
    monkeypatch.setenv("TOONMARK_MAX_PIXELS", "100000")
    found = ("fake", lambda image: [face_from_points(template_points(image.shape[0]))])
    dataset = build(Folder(root=photos, size=64, detector=found), tmp_path / "set")
    left_out = json.loads((tmp_path / "set" / "dataset.json").read_text())["left out"]
    assert {entry["photo"] for entry in left_out["unreadable"]} == {"enormous.png", "page.png"}
    kept = {entry["photo"] for entry in dataset.description["pictures"].values()}
    assert kept == {"moving.webp", "really a PNG.jpg"}
    assert before == {path: path.stat().st_mtime_ns for path in before}
    photos.chmod(0o755)
