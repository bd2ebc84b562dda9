"""The camera, with a fake one that shows a real face; and the page on a static host, offline."""

from __future__ import annotations

import os
import time

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


def test_camera_draws_and_sends_nothing(pack, astronaut, tmp_path):
    video = browser.make_video(tmp_path / "face.mjpeg", astronaut)
    flags = (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={video}",
    )
    with browser.server("--style", str(pack)) as address, browser.chromium(*flags) as chromium:
        page = browser.open_page(chromium, address, permissions=["camera"])
        page.click("button:text('Use the camera')")
        assert page.evaluate("document.activeElement.id") == "camera"
        page.wait_for_selector("#camera[data-face=yes]")
        page.wait_for_function(
            "() => Number(document.querySelector('#camera').dataset.frames) >= 12"
        )
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
        page.click("button:text('Stop')")
        assert page.evaluate("document.activeElement.id") == "main"
        assert not page.problems


#: The picture on the camera's screen and the points that are drawn on it, at one time.
SEEN = """() => {
    const c = document.querySelector('.film canvas');
    const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
    return [c.width, c.height, [...data], document.querySelector('#camera').dataset.points];
}"""


def test_camera_shows_what_it_drew_and_ends_with_its_memory(pack, astronaut, tmp_path):
    """Points on the picture that they were found in, a phone's thumbnail beside the drawing, sharp
    pictures saved, and no worker left after Stop."""
    from toonmark.faces import detect

    video = browser.make_video(tmp_path / "face.mjpeg", astronaut)
    flags = (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={video}",
    )
    phone = {"viewport": {"width": 390, "height": 800}, "has_touch": True}
    with browser.server("--style", str(pack)) as address, browser.chromium(*flags) as chromium:
        page = browser.open_page(chromium, address, permissions=["camera"], **phone)
        page.click("button:text('Use the camera')")
        page.wait_for_function(
            "() => Number(document.querySelector('#camera').dataset.frames) >= 8"
        )
        width, height, values, points = page.evaluate(SEEN)
        seen = np.array(values, np.uint8).reshape(height, width, 4)[..., :3]
        found = detect.find_faces(np.ascontiguousarray(seen))[0].points
        told = np.array(points.split(","), float).reshape(5, 2)
        unit = np.hypot(*(found[1] - found[0]))
        assert np.linalg.norm(told - found, axis=1).max() < 0.25 * unit
        film, drawn = (page.locator(one).bounding_box() for one in (".film", ".screen.drawn"))
        assert film["y"] >= drawn["y"] + drawn["height"]
        shown = browser.pixels(page, "#camera canvas[role=img]")[..., :3]
        with page.expect_download() as download:
            page.click("button:text('Save the drawing')")
        saved = np.asarray(Image.open(download.value.path()).convert("RGB"))
        # The button says so too, but for a moment only, which a busy machine may miss.
        page.wait_for_selector("#told:text('Saved camera-toon.png.')", state="attached")
        assert _edges(saved) > 1.2 * _edges(shown)
        assert sum(one.url.startswith("blob:") for one in page.workers) == 2
        page.click("button:text('Stop')")
        page.wait_for_function("() => !document.querySelector('#camera canvas')")
        end = time.monotonic() + browser.PATIENCE
        while sum(one.url.startswith("blob:") for one in page.workers) > 1:
            assert time.monotonic() < end, "its worker has not ended"
            page.wait_for_timeout(200)
        assert not page.problems


def _edges(pixels):
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    return np.abs(cv2.Laplacian(grey, cv2.CV_64F)).max(axis=0).mean()


def test_three_seconds_of_film(pack, astronaut, tmp_path):
    """Counted down, drawn all along, as long as was said; where nothing encodes it says so."""
    av = pytest.importorskip("av", reason="toonmark[video] is not installed")
    video = browser.make_video(tmp_path / "face.mjpeg", astronaut)
    flags = (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={video}",
    )
    with browser.server("--style", str(pack)) as address, browser.chromium(*flags) as chromium:
        page = browser.open_page(chromium, address, permissions=["camera"])
        page.click("button:text('Use the camera')")
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
