"""The documentation's commands exist, its three starts run, its examples in docstrings hold."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from tests.conftest import draw_faces

from toonmark.cli.application import COMMANDS, load

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]


def blocks(page: Path, language: str = "") -> list[str]:
    """A page's code blocks in one language, also those within lists."""
    text = page.read_text("utf-8")
    found = re.findall(r"^( *)```(\w*)\n(.*?)^ *```$", text, re.S | re.M)
    return [
        re.sub(rf"^{indent}", "", block, flags=re.M)
        for indent, spoken, block in found
        if spoken == language
    ]


def commands(page: Path) -> list[list[str]]:
    """Every ``toonmark ...`` line, continued lines joined."""
    text = "\n".join(blocks(page)).replace("\\\n", " ")
    lines = [re.split(r"\s#", line)[0].strip() for line in text.splitlines()]
    return [shlex.split(line) for line in lines if line.startswith("toonmark ")]


EVERY = [(page, words) for page in PAGES for words in commands(page)]


@pytest.mark.parametrize(
    "words", [words for _, words in EVERY], ids=[f"{p.stem}: {' '.join(w)}" for p, w in EVERY]
)
def test_each_command_is_understood(words):
    name, *rest = words[1:]
    assert name in COMMANDS
    command = load(name)
    while hasattr(command, "commands"):  # a group of commands, such as `toonmark data`
        command = command.commands[rest.pop(0)]
    context = typer.Context(command, info_name=name, resilient_parsing=False)
    command.make_parser(context).parse_args(list(rest))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_rows_of_tables_have_a_cell_for_each_column(page):
    """Rows that were printed by another table would stand under the wrong words."""
    text = re.sub(r"^( *)```.*?^ *```$", "", page.read_text("utf-8"), flags=re.S | re.M)
    for table in re.findall(r"(?:^ *\|.*\n)+", text, re.M):
        rows = [re.split(r"(?<!\\)\|", line.strip())[1:-1] for line in table.splitlines()]
        assert {len(row) for row in rows} == {len(rows[0])}, rows[0]


def test_there_are_commands_to_check():
    assert len(EVERY) >= 40
    assert all(commands(page) for page in (DOCS / "start").glob("*.md"))


def told_commands() -> set[str]:
    """Commands that docstrings, help and errors name: in backticks, or behind a colon."""
    found = set()
    for file in (ROOT / "src" / "toonmark").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [n.value if isinstance(n, ast.Constant) else "X" for n in node.values]
                text = "".join(map(str, parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
            else:
                continue
            text = " ".join(text.split())
            found |= set(re.findall(r"`+(toonmark [^`]+)`+", text))
            found |= set(re.findall(r"\w: (toonmark [a-z][^:`]+)$", text))
    return found


@pytest.mark.parametrize("told", sorted(told_commands()))
def test_commands_that_messages_name_are_there(told):
    name, *rest = [word.rstrip(".,") for word in told.split()[1:]]
    if name in ("X", "--help"):
        return
    assert name in COMMANDS
    command = load(name)
    if hasattr(command, "commands") and rest and rest[0] != "X":
        command = command.commands[rest.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= known | {"--help"}


def test_modules_say_in_their_first_words_what_they_are():
    riddles = []
    for file in sorted((ROOT / "src" / "toonmark").rglob("*.py")):
        text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        if re.match(r"(What|Which|How|Where|Who|Under|From|Are|Is|Does|Do|Can|No)\b", text):
            riddles.append(f"{file.name}: {text.splitlines()[0]}")
    assert not riddles


def run(folder: Path, words: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert result.returncode == 0, (words, result.stderr[-2000:])


@pytest.fixture
def astronaut():
    return pytest.importorskip("skimage.data").astronaut()


@pytest.fixture
def me(tmp_path, astronaut):
    """A folder in which a newcomer has a photo."""
    from PIL import Image

    Image.fromarray(astronaut).save(tmp_path / "me.jpg")
    return tmp_path


@pytest.mark.slow
def test_a_picture_of_me(me):
    for words in commands(DOCS / "start/picture.md"):
        run(me, words)
    made = {path.name for path in me.iterdir()}
    assert {"me-toon.png", "me-flat.png", "me-in-photo.jpg", "me-sticker.png"} <= made


@pytest.mark.slow
def test_an_app(me, monkeypatch):
    (code,) = blocks(DOCS / "start/app.md", "python")
    monkeypatch.chdir(me)
    names: dict = {}
    exec(code, names)
    assert (me / "face1.png").is_file()
    assert names["draw"](b"no photo") == []


def test_the_addresses_that_the_app_calls_are_there(me):
    pytest.importorskip("httpx2")
    testing = pytest.importorskip("starlette.testclient")
    from toonmark.web.app import create_app

    calls = re.findall(r"localhost:8000(/\S*?)[\"\s`]", (DOCS / "start/app.md").read_text("utf-8"))
    assert {"/cartoonize?style=comic", "/cartoonize", "/", "/docs"} <= set(calls)
    with testing.TestClient(create_app(), base_url="http://localhost") as client:
        for path in [path for path in calls if path.startswith("/cartoonize")]:
            answer = client.post(path, content=(me / "me.jpg").read_bytes())
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "image/png"


@pytest.mark.slow
def test_a_style_of_my_own(me, astronaut):
    """With a handful of pictures and iterations; how well it draws is not asked."""
    pytest.importorskip("torch")
    if not shutil.which("npm"):
        pytest.skip("render-cartoons needs npm")
    from PIL import Image

    (me / "photos").mkdir()
    for i, angle in enumerate(np.linspace(-8, 8, 8)):
        photo = Image.fromarray(astronaut).rotate(angle)
        photo.crop((60 + i, 0, 440 + i, 380)).save(me / f"photos/{i}.png")
    fewer = {"--count": "24", "iterations": "2", "stage1": "2", "stage2": "2"}
    for words in commands(DOCS / "start/style.md"):
        words = [*words]
        for at, word in enumerate(words):
            if word in fewer:
                words[at + 1] = fewer[word]
            elif word.partition("=")[0] in fewer:
                words[at] = f"{word.partition('=')[0]}={fewer[word.partition('=')[0]]}"
        run(me, words)
    assert (me / "me-mine.png").is_file()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name == "toonmark.making"))  # it trains
        for path in sorted((ROOT / "src").rglob("*.py"))
        if ">>> " in path.read_text("utf-8")
        for dotted in [".".join(path.relative_to(ROOT / "src").with_suffix("").parts)]
        for name in [dotted.removesuffix(".__init__")]
    ],
)
def test_the_examples_in_docstrings_hold(name, me, monkeypatch):
    """In a folder with a photo, ``me.jpg``, and sets of four ``faces`` and ``cartoons``."""
    import doctest

    draw_faces(me / "faces", 4)
    draw_faces(me / "cartoons", 4, seed=1, ink=40)
    monkeypatch.chdir(me)
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        pytest.skip(str(error))
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


@pytest.mark.slow
def test_the_site_is_built_and_no_link_is_broken(tmp_path):
    pytest.importorskip("mkdocs")
    pytest.importorskip("mkdocstrings_handlers")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", tmp_path / "site"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    paper = (tmp_path / "site/paper/index.html").read_text("utf-8")
    assert 'href="../reference/method/#toonmark.losses.cycle_consistency"' in paper
    assert (tmp_path / "site/repository/recipes/comic.sh").is_file()


def test_pictures_and_links_of_the_readme_are_there():
    text = (ROOT / "README.md").read_text("utf-8")
    for path in re.findall(r"\]\(([^)#:\s]+)\)", text):
        assert (ROOT / path).is_file(), path
