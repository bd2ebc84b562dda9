"""What the README tells people to type is there: each command, each option."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from toonmark.cli.application import COMMANDS, app, load

README = Path(__file__).parents[1] / "README.md"


def commands() -> list[list[str]]:
    """Every `toonmark ...` line of the README's code blocks, continued lines joined."""
    blocks = re.findall(r"```(\w*)\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    text = "\n".join(block for language, block in blocks if not language).replace("\\\n", " ")
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    return [shlex.split(line) for line in lines if line.startswith("toonmark ")]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_each_command_is_understood(words):
    name, *rest = words[1:]
    assert name in COMMANDS
    command = load(name)
    while hasattr(command, "commands"):  # a group of commands, such as `toonmark data`
        command = command.commands[rest.pop(0)]
    context = typer.Context(command, info_name=name, resilient_parsing=False)
    command.make_parser(context).parse_args(list(rest))


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


def test_there_are_commands_to_check():
    assert len(commands()) >= 8


def test_make_has_the_two_commands_of_the_readme():
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", README.read_text(encoding="utf-8"), re.M):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_the_pictures_are_there():
    for path in re.findall(r"!\[.*?\]\((.*?)\)", README.read_text(encoding="utf-8")):
        assert (README.parent / path).is_file(), path


def test_help_lists_every_command():
    from typer.testing import CliRunner

    shown = CliRunner().invoke(app, ["--help"]).output
    for name in COMMANDS:
        assert name in shown
