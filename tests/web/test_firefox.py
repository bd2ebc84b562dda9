"""The page's main path in Firefox: a photo goes in, its cartoon comes out, nothing is sent."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image
from tests.web import browser
from tests.web.firefox import FIREFOX, firefox

from toonmark import Cartoonizer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "-"),
    pytest.mark.skipif(FIREFOX is None, reason="no Firefox is installed (apt: firefox-esr)"),
]


def test_main_path(pack, photo, tmp_path):
    """The example, a photo, another background, a saved cartoon that is Python's, and no upload."""
    (tmp_path / "one.png").write_bytes(photo)
    with (
        browser.server("--style", str(pack)) as address,
        browser.wiretap(address) as (tapped, heard),
        firefox(tmp_path / "firefox", browser.PATIENCE) as page,
    ):
        page.goto(tapped)
        page.wait("document.querySelector('#example').dataset.state === 'drawn'")
        assert page.evaluate("crossOriginIsolated"), "threads"
        page.choose("#pick", tmp_path / "one.png")
        page.wait("document.querySelector('.photo')?.dataset.state === 'drawn'")
        page.click(".face .primary")
        saved = tmp_path / "firefox/downloads/one-toon.png"
        _has_come(saved)
        found = np.asarray(Image.open(saved).convert("RGB"))
        (expected,) = Cartoonizer(pack, threads=1)(tmp_path / "one.png", "all")
        assert np.abs(found.astype(int) - expected.resized(512)).mean() < 1
        page.evaluate(
            "(() => { const s = document.querySelector('.tune select'); s.value = 'sticker';"
            "s.dispatchEvent(new Event('change', { bubbles: true })); })()"
        )
        page.wait("document.querySelector('.face').dataset.count === '2'")
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wider) <= 0
    assert b"GET / HTTP/1.1" in heard
    assert b"POST" not in heard
    assert len(heard) < 200_000, "more than requests for files"


def _has_come(file):
    end = time.monotonic() + browser.PATIENCE
    while not (file.is_file() and file.stat().st_size and not list(file.parent.glob("*.part"))):
        assert time.monotonic() < end, f"{file.name} was not saved"
        time.sleep(0.2)
