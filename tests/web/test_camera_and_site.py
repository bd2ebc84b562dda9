"""The camera, with a fake one that shows a real face; and the page on a static host, offline."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager

import cv2
import numpy as np
import pytest
from PIL import Image
from tests.web import browser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "-"),
]

#: Drawings a second that are asked for; benchmarks measure, tests only notice a standstill.
RATE = float(os.environ.get("TOONMARK_CAMERA_RATE", "0.3"))


@contextmanager
def looking(pack, astronaut, folder, **options):
    """The page, with its camera on, which sees the astronaut."""
    flags = browser.fake_camera(folder, astronaut)
    with browser.server("--style", str(pack)) as address, browser.chromium(*flags) as chromium:
        page = browser.open_page(chromium, address, permissions=["camera"], **options)
        page.click("button:text('Use the camera')")
        yield page


def frames(page, count):
    """Waits until so many are drawn."""
    drawn = "n => Number(document.querySelector('#camera').dataset.frames) >= n"
    page.wait_for_function(drawn, arg=count)


def test_camera_draws_and_sends_nothing(pack, astronaut, tmp_path):
    with looking(pack, astronaut, tmp_path) as page:
        assert page.evaluate("document.activeElement.id") == "camera"
        page.wait_for_selector("#camera[data-face=yes]")
        frames(page, 12)
        drawing = browser.pixels(page, "#camera canvas[role=img]")
        assert drawing[..., :3].std() > 20
        points = [float(v) for v in page.get_attribute("#camera", "data-points").split(",")]
        eyes = np.hypot(points[2] - points[0], points[3] - points[1])
        assert 40 < eyes < 75  # 44 in the photo, shown 1.25 times as large
        rate = float(page.get_attribute("#camera", "data-rate"))
        print(f"{rate} drawings a second")
        assert rate >= RATE
        assert all(request.method == "GET" for request in page.requests)
        page.click("button:text('Take this one')")
        browser.drawn(page)
        assert page.inner_text(".photo h2").startswith("camera.png")
        assert all(request.method == "GET" for request in page.requests)
        page.click("#more button:text('Use the camera')")
        page.wait_for_selector("#camera canvas")
        assert page.locator(".camera").bounding_box()["width"] == page.viewport_size["width"]
        assert not page.is_visible("#photos"), "it is squeezed by the photo that was taken"
        page.click("button:text('Stop')")
        assert page.evaluate("document.activeElement.id") == "main"
        assert page.is_visible("#photos")
        assert not page.problems


#: The picture on the camera's screen, and the points of the face in it, at one time.
SEEN = """() => {
    const c = document.querySelector('#camera canvas');
    const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
    return [c.width, c.height, [...data], document.querySelector('#camera').dataset.points];
}"""


def seen(page):
    """What the camera's screen shows, (h, w, 3) uint8, and the points that belong to it, (5, 2)."""
    width, height, values, points = page.evaluate(SEEN)
    shown = np.array(values, np.uint8).reshape(height, width, 4)[..., :3]
    return np.ascontiguousarray(shown), np.array(points.split(","), float).reshape(5, 2)


def test_the_drawing_lies_on_its_own_frame(pack, astronaut, tmp_path):
    """The style draws a negative, so the face's own pixels can be had back: they and what is around
    them are of one moment, and the points lie on them."""
    video = browser.make_video(tmp_path / "known.mjpeg", astronaut).read_bytes()
    starts = [part for part in video.split(b"\xff\xd8\xff") if part]
    moments = [
        cv2.imdecode(np.frombuffer(b"\xff\xd8\xff" + part, np.uint8), 1)[..., ::-1].astype(int)
        for part in starts
    ]
    with looking(pack, astronaut, tmp_path, viewport={"width": 1280, "height": 800}) as page:
        for count in (8, 13, 18):
            frames(page, count)
            shown, told = seen(page)
            assert shown.shape == (480, 640, 3)
            left, top = (told.min(0) - 5).astype(int)
            right, bottom = (told.max(0) + 5).astype(int)
            face = (slice(top, bottom), slice(left, right))
            around = np.ones(shown.shape[:2], bool)
            unit = np.hypot(*(told[1] - told[0]))
            rows, columns = np.mgrid[:480, :640]
            middle = told.mean(0)
            around[np.hypot(columns - middle[0], rows - middle[1]) < 4 * unit] = False
            ring = [np.abs(shown.astype(int) - one)[around].mean() for one in moments]
            within = [np.abs(255 - shown.astype(int) - one)[face].mean() for one in moments]
            assert min(ring) < 12  # the camera has other colours
            assert min(within) < 40
            apart = abs(int(np.argmin(ring)) - int(np.argmin(within))) % len(moments)
            assert min(apart, len(moments) - apart) <= 2, "the drawing lags behind the picture"
            assert not page.problems


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_camera_fills_the_window(pack, astronaut, tmp_path, width):
    """Below the styles from edge to edge, all buttons within it, whatever is shown."""
    with looking(pack, astronaut, tmp_path, viewport={"width": width, "height": 720}) as page:
        frames(page, 4)
        for alone in (False, True):
            screen = page.locator(".camera").bounding_box()
            assert (screen["x"], screen["width"]) == (0, width)
            assert screen["y"] + screen["height"] == 720
            assert screen["height"] > 500
            picture = page.locator("#camera canvas").bounding_box()
            assert picture == pytest.approx(screen, abs=1)
            for button in page.locator("#camera button").all():
                place = button.bounding_box()
                assert place["x"] >= 0
                assert place["x"] + place["width"] <= width
                assert place["y"] + place["height"] <= 720
            assert page.evaluate("document.documentElement.scrollWidth") == width
            ground = page.eval_on_selector(".camera", "e => getComputedStyle(e).backgroundColor")
            assert (ground == "rgb(255, 255, 255)") == alone
            page.click("#camera button:text('Drawing alone')")
        page.click("#camera button:text('Stop')")
        assert page.evaluate("document.body.className") == ""


