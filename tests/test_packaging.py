"""What people install, cite and run in containers agrees with what is there."""

from __future__ import annotations

import os
import re
import runpy
import sys
import tomllib
import types
from pathlib import Path

import pytest

from toonmark._version import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
TARGETS = set(re.findall(r"^([a-z ]+):(?!=)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
TARGETS = {name for names in TARGETS for name in names.split()}
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_workflows_call_targets_that_exist(file):
    yaml = pytest.importorskip("yaml")
    content = yaml.safe_load(file.read_text("utf-8"))
    called = set()
    for job in content["jobs"].values():
        assert job["runs-on"]
        for step in job["steps"]:
            command = re.sub(r"\$\{\{.*?\}\}", "x", step.get("run", ""))
            if command.startswith("make "):
                called |= {word for word in command.split()[1:] if "=" not in word}
    assert called
    assert called <= TARGETS


def test_workflows_try_the_pythons_that_are_declared():
    yaml = pytest.importorskip("yaml")
    matrix = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    tried = matrix["jobs"]["test"]["strategy"]["matrix"]["python"]
    prefix = "Programming Language :: Python :: "
    declared = [c.removeprefix(prefix) for c in PROJECT["project"]["classifiers"]]
    assert tried == [version for version in declared if re.fullmatch(r"3\.\d+", version)]


def test_classifiers_exist():
    known = pytest.importorskip("trove_classifiers").classifiers
    assert not set(PROJECT["project"]["classifiers"]) - known


def test_the_citation_is_of_this_version():
    yaml = pytest.importorskip("yaml")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == __version__
    assert citation["license"] == PROJECT["project"]["license"]
    assert "1907.01424" in citation["preferred-citation"]["url"]


def test_the_container_runs_what_there_is_without_rights():
    lines = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    last = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert "USER 10001" in last
    (check,) = (line for line in last if line.startswith("HEALTHCHECK"))
    (command,) = (line for line in last if line.startswith("ENTRYPOINT"))
    assert command.startswith('ENTRYPOINT ["toonmark", "serve"')
    options = (ROOT / "src/toonmark/cli/serve.py").read_text("utf-8")
    for option in re.findall(r'"--(\w+)"', command):
        assert re.search(rf"^    {option}: ", options, re.MULTILINE), option
    (path,) = re.findall(r":8000(/\w+)", check)
    assert f'"{path}"' in (ROOT / "src/toonmark/web/api.py").read_text("utf-8")
    taken = [w for x in lines if re.match(r"COPY (?!--)", x) for w in x.split()[1:-1]]
    let_in = (ROOT / ".dockerignore").read_text("utf-8").split()
    for place in taken:
        assert (ROOT / place).exists()
        assert f"!{place.split('/')[0]}" in let_in


def test_what_the_source_needs_is_in_it():
    listed = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert all((ROOT / name).exists() for name in listed)


@pytest.mark.parametrize(
    "file", sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")), ids=lambda file: file.stem
)
def test_issue_forms_are_sound(file):
    yaml = pytest.importorskip("yaml")
    content = yaml.safe_load(file.read_text("utf-8"))
    if file.stem == "config":
        assert content["blank_issues_enabled"]
        return
    assert content["name"]
    assert content["description"]
    kinds = {"markdown", "textarea", "input", "checkboxes"}
    assert {part["type"] for part in content["body"]} <= kinds
    asked = [part for part in content["body"] if part["type"] != "markdown"]
    assert len({part["id"] for part in asked}) == len(asked)
    assert any(part.get("validations", {}).get("required") for part in asked)


def test_the_lock_has_every_declared_package():
    from packaging.requirements import Requirement

    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
    locked = {package["name"]: package.get("version") for package in lock["package"]}
    extras = PROJECT["project"]["optional-dependencies"].values()
    declared = [Requirement(x) for x in PROJECT["project"]["dependencies"]]
    declared += [Requirement(line) for lines in extras for line in lines]
    for one in declared:
        assert one.name.lower() in locked, f"{one.name}: run make lock"
        version = locked[one.name.lower()]
        assert one.name == "toonmark" or one.specifier.contains(version), f"{one}: run make lock"


@pytest.mark.skipif(os.name == "nt", reason="npm is no shell script there")
def test_a_page_that_cannot_be_built_is_said_and_ends_no_install(tmp_path, monkeypatch):
    """As with an old Node.js, or without a network."""
    interface = types.ModuleType("hatchling.builders.hooks.plugin.interface")
    interface.BuildHookInterface = object
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    hook = runpy.run_path(str(ROOT / "web/hatch_build.py"))["PageBuildHook"]()
    (tmp_path / "web").mkdir()
    said = []
    hook.root, hook.target_name = str(tmp_path), "wheel"
    hook.app = types.SimpleNamespace(display_warning=said.append)
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\nexit 3\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    hook.initialize("standard", {})
    assert len(said) == 2
    assert "exit status 3" in said[0]
    assert "the API without it" in said[1]
