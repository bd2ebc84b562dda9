"""The README's Python runs, its make targets exist, --help lists what there is."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from toonmark.cli.application import COMMANDS, app

README = Path(__file__).parents[1] / "README.md"


def test_the_python_of_the_readme_keeps_every_face(tmp_path, monkeypatch):
    import numpy as np
    from PIL import Image

    data = pytest.importorskip("skimage.data", reason="scikit-image is not installed")
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.hstack([data.astronaut()] * 2)).save("party.jpg")
    exec(code, {})
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["face1.png", "face2.png"]


def test_the_header_of_landmarks_is_the_readmes():
    from toonmark.landmarks import NAMES

    header = ",".join(["file", *(f"{name}_{axis}" for name in NAMES for axis in "xy")])
    assert f"`{header}`" in README.read_text(encoding="utf-8")


def rows(page: Path, title: str) -> list[str]:
    """A page's table under its line of titles that has this one in it, spaces left out."""
    lines = page.read_text(encoding="utf-8").splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("|") and title in line)
    return [
        re.sub(r" +", " ", line)
        for line in itertools.takewhile(lambda line: line.startswith("|"), lines[first:])
    ]


def test_what_ships_is_measured_once():
    """The README, the results and the card of `comic` have the same table."""
    printed = rows(README.parent / "docs/results.md", "| goal | `comic`")
    assert len(printed) > 8
    card = README.parent / "src/toonmark/styles/comic.md"
    for page in (README, card):
        assert rows(page, "| goal | `comic`") == printed


def test_make_has_the_two_commands_of_the_readme():
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", README.read_text(encoding="utf-8"), re.M):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_help_lists_every_command():
    from typer.testing import CliRunner

    shown = CliRunner().invoke(app, ["--help"]).output
    for name in COMMANDS:
        assert name in shown
