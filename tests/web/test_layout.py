"""Every state of the page at three widths: nothing bursts it, and everybody can use it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PIL import Image
from tests.using.conftest import _write_pack
from tests.web import browser

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "-")

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
WIDTHS = (320, 390, 1280)
#: Where screenshots go, for somebody to look at; nowhere unless it is said.
SCREENSHOTS = os.environ.get("TOONMARK_SCREENSHOTS")
LONG = "PXL_20261127_074512345.PORTRAIT.ORIGINAL" + "x" * 76 + ".png"

#: What is wider than the page, or reaches out of it.
OUTSIDE = """() => {
    const width = document.documentElement.clientWidth;
    const found = [...document.querySelectorAll('body *')].filter((e) => {
        const { left, right, height } = e.getBoundingClientRect();
        const out = height > 0 && (right > width + 1 || left < -1);
        return out && !e.closest('.unseen, .switch, .example, h2, .skip');
    });
    const told = found.map((e) => e.outerHTML.slice(0, 90));
    return [document.documentElement.scrollWidth - width, told];
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("styles")
    for i in range(10):
        _write_pack(folder / f"style-{i}.onnx", name=f"style-{i}", title=f"A style, number {i}")
    with browser.server("--style", str(folder)) as found:
        yield found


@pytest.fixture(scope="module")
def files(tmp_path_factory, photo, two_faces):
    folder = tmp_path_factory.mktemp("photos")
    (folder / LONG).write_bytes(photo)
    (folder / f"two-{LONG}").write_bytes(two_faces)
    (folder / f"broken-{LONG}").write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(99))
    Image.new("RGB", (400, 300), (120, 140, 160)).save(folder / f"nobody-{LONG}")
    return folder


def states(page, files):
    """Brings the page from one state to the next; gives the name of each."""
    page.wait_for_selector("#example[data-state=drawn]")
    yield "start"
    browser.drop(page, [files / f"broken-{LONG}"])
    page.wait_for_selector(".photo[data-state=failed]")
    yield "failed"
    browser.drop(page, [files / f"nobody-{LONG}"])
    page.wait_for_selector(".photo[data-state=none]")
    page.click(".photo[data-state=failed] header button")
    yield "nobody"
    browser.drop(page, [files / LONG])
    browser.drawn(page)
    page.click(".photo[data-state=none] header button")
    yield "drawn"
    page.click(".options button[aria-expanded]")
    yield "adjust"
    browser.drop(page, [files / f"two-{LONG}"])
    browser.drawn(page, 2)
    page.select_option(".photo:first-child .tune .choice:first-of-type select", "sticker")
    page.wait_for_selector(".photo:first-child .face[data-face='2'][data-count='2']")
    yield "two"
    page.click("#more [data-do=camera]")
    page.wait_for_selector("#camera .message")
    yield "camera"


#: Forced colours are looked at; what is chosen in them is tested below.
SCHEMES = ("light", "dark", "forced") if SCREENSHOTS else ("light", "dark")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_state_bursts_the_page_or_shuts_anybody_out(chromium, address, files, scheme):
    seen = {"forced_colors": "active"} if scheme == "forced" else {"color_scheme": scheme}
    # With faces in the styles' pictures, and without.
    page = browser.open_page(chromium, address, thrifty=scheme != "light", bypass_csp=True, **seen)
    if AXE.is_file():
        page.add_script_tag(path=str(AXE))
    burst, findings = [], []
    for state in states(page, files):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_timeout(100)
            wider, outside = page.evaluate(OUTSIDE)
            if wider > 0 or outside:
                burst.append((state, width, wider, outside))
            if SCREENSHOTS:
                Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
                path = f"{SCREENSHOTS}/{state}-{width}-{scheme}.png"
                page.screenshot(path=path, full_page=True)
            if AXE.is_file() and width != 320:
                found = page.evaluate("axe.run()")["violations"]
                findings += [
                    (state, width, one["id"], [node["html"][:200] for node in one["nodes"]])
                    for one in found
                ]
    page.context.close()
    assert not burst, json.dumps(burst, indent=1)
    assert not findings, json.dumps(findings, indent=1)


def test_what_is_chosen_is_seen_in_forced_colours(chromium, address, files):
    page = browser.open_page(chromium, address, forced_colors="active")
    colour = "e => getComputedStyle(e).backgroundColor"
    chosen = page.eval_on_selector("#styles input:checked + span", colour)
    other = page.eval_on_selector("#styles input:not(:checked) + span", colour)
    assert chosen != other
    browser.drop(page, [files / LONG])
    browser.drawn(page)
    page.click("button:text('Adjust')")
    point = page.eval_on_selector(".point", "e => getComputedStyle(e, '::after').backgroundColor")
    assert point == "rgb(255, 106, 69)"
    if SCREENSHOTS:
        page.screenshot(path=f"{SCREENSHOTS}/forced.png", full_page=True)
    page.context.close()


#: Which of the styles are seen whole, and how far pictures' and names' edges are apart.
STRIP = """() => {
    const strip = document.querySelector('#styles fieldset');
    const at = strip.getBoundingClientRect();
    const boxes = [...strip.querySelectorAll('label')].map((e) => e.getBoundingClientRect());
    const seen = boxes.map((e) => e.left >= at.left && e.right <= at.right);
    const tops = boxes.map((e) => Math.round(e.top));
    const heights = [...strip.querySelectorAll('span')].map((e) => e.offsetHeight);
    return { seen, tops: [...new Set(tops)].length, heights: [...new Set(heights)].length };
}"""


def test_the_styles_that_ship_are_seen_side_by_side_on_a_phone(chromium, photo, tmp_path):
    (tmp_path / "me.jpg").write_bytes(photo)
    with browser.server() as address:
        page = browser.open_page(
            chromium, address, thrifty=False, viewport={"width": 390, "height": 844}
        )
        assert page.evaluate(STRIP)["seen"] == [True] * 4
        browser.drop(page, [tmp_path / "me.jpg"])
        for pictures in (1, 4):  # names and pictures stand in rows, also before all are there
            page.wait_for_function(
                "n => document.querySelectorAll('#styles canvas').length >= n", arg=pictures
            )
            assert page.evaluate(STRIP) == {"seen": [True] * 4, "tops": 1, "heights": 1}
        page.context.close()


def test_the_chosen_style_of_many_stays_in_view(chromium, address):
    page = browser.open_page(chromium, address, viewport={"width": 390, "height": 844})
    for place in (-1, 0):
        # By the keyboard's way: nothing scrolls of itself.
        page.locator("#styles input").nth(place).evaluate("e => e.click()")
        page.wait_for_function(f"place => ({STRIP})().seen.at(place)", arg=place)
    page.context.close()
