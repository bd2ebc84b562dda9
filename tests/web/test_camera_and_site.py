"""The camera, with a fake one that shows a real face; and the page on a static host, offline."""

from __future__ import annotations

import functools
import http.server
import os
import threading

import numpy as np
import pytest
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
        page.click("button:text('Look into the camera')")
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
        page.click("#more button:text('Look into the camera')")
        page.click("button:text('Stop')")
        assert page.evaluate("document.activeElement.id") == "main"
        assert not page.problems


def test_camera_that_is_refused(pack):
    with browser.server("--style", str(pack)) as address, browser.chromium() as chromium:
        page = browser.open_page(chromium, address)
        page.click("button:text('Look into the camera')")
        page.wait_for_selector("#camera .message")
        assert "camera" in page.inner_text("#camera .message strong")
        page.click("#camera button:text('Try again')")
        page.wait_for_selector("#camera .message")
        assert page.evaluate("document.activeElement.id") == "camera"
        page.click("#camera button:text('Close')")
        assert page.evaluate("document.activeElement.id") == "main"


def test_static_site_without_network(pack, photo, tmp_path):
    """``toonmark page``: draws without a server, then without a network."""
    from toonmark.web import site
    from toonmark.web.shelf import Shelf

    site.write(tmp_path / "site" / "deep", Shelf((pack,)))
    (tmp_path / "one.png").write_bytes(photo)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=tmp_path / "site")
    host = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    try:
        with browser.chromium() as chromium:
            address = f"http://127.0.0.1:{host.server_port}/deep/"
            page = browser.open_page(chromium, address)
            page.wait_for_selector("#example[data-state=drawn]")
            assert not page.is_visible("#place")
            page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
            page.reload()  # through the service worker, which keeps what it passes on
            page.wait_for_selector("#example[data-state=drawn]")
            assert page.evaluate("crossOriginIsolated")
            # Without room to keep anything, what the network gives is shown all the same.
            protocol = page.context.new_cdp_session(page)
            quota = {"origin": address.removesuffix("/deep/"), "quotaSize": 1}
            protocol.send("Storage.overrideQuotaForOrigin", quota)
            forget = "caches.keys().then(names => Promise.all(names.map(n => caches.delete(n))))"
            page.evaluate(forget)
            page.reload()
            page.wait_for_selector("#example[data-state=drawn]")
            assert (
                page.evaluate("caches.keys().then(n => caches.open(n[0])).then(c => c.keys())")
                == []
            )
            protocol.send("Storage.overrideQuotaForOrigin", {"origin": quota["origin"]})
            page.reload()
            page.wait_for_selector("#example[data-state=drawn]")
            host.shutdown()
            host.server_close()
            page.reload()
            page.wait_for_selector("body[data-state=ready]")
            browser.drop(page, [tmp_path / "one.png"])
            browser.drawn(page)
            assert page.locator(".face").count() == 1
    finally:
        host.server_close()
