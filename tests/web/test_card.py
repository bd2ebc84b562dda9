"""What is shown where somebody sends the page's address."""

from __future__ import annotations

import gzip
import io
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from typer.testing import CliRunner

from toonmark.cli import app
from toonmark.web import assets

pytestmark = pytest.mark.skipif(not assets.is_built(), reason="the page is not built")


def card(text):
    """The picture's address, as readers of Open Graph find it."""
    named = dict(re.findall(r'<meta (?:property|name)="([\w:]+)" content="([^"]*)"', text))
    assert named["og:title"]
    assert named["og:description"]
    assert named["twitter:card"] == "summary_large_image"
    assert (named["og:image:width"], named["og:image:height"]) == ("1200", "630")
    return named["og:image"]


@pytest.mark.parametrize("packed", ["", "gzip"])
def test_a_server_names_it_by_its_own_address(serve, packed):
    with serve(hosts=()) as client:
        headers = {"host": "toons.example:8000", "accept-encoding": packed}
        response = client.get("/", headers=headers)
        assert response.headers.get("content-encoding", "") == packed
        address = card(response.text)
        assert address.startswith("http://toons.example:8000/assets/card-")
        picture = client.get(urlsplit(address).path)
        assert picture.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(picture.content)).size == (1200, 630)
        assert len(picture.content) < 300_000


def test_below_a_prefix_and_with_a_strange_host(client, serve):
    from fastapi.testclient import TestClient

    with serve(hosts=()) as inner:
        mounted = TestClient(inner.app, root_path="/toons", base_url="http://localhost")
        assert card(mounted.get("/toons/").text).startswith("http://localhost/toons/assets/card-")
    assert 'content="https://x/&quot;&gt;' in assets.index('https://x/">')


@pytest.mark.parametrize("address", ["https://me.example/deep", "https://me.example/deep/"])
def test_a_folder_names_it_by_where_it_will_be(tmp_path: Path, address):
    assert CliRunner().invoke(app, ["page", str(tmp_path / "out")]).exit_code == 0
    assert card((tmp_path / "out/index.html").read_text()).startswith("assets/card-")
    assert (tmp_path / "out/index.html.br").is_file()
    result = CliRunner().invoke(app, ["page", str(tmp_path / "out"), "--address", address])
    assert result.exit_code == 0, result.output
    text = (tmp_path / "out/index.html").read_text()
    found = card(text)
    assert found.startswith("https://me.example/deep/assets/card-")
    assert (tmp_path / "out" / found.removeprefix("https://me.example/deep/")).is_file()
    assert gzip.decompress((tmp_path / "out/index.html.gz").read_bytes()).decode() == text
    assert not (tmp_path / "out/index.html.br").exists()
