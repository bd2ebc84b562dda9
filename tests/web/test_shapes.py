"""Drawings as shapes over HTTP, and from the page."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from tests.web import browser
from tests.web.test_vision import call, drawing, picture, rgba  # noqa: F401 (a fixture)
from tests.web.test_vision import pytestmark as needs_node

from toonmark import Cartoonizer, cutout, svg
from toonmark.errors import MissingExtraError

SVG = {"accept": "image/svg+xml"}
FACE = ".face[data-face='1']"
needs_tracer = pytest.mark.skipif(not svg.is_available(), reason="vtracer is not installed")
needs_browser = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "-")


@needs_tracer
@pytest.mark.parametrize("transparent", [False, True])
def test_it_is_what_python_saves(client, photo, tmp_path, transparent):
    query = f"style=comic&size=256&transparent={str(transparent).lower()}"
    response = client.post(f"/cartoonize?{query}", content=photo, headers=SVG)
    assert response.headers["content-type"] == "image/svg+xml"
    file = tmp_path / "one.png"
    file.write_bytes(photo)
    (expected,) = Cartoonizer("comic", threads=1)(file)
    assert response.content == expected.encoded(".svg", 256, transparent)
    assert ElementTree.fromstring(response.content).get("width") == "256"


def test_of_a_cartoon_alone(client, photo):
    for query in ("output=in-photo", "output=side-by-side", "face=all"):
        response = client.post(f"/cartoonize?{query}", content=photo, headers=SVG)
        assert response.status_code == 422
        assert response.json()["type"].endswith("wrong-option")


def test_where_nothing_traces_it_says_so(client, serve, photo, monkeypatch):
    def missing():
        raise MissingExtraError("Writing SVG", "svg")

    monkeypatch.setattr(svg, "_library", missing)
    monkeypatch.setattr(svg, "is_available", lambda: False)
    response = client.post("/cartoonize", content=photo, headers=SVG)
    assert response.status_code == 501
    assert "toonmark[svg]" in response.json()["remedy"]
    with serve() as fresh:
        assert fresh.get("/models/manifest.json").json()["svg"] is False


HEAD = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200" viewBox="0 0 100 100">'
DOT = '<path fill="#c80000" d="M40 40 60 40 60 60 40 60Z"/>'


def rendered(text):
    """(200, 200, 4) uint8."""
    resvg = pytest.importorskip("resvg_py", reason="resvg-py is not installed")
    import cv2

    png = bytes(resvg.svg_to_bytes(svg_string=text))
    found = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert found.shape == (200, 200, 4)
    return found[..., [2, 1, 0, 3]]


@needs_node
def test_backgrounds_of_shapes():
    text = f'<?xml version="1.0"?>\n{HEAD}\n{DOT}</svg>\n'

    def dressed(look):
        return rendered(call("sticker.js", "dressedShapes", text, look))

    for look, corner in (("white", 0), ("transparent", 0), ("blue", [150, 200, 240, 255])):
        found = dressed(look)
        np.testing.assert_array_equal(found[100, 100], [200, 0, 0, 255])
        np.testing.assert_array_equal(found[5, 5], corner)
    found = dressed("sticker")
    np.testing.assert_array_equal(found[100, 100], [200, 0, 0, 255])
    np.testing.assert_array_equal(found[5, 5], [0, 0, 0, 0])
    row = found[100]
    figure = (row[:, 3] == 255) & (row[:, 1] == 0)
    white = (row[:, 3] == 255) & (row[:, 1] == 255)
    # As large as in a sticker of pixels: 87 % of the whole, and an edge of 2.5 % all around.
    assert figure.sum() == pytest.approx(0.87 * 40, abs=1.5)
    assert white.sum() == pytest.approx(2 * 0.025 * 200, abs=2)


@needs_node
def test_medians_are_opencv_s():
    import cv2

    plane = np.random.default_rng(3).integers(0, 256, (40, 40), np.uint8)
    plane[10:30, 5:20] = 77
    for reach in (3, 7, 11):
        found = call("median.js", "median", plane, 40, reach)
        np.testing.assert_array_equal(found.reshape(40, 40), cv2.medianBlur(plane, reach))


@needs_node
@pytest.mark.parametrize("step", [0, 1, 4, 6])
@pytest.mark.parametrize("transparent", [False, True])
def test_the_page_sees_the_colours_that_python_sees(drawing, step, transparent):  # noqa: F811
    """Before vtracer: the few colours, without specks, at every step from fine to coarse."""
    pixels = (cutout.figure if transparent else cutout.resized)(drawing, 512)
    apart, median, _ = svg.settings()["steps"][step]
    expected = svg._flat(pixels, apart, median)
    found = rgba(call("shapes.js", "flat", picture(pixels), apart, median, svg.settings()))
    seen = found[..., 3] if transparent else np.full((512, 512), 255, np.uint8)
    if transparent:
        np.testing.assert_array_equal(seen, expected[..., 3])
    # OpenCV's L*a*b* is a little off where it is dark: colours that are just apart may be one.
    apart_by = np.abs(found[..., :3].astype(int) - expected[..., :3]).max(-1)[seen > 0]
    assert (apart_by == 0).mean() > 0.99
    assert apart_by.max() < 8
    assert len(np.unique(found[seen > 0], axis=0)) >= 3


@needs_node
def test_the_page_knows_ink(drawing):  # noqa: F811
    ink = np.full((128, 128, 3), 255, np.uint8)
    ink[20:100:8] = (20, 18, 22)
    for image, expected in ((ink, True), (drawing, False)):
        assert svg._is_ink(image) is expected
        assert call("shapes.js", "isInk", picture(image), svg.settings()) is expected


@needs_node
@pytest.mark.parametrize(
    ("count", "columns", "rows"), [(2, 2, 1), (3, 2, 2), (5, 3, 2), (7, 3, 3), (12, 4, 3)]
)
def test_posters(count, columns, rows):
    """From left to right; a row that is not full in the middle; within what Safari takes."""
    pictures = [
        {"data": np.full(4 * 16, 10 * i + 5, np.uint8), "width": 4, "height": 4}
        for i in range(count)
    ]
    found = call("page/poster.js", "poster", pictures, [255, 214, 102])
    assert (found["width"], found["height"]) == (4 * columns, 4 * rows)
    image = found["data"].reshape(4 * rows, 4 * columns, 4)
    told = [int(one) for row in image[::4] for one in row[:, 0] if one != 255]
    assert told == [10 * i + 5 for i in range(count) for _ in range(4)]
    last = image[-1, :, 0]
    left, right = (last != 255).argmax(), (last[::-1] != 255).argmax()
    assert left == right
    if left:
        np.testing.assert_array_equal(image[-1, 0], [255, 214, 102, 255])
    assert call("page/poster.js", "cellFor", count, 512) == 512
    assert call("page/poster.js", "cellFor", count, 2048) ** 2 * columns * rows <= 16_000_000


@pytest.fixture(scope="module")
def address(pack):
    with browser.server("--style", str(pack)) as found:
        yield found


@pytest.mark.slow
@needs_browser
def test_a_poster_of_all_faces(chromium, address, two_faces, tmp_path):
    from PIL import Image

    (tmp_path / "party.png").write_bytes(two_faces)
    page = browser.open_page(chromium, address)
    browser.drop(page, [tmp_path / "party.png"])
    browser.drawn(page)
    with page.expect_download() as download:
        page.click("button:text-is('Poster')")
    assert download.value.suggested_filename == "party-poster.png"
    found = np.asarray(Image.open(download.value.path()).convert("RGBA"))
    cards = [browser.pixels(page, f".face[data-face='{i}'] canvas[role=img]") for i in (1, 2)]
    np.testing.assert_array_equal(found, np.hstack(cards))
    page.context.close()


@pytest.mark.slow
@needs_browser
@needs_tracer
def test_shapes_from_the_server(chromium, address, photo, tmp_path):
    (tmp_path / "one.png").write_bytes(photo)
    page = browser.open_page(chromium, address)
    page.check("input[value=comic]", force=True)
    page.check("input[value=server]", force=True)
    browser.drop(page, [tmp_path / "one.png"])
    browser.drawn(page)
    page.select_option(browser.BACKGROUND, "pink")
    page.select_option(browser.FORMAT, "svg")
    with page.expect_download() as download:
        page.click(f"{FACE} button:text-is('Save')")
    assert download.value.suggested_filename == "one-toon.svg"
    text = download.value.path().read_text()
    root = ElementTree.fromstring(text)
    assert root.get("width") == "512"
    assert re.search(r'<rect [^>]*fill="rgb\(248,178,186\)"', text)
    assert text.count("<path") > 2
    assert json.loads(page.evaluate("JSON.stringify(document.body.dataset.state)")) == "ready"
    assert not page.problems
    page.context.close()


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("style", ["comic", "ink"])
def test_shapes_from_the_browser(chromium, address, photo, tmp_path, style):
    """They look like the drawing; what traces is fetched for the first of them, and kept."""
    resvg = pytest.importorskip("resvg_py", reason="resvg-py is not installed")
    import cv2

    (tmp_path / "one.png").write_bytes(photo)
    page = browser.open_page(chromium, address)
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.check(f"input[value={style}]", force=True)

    def saved():
        browser.drop(page, [tmp_path / "one.png"])
        browser.drawn(page)
        before = [one for one in page.requests if "/tracer-" in one.url]
        page.select_option(browser.FORMAT, "svg")
        with page.expect_download() as download:
            page.click(f"{FACE} button:text-is('Save')")
        assert download.value.suggested_filename == "one-toon.svg"
        return download.value.path().read_text(), before

    text, before = saved()
    assert not before
    assert len(text) < svg.LARGEST_FILE or style == "ink"
    assert all(one.method == "GET" for one in page.requests)
    png = bytes(resvg.svg_to_bytes(svg_string=text))
    found = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    shown = browser.pixels(page, f"{FACE} canvas[role=img]")[..., :3]
    assert np.abs(found.astype(int) - shown).mean() < 6
    # The drawing itself is here and there one step of 255 from Python's.
    (expected,) = Cartoonizer(style, threads=1)(tmp_path / "one.png")
    assert abs(len(expected.encoded(".svg", 512)) / len(text) - 1) < 0.1

    page.reload()
    page.wait_for_selector(".photo[data-state=drawn]")  # what was kept
    page.click(".photo header button")
    page.context.set_offline(True)
    assert saved()[0] == text
    assert not page.problems
    page.context.close()
