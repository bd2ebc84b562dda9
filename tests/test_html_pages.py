"""Pages are filled in with nothing that a browser would take for theirs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

jinja2 = pytest.importorskip("jinja2")

from toonmark import html_pages  # noqa: E402
from toonmark.html_pages import filled_in  # noqa: E402

EVIL = "<b>&\"'"


def frame(tmp_path, monkeypatch, body):
    """A page of its own on the frame that all share."""
    folder = Path(html_pages.__file__).parent
    (tmp_path / "own.html").write_text(
        f'{{% extends "report.html" %}}{{% block body %}}{body}{{% endblock %}}'
    )
    environment = html_pages._environment()
    monkeypatch.setattr(environment, "loader", jinja2.FileSystemLoader([tmp_path, folder]))


def test_what_is_given_is_escaped_everywhere(tmp_path, monkeypatch):
    frame(tmp_path, monkeypatch, '<p title="{{ name }}">{{ name }}</p>')
    page = filled_in("own.html", title=EVIL, name=EVIL)
    assert page.count("&lt;b&gt;&amp;&#34;&#39;") == 4
    assert "<b>" not in page


def test_what_another_template_made_is_not_escaped_again(tmp_path, monkeypatch):
    frame(tmp_path, monkeypatch, "{{ drawn }}")
    bar = filled_in("bar.svg", value=1, low=0, high=2, colour=EVIL, width=9, px=str)
    assert bar in filled_in("own.html", title="", drawn=bar)
    assert "<b>" not in bar


def test_a_value_that_is_not_given_is_an_error(tmp_path, monkeypatch):
    frame(tmp_path, monkeypatch, "{{ forgotten }}")
    with pytest.raises(jinja2.UndefinedError, match="forgotten"):
        filled_in("own.html", title="")


def test_no_page_loads_or_sends_anything():
    for file in Path(html_pages.__file__).parent.iterdir():
        if file.suffix in (".html", ".svg", ".css"):
            text = file.read_text("utf-8")
            assert "|safe" not in text
            assert "<script" not in text
            assert "//" not in text
    assert "default-src 'none'" in filled_in("overview.html", title="", facts=[], left_out={},
                                             histograms=[], sheet="data:")  # fmt: skip


def test_where_the_packages_are_missing_the_extra_is_named():
    code = """
import sys
sys.modules["jinja2"] = None
from toonmark.errors import MissingExtraError
from toonmark.html_pages import filled_in
try:
    filled_in("overview.html")
except MissingExtraError as error:
    print(error.remedy)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "Install them with: pip install 'toonmark[train]'\n"
