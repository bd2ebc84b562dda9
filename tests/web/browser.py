"""A real browser before a real server, for the tests of the page."""

from __future__ import annotations

import atexit
import functools
import http.server
import os
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from toonmark.web import assets

CHROMIUM = os.environ.get("TOONMARK_CHROMIUM") or shutil.which("chromium")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"),
    *("--disable-component-update", "--disable-sync", "--disable-quic"),
    "--host-resolver-rules=MAP toon.test 127.0.0.1",  # a name that is not this computer's own
)

#: What is chosen behind a cartoon, and how large and as what it is saved.
BACKGROUND = ".choice:has-text('Background') select"
SIZE = ".choice:has-text('Size') select"
FORMAT = ".choice:has-text('Format') select"

#: Seconds; a busy machine is slow, and that is no error.
PATIENCE = float(os.environ.get("TOONMARK_PATIENCE", "120"))


def missing() -> str:
    """What there is not, in one line; empty if the tests can run."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "the package playwright is not installed"
    if CHROMIUM is None:
        return "no Chromium is installed (apt: chromium)"
    if not assets.is_built():
        return f"the page is not built ({assets.HOW_TO_BUILD})"
    return ""


@contextmanager
def server(*options: str) -> Iterator[str]:
    """``toonmark serve`` on a free port; gives its address."""
    command = [sys.executable, "-m", "toonmark", "serve", "--port", "0", *options]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http\S+", line)
        try:
            assert found, f"the server did not start: {line}"
            yield found[0]
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """Answers every connection by ``serve``, in a thread of its own; gives the address."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            serve(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_address[1]}/"
        listening.shutdown()


def _pass_on(source: socket.socket, target: socket.socket, heard: bytearray | None) -> None:
    try:
        while part := source.recv(1 << 16):
            if heard is not None:
                heard += part
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one of both has gone


@contextmanager
def wiretap(address: str) -> Iterator[tuple[str, bytearray]]:
    """Another address of the same server, and every byte that is sent to it there."""
    port = int(re.findall(r":(\d+)", address)[0])
    heard = bytearray()

    def serve(near: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", port)) as far:
            threading.Thread(target=_pass_on, args=(far, near, None), daemon=True).start()
            _pass_on(near, far, heard)

    with _listening(serve) as found:
        yield found, heard


@contextmanager
def recorder() -> Iterator[tuple[str, bytearray]]:
    """Somebody else's address, which keeps what it is sent."""
    heard = bytearray()

    def serve(near: socket.socket) -> None:
        near.settimeout(1)
        try:
            while part := near.recv(1 << 16):
                heard.extend(part)
        except OSError:
            pass  # it has said all
        near.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    with _listening(serve) as found:
        yield found, heard


class StaticHost:
    """A plain host of files, which sends no headers of its own.

    Attributes:
        address: of the page.
    """

    def __init__(self, folder: Path, path: str = "") -> None:
        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *args: Any) -> None:
                pass

        handler = functools.partial(Quiet, directory=folder)
        self._host = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self._host.server_port}/{path}"
        threading.Thread(target=self._host.serve_forever, daemon=True).start()
        self._open = True

    def stop(self) -> None:
        """From now on nobody answers there."""
        if self._open:
            self._open = False
            self._host.shutdown()
            self._host.server_close()


@contextmanager
def static_site(folder: Path, *packs: Path) -> Iterator[StaticHost]:
    """What ``toonmark page`` writes, on a plain host, below its root."""
    from toonmark.web import site
    from toonmark.web.offered_styles import OfferedStyles

    site.write(folder / "deep", OfferedStyles(packs))
    host = StaticHost(folder, "deep/")
    try:
        yield host
    finally:
        host.stop()


@contextmanager
def chromium(*flags: str) -> Iterator[Any]:
    """A headless Chromium."""
    browser = _playwright().chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
    yield browser
    browser.close()


@functools.cache
def _playwright() -> Any:
    """One for all tests: of two in one thread, the second does not start."""
    from playwright.sync_api import sync_playwright

    playwright = sync_playwright().start()
    atexit.register(playwright.stop)
    return playwright


#: A browser that asks pages to spare bytes: then only what is asked for is fetched and drawn.
THRIFTY = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })"


def open_page(browser: Any, address: str, thrifty: bool = True, **options: Any) -> Any:
    """The page in a fresh profile, ready for photos; ``page.problems`` collects what it cries.

    Not ``thrifty``: it draws faces in every style, and fetches ahead, as with most people.
    """
    # What moves is drawn again and again, which costs much without a graphics card.
    context = browser.new_context(**{"reduced_motion": "reduce", **options})
    if thrifty:
        context.add_init_script(THRIFTY)
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.problems = []
    page.requests = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda m: m.type == "error" and page.problems.append(m.text))
    context.on("request", lambda request: page.requests.append(request))
    page.goto(address)
    page.wait_for_selector("body[data-state=ready]")
    return page


def drop(page: Any, files: list[Path]) -> None:
    """Lets go of files over the page."""
    import base64

    data = [[file.name, base64.b64encode(file.read_bytes()).decode()] for file in files]
    page.evaluate(
        """(files) => {
            const transfer = new DataTransfer();
            for (const [name, text] of files) {
                const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
                transfer.items.add(new File([bytes], name));
            }
            for (const kind of ['dragenter', 'dragover', 'drop'])
                document.body.dispatchEvent(new DragEvent(kind,
                    { bubbles: true, cancelable: true, dataTransfer: transfer }));
        }""",
        data,
    )


def drawn(page: Any, count: int = 1) -> None:
    """Waits until so many photos are drawn."""
    page.wait_for_function(
        "n => document.querySelectorAll('.photo[data-state=drawn]').length === n", arg=count
    )


def pixels(page: Any, selector: str) -> np.ndarray:
    """What is on a canvas: (h, w, 4) uint8."""
    width, height, values = page.eval_on_selector(
        selector,
        "c => [c.width, c.height, "
        "[...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]",
    )
    return np.array(values, np.uint8).reshape(height, width, 4)


def make_video(path: Path, picture: np.ndarray, frames: int = 30) -> Path:
    """A Motion JPEG for Chromium's fake camera: a face that sways a little, 640 × 480."""
    import cv2

    with open(path, "wb") as file:
        for i in range(frames):
            shift = 12 * np.sin(2 * np.pi * i / frames)
            turn = cv2.getRotationMatrix2D((256, 200), shift / 3, 1.25)
            turn[:, 2] += (64 + shift, 30)
            view = cv2.warpAffine(picture, turn, (640, 480), borderMode=cv2.BORDER_REPLICATE)
            file.write(
                cv2.imencode(".jpg", view[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
            )
    return path


def fake_camera(folder: Path, picture: np.ndarray) -> tuple[str, ...]:
    """Flags of a browser whose camera sees a picture."""
    video = make_video(folder / "face.mjpeg", picture)
    flags = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    return (*flags, f"--use-file-for-fake-video-capture={video}")


def at_rest(page: Any, selector: str) -> dict[str, float]:
    """Where an element is, once what is loaded around it moves it no more."""
    place, before = page.locator(selector).bounding_box(), None
    while place != before:
        page.wait_for_timeout(300)
        place, before = page.locator(selector).bounding_box(), place
    return place