def test_camera_saves_with_care_and_ends_with_its_memory(pack, astronaut, tmp_path):
    """Pictures saved are drawn again from the frame that was shown, in it or alone; no worker is
    left after Stop."""
    phone = {"viewport": {"width": 390, "height": 800}, "has_touch": True}
    with looking(pack, astronaut, tmp_path, **phone) as page:
        frames(page, 8)
        within = _saved(page)
        assert within.shape == (480, 640, 3)
        page.click("button:text('Drawing alone')")
        page.wait_for_function("() => document.querySelector('#camera canvas').width === 512")
        shown, _ = seen(page)
        alone = _saved(page)
        assert alone.shape == (512, 512, 3)
        assert _edges(alone) > 1.2 * _edges(shown)
        assert 2 <= sum(one.url.startswith("blob:") for one in page.workers) <= 3
        page.click("button:text('Stop')")
        page.wait_for_function("() => !document.querySelector('#camera canvas')")
        end = time.monotonic() + browser.PATIENCE
        while sum(one.url.startswith("blob:") for one in page.workers) > 1:
            assert time.monotonic() < end, "its worker has not ended"
            page.wait_for_timeout(200)
        assert not page.problems


def _saved(page):
    with page.expect_download() as download:
        page.click("button:text('Save the drawing')")
    # The button says so too, but for a moment only, which a busy machine may miss.
    page.wait_for_selector("#told:text('Saved camera-toon.png.')", state="attached")
    return np.asarray(Image.open(download.value.path()).convert("RGB"))


def _edges(pixels):
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    return np.abs(cv2.Laplacian(grey, cv2.CV_64F)).max(axis=0).mean()


def test_three_seconds_of_film(pack, astronaut, tmp_path):
    """Counted down, drawn all along, as long as was said; where nothing encodes it says so."""
    av = pytest.importorskip("av", reason="toonmark[video] is not installed")
    with looking(pack, astronaut, tmp_path) as page:
        page.wait_for_selector("#camera[data-face=yes]")
        page.evaluate(
            """() => {
                window.counted = [];
                const left = document.querySelector('#camera .left');
                new MutationObserver(() => counted.push(left.textContent || left.className))
                    .observe(left, { childList: true, attributes: true });
            }"""
        )
        with page.expect_download() as download:
            page.click("button:text('Film three seconds')")
        assert download.value.suggested_filename == "camera-toon.webm"
        assert page.evaluate("counted") == ["3", "2", "1", "left filming", "left"]
        with av.open(str(download.value.path())) as container:
            assert container.duration == 3_000_000
            stream = container.streams.video[0]
            frames = [(float(one.time), one) for one in container.decode(stream)]
        times = [time for time, _ in frames]
        assert times[0] < 0.2
        assert times == sorted(times)
        assert times[-1] > 1, "it ends with its beginning"
        pictures = [frame.to_ndarray(format="rgb24").astype(int) for _, frame in frames]
        assert pictures[0].shape == (512, 512, 3)
        assert min(picture.std() for picture in pictures) > 20
        assert np.abs(pictures[0] - pictures[-1]).mean() > 0.5, "nothing moves"
        page.wait_for_selector("button:text('Film three seconds'):enabled")
        page.evaluate("delete globalThis.VideoEncoder")
        page.click("button:text('Film three seconds')")
        page.wait_for_selector("#camera .note:visible")
        assert "cannot write videos" in page.inner_text("#camera .note")
        page.click("#camera button:text-is('Stop')")
        assert not page.problems


