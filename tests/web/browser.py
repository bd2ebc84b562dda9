"""A real browser before a real server, for the tests of the page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from toonmark.web import assets

CHROMIUM = os.environ.get("TOONMARK_CHROMIUM") or shutil.which("chromium")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"),
    *("--disable-component-update", "--disable-sync", "--disable-quic"),
)

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
def chromium(*flags: str) -> Iterator[Any]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        yield browser
        browser.close()


def open_page(browser: Any, address: str, **options: Any) -> Any:
    """The page in a fresh profile, ready for photos; ``page.problems`` collects what it cries."""
    context = browser.new_context(**options)
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
            file.write(cv2.imencode(".jpg", view[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1])
    return path
