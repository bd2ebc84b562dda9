"""The annotation page in a real Chromium: drag, keys, touch, saving, loading again."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from toonmark.data.annotation.store import Annotations, State
from toonmark.data.dataset import write_landmarks
from toonmark.landmarks import template_points

uvicorn = pytest.importorskip("uvicorn", reason="the annotation page needs toonmark[web]")
pytest.importorskip("fastapi", reason="the annotation page needs toonmark[web]")
playwright = pytest.importorskip("playwright.sync_api", reason="no playwright to drive a browser")

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed"),
]

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
SIZE = 64
POINTS = template_points(SIZE)
NAMES = ("a.png", "b é.png", "c.png")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    for i, name in enumerate(NAMES):
        Image.new("RGB", (SIZE, SIZE), (200, 150, 60 * i)).save(tmp_path / "images" / name)
    write_landmarks(tmp_path / "landmarks.csv", [(name, POINTS) for name in NAMES])
    return tmp_path


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    from toonmark.data.annotation.server import create_app

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(create_app(Annotations(folder)), log_level="warning", access_log=False)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1000, "height": 700}, has_touch=True)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(address)
    ready(page)
    yield page
    if pictures := os.environ.get("TOONMARK_SCREENSHOTS"):
        page.screenshot(path=str(Path(pictures) / "annotate.png"))
    context.close()
    assert problems == []


def ready(page: Any) -> None:
    page.wait_for_function("document.getElementById('picture').naturalWidth > 0")
    page.wait_for_selector(".handle.chosen")
    page.wait_for_timeout(100)


def saved(page: Any) -> None:
    page.wait_for_function("document.getElementById('saved').textContent === 'saved'")


def middle(page: Any, point: int) -> tuple[float, float]:
    box = page.locator(".handle").nth(point).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def scale(page: Any) -> float:
    return page.locator("#frame").bounding_box()["width"] / SIZE


def on_disk(folder: Path, name: str) -> tuple[np.ndarray, State]:
    entry = Annotations(folder).entries[name]
    return entry.points, entry.state


def test_a_point_is_dragged_kept_and_there_after_loading_again(page: Any, folder: Path) -> None:
    x, y = middle(page, 3)
    page.mouse.move(x + 5, y + 3)  # it is held off its middle, and must not jump
    page.mouse.down()
    page.mouse.move(x + 5 + 4 * scale(page), y + 3 + 2 * scale(page), steps=5)
    page.mouse.up()
    saved(page)
    points, state = on_disk(folder, "a.png")
    assert state is State.STARTED
    np.testing.assert_allclose(points[3], POINTS[3] + [4, 2], atol=0.06)
    np.testing.assert_allclose(points[[0, 1, 2, 4]], POINTS[[0, 1, 2, 4]], atol=0.01)
    before = middle(page, 3)
    page.reload()
    ready(page)
    page.wait_for_timeout(100)
    assert np.abs(np.subtract(middle(page, 3), before)).max() < 0.5
    assert "Moved by you" in page.inner_text("#doubt")


def test_keys_choose_move_undo_and_go_on(page: Any, folder: Path) -> None:
    for key in ("2", "ArrowRight", "ArrowRight", "Shift+ArrowDown", "3", "ArrowUp"):
        page.keyboard.press(key)
    saved(page)
    step = SIZE / 256
    points, _ = on_disk(folder, "a.png")
    np.testing.assert_allclose(points[1], POINTS[1] + [2 * step, 8 * step], atol=0.01)
    np.testing.assert_allclose(points[2], POINTS[2] - [0, step], atol=0.01)
    page.keyboard.press("z")  # the nose
    page.keyboard.press("Enter")
    ready(page)
    assert page.inner_text("#name") == "b é.png"
    assert page.inner_text("#count") == "1 of 3"
    page.keyboard.press("x")
    ready(page)
    saved(page)
    points, state = on_disk(folder, "a.png")
    assert state is State.DONE
    np.testing.assert_allclose(points[2], POINTS[2], atol=0.01)
    assert on_disk(folder, "b é.png")[1] is State.NO_FACE
    page.keyboard.press("z")
    ready(page)
    assert page.inner_text("#name") == "b é.png"
    page.wait_for_timeout(500)
    assert on_disk(folder, "b é.png")[1] is State.PROPOSED
    page.keyboard.press("b")
    ready(page)
    assert page.inner_text("#doubt") == "Right, as you said"


def test_tab_goes_over_the_points_and_leaves_them(page: Any) -> None:
    def focused() -> str:
        return page.evaluate("document.activeElement.id || document.activeElement.ariaLabel || ''")

    def chosen() -> str:
        return page.locator(".handle.chosen span").inner_text()

    labels = [handle.get_attribute("aria-label") for handle in page.locator(".handle").all()]
    for i, label in enumerate(labels):
        assert (focused(), chosen()) == (label, str(i + 1))
        page.keyboard.press("Tab")
    seen = []
    while focused() not in seen and len(seen) < 30:
        seen.append(focused())
        page.keyboard.press("Tab")
    assert {"accept", "skip", "none", "mirror", "help"} <= set(seen)
    page.keyboard.press("2")
    page.keyboard.press("Shift+Tab")
    assert chosen() == "1"
    page.keyboard.press("Shift+Tab")
    assert focused() not in labels
    # A focused button has its own Enter; the next picture begins with its first point.
    page.focus("#skip")
    page.keyboard.press("Enter")
    ready(page)
    assert page.inner_text("#name") == "b é.png"
    assert page.inner_text("#count") == "0 of 3"
    assert (focused(), chosen()) == (labels[0], "1")


def test_a_key_that_is_held_down_says_it_once(page: Any, folder: Path) -> None:
    for _ in range(3):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    saved(page)
    assert page.inner_text("#name") == "b é.png"
    assert page.inner_text("#count") == "1 of 3"
    assert on_disk(folder, "b é.png")[1] is State.PROPOSED


def test_what_the_server_refuses_is_not_done(page: Any, folder: Path) -> None:
    def refuse(route: Any) -> None:
        if route.request.post_data_json["name"] == "a.png":
            route.fulfill(status=422, json={"error": "a.png cannot be read. Replace it."})
        else:
            route.continue_()

    page.route("**/api/points", refuse)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    message = page.locator("#refused button")
    message.wait_for()
    ready(page)
    assert page.inner_text("#count") == "0 of 3"
    page.keyboard.press("Enter")
    saved(page)
    assert on_disk(folder, "b é.png")[1] is State.DONE
    assert page.inner_text("#count") == "1 of 3"
    assert "a.png cannot be read" in message.inner_text()
    message.click()
    ready(page)
    assert message.count() == 0
    assert page.inner_text("#name") == "a.png"
    assert "Proposed" in page.inner_text("#doubt")
    x, _ = middle(page, 0)
    left = page.locator("#frame").bounding_box()["x"]
    assert (x - left) / scale(page) - 0.5 == pytest.approx(POINTS[0][0], abs=0.02)
    page.keyboard.press("x")
    message.wait_for()
    assert page.inner_text("#count") == "1 of 3"


def test_the_mirror_view_moves_points_the_way_the_hand_goes(page: Any, folder: Path) -> None:
    page.click("#mirror")
    x, y = middle(page, 0)
    assert x > middle(page, 1)[0]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 3 * scale(page), y, steps=3)
    page.mouse.up()
    page.keyboard.press("ArrowRight")
    saved(page)
    points, _ = on_disk(folder, "a.png")
    np.testing.assert_allclose(points[0], POINTS[0] - [3 + SIZE / 256, 0], atol=0.06)


def test_a_finger_drags_too(page: Any, folder: Path) -> None:
    x, y = middle(page, 4)
    touch = page.context.new_cdp_session(page)
    far = 3 * scale(page)
    for kind, at in (("touchStart", 0.0), ("touchMove", far / 2), ("touchMove", far)):
        points = [{"x": x, "y": y + at}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    saved(page)
    np.testing.assert_allclose(on_disk(folder, "a.png")[0][4], POINTS[4] + [0, 3], atol=0.06)


def test_points_stay_inside_and_a_lost_server_is_named(page: Any, folder: Path) -> None:
    x, y = middle(page, 2)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60 * scale(page), y, steps=3)
    page.mouse.up()
    saved(page)
    assert on_disk(folder, "a.png")[0][2, 0] == -0.5
    page.context.set_offline(True)
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#saved.bad")
    assert "still running" in page.inner_text("#saved")
    page.context.set_offline(False)
    saved(page)
    assert on_disk(folder, "a.png")[0][2, 0] == -0.25