def test_camera_that_is_refused(chromium, pack):
    with browser.server("--style", str(pack)) as address:
        page = browser.open_page(chromium, address)
        page.click("button:text('Use the camera')")
        page.wait_for_selector("#camera .message")
        assert "camera" in page.inner_text("#camera .message strong")
        page.click("#camera button:text('Try again')")
        page.wait_for_selector("#camera .message")
        assert page.evaluate("document.activeElement.id") == "camera"
        page.click("#camera button:text('Close')")
        assert page.evaluate("document.activeElement.id") == "main"


#: The networks that a first visit needs: to find faces, and to draw in the first style.
ONE_VISIT = ("yunet", "landmarks", "style-negative")

KEPT = """async () => {
    const names = await caches.keys();
    const lists = names.map(async (name) => (await (await caches.open(name)).keys()));
    return (await Promise.all(lists)).flat().map(({ url }) => url.split('/').pop());
}"""


def test_static_site_where_nothing_can_be_kept(chromium, pack, tmp_path):
    """``toonmark page``: draws without a server, and without room to keep anything."""
    with browser.static_site(tmp_path / "site", pack) as host:
        page = browser.open_page(chromium, host.address)
        page.wait_for_selector("#example[data-state=drawn]")
        assert not page.is_visible("#place")
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        page.reload()  # through the service worker, which keeps what it passes on
        page.wait_for_selector("#example[data-state=drawn]")
        assert page.evaluate("crossOriginIsolated")
        protocol = page.context.new_cdp_session(page)
        quota = {"origin": host.address.removesuffix("/deep/"), "quotaSize": 1}
        protocol.send("Storage.overrideQuotaForOrigin", quota)
        page.evaluate("caches.keys().then(all => Promise.all(all.map(n => caches.delete(n))))")
        page.reload()
        page.wait_for_selector("#example[data-state=drawn]")
        assert page.evaluate(KEPT) == []
        assert not page.problems


def test_one_visit_is_enough_to_draw_without_a_network(chromium, tmp_path, photo):
    """However the page is called; what is old is forgotten, what nobody asked for not fetched."""
    from tests.using.conftest import _write_pack

    first = _write_pack(tmp_path / "first.onnx")
    second = _write_pack(tmp_path / "second.onnx", name="second", title="Second")
    (tmp_path / "one.png").write_bytes(photo)
    with (
        browser.static_site(tmp_path / "site", first, second) as host,
    ):
        page = browser.open_page(chromium, host.address, thrifty=False)
        home = page.evaluate("toonmark => `${toonmark} ${location.pathname} models`", "toonmark")
        page.evaluate(
            "n => caches.open(n).then(c => c.put('models/a.onnx', new Response('')))", home
        )
        page.wait_for_selector("#example[data-state=drawn]")
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        files = {file.name for file in (tmp_path / "site/deep/models").glob("*.onnx")}
        networks = {name for name in files if name.split(".")[0] in ONE_VISIT}
        assert len(networks) == 3
        while set(page.evaluate(KEPT)) & (files | {"a.onnx"}) != networks:
            page.wait_for_timeout(200)
        for called in (
            "?x=1",
            "index.html?x=2",
        ):  # links that were shared leave no copies
            page.goto(host.address + called)
            page.wait_for_selector("#example[data-state=drawn]")
        names = [name for name in page.evaluate(KEPT) if name not in files]
        assert not [name for name in names if "?" in name or name == "index.html"]
        assert names.count("") == 1
        page.close()
        host.stop()
        for called in ("", "?from=a-friend", "index.html"):
            again = page.context.new_page()
            again.set_default_timeout(1000 * browser.PATIENCE)
            again.goto(host.address + called)
            again.wait_for_selector("body[data-state=ready]")
            again.wait_for_selector("#example[data-state=drawn]")
        browser.drop(again, [tmp_path / "one.png"])
        browser.drawn(again)
        again.check("input[value=second]", force=True)
        again.wait_for_selector(".face[data-state=failed]")
        assert "no network" in again.inner_text(".face .note")
        again.check("input[value=negative]", force=True)
        again.wait_for_selector(".face[data-count='2'][data-state=drawn]")
        assert again.evaluate("crossOriginIsolated")
