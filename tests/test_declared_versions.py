"""The versions that pyproject.toml declares: those that were found broken are not among them."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

FILE = Path(__file__).parents[1] / "pyproject.toml"
PROJECT = tomllib.loads(FILE.read_text("utf-8"))["project"]

#: What was tried and does not work, and why.
BROKEN = {
    # Frames do not name all of their colours; 17 converts those of BT.2020 wrongly.
    "av": ["14.0.0", "16.1.0", "17.1.0"],
    "numpy": ["1.26.4"],  # cannot be installed beside OpenCV 4.12
    "onnxruntime": ["1.18.1"],  # does not work with NumPy 2
    # Lacks what torch 2.7 exports with; fail beside onnx-ir 1.1; 0.7.0 translates pixel_unshuffle
    # to SpaceToDepth, whose channels are in another order (microsoft/onnxscript#2891).
    "onnxscript": ["0.2.0", "0.3.0", "0.5.0", "0.7.0"],
    "python-multipart": ["0.0.18"],  # warns of each sound upload
    # --help breaks with Click 8.5; 0.15.4 asks for a Click that mixes stdout and stderr in tests.
    "typer": ["0.15.0", "0.15.3", "0.15.4"],
}


def requirements():
    extras = (line for lines in PROJECT["optional-dependencies"].values() for line in lines)
    return [Requirement(line) for line in (*PROJECT["dependencies"], *extras)]


@pytest.mark.parametrize("name", BROKEN)
def test_versions_that_do_not_work_are_not_declared(name):
    declared = [found.specifier for found in requirements() if found.name == name]
    assert declared
    for specifier in declared:
        assert not [version for version in BROKEN[name] if specifier.contains(version)]


def test_everything_has_a_lowest_version():
    """Without one, `make lowest` would take the first that was ever published."""
    bounded = {r.name for r in requirements() if any(s.operator == ">=" for s in r.specifier)}
    assert {found.name for found in requirements()} - bounded <= {"toonmark", "types-PyYAML"}


@pytest.mark.parametrize("part", ["using", "web"])
def test_make_lowest_installs_what_its_tests_cannot_do_without(part):
    """Else most of them would be skipped, and the lowest versions pass untried."""
    tests = FILE.parent / "tests" / part / "conftest.py"
    needed = set(re.findall(r'importorskip\("(\w+)', tests.read_text("utf-8")))
    extras = PROJECT["optional-dependencies"]
    installed = {Requirement(line).name for extra in ("video", "web") for line in extras[extra]}
    line = re.search(r"-c \S*lowest\.txt (.*)", (FILE.parent / "Makefile").read_text("utf-8"))
    assert line
    installed |= {name.replace("scikit-image", "skimage") for name in line[1].split()}
    assert needed
    assert needed <= installed
