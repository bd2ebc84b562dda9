"""The page in Debian's Chromium: what a person does, and what a network sees of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
import pytest
from PIL import Image
from tests.using.conftest import _write_pack
from tests.web import browser

from toonmark import Cartoonizer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "-"),
]

FACE = ".face[data-face='1']"


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("styles")
    _write_pack(folder / "negative.onnx")
    _write_pack(folder / "second.onnx", size=64, name="second", title="Coarse")
    return folder


@pytest.fixture(scope="module")
def files(tmp_path_factory, photo, two_faces):
    folder = tmp_path_factory.mktemp("photos")
    (folder / "one.png").write_bytes(photo)
    (folder / "two.png").write_bytes(two_faces)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff" + bytes(99))
    Image.new("RGB", (400, 300), (120, 140, 160)).save(folder / "nobody.png")
    return folder


@pytest.fixture(scope="module")
def address(packs):
    with browser.server("--style", str(packs)) as found:
        yield found


@pytest.fixture
def page(chromium, address):
    page = browser.open_page(chromium, address)
    page.check("input[value=negative]", force=True)
    yield page
    assert not page.problems
    page.context.close()


def difference(found, expected):
    """Of 255, per channel: mean, and what 99 of 100 stay below."""
    gap = np.abs(found.astype(int) - expected)
    return gap.mean(), np.percentile(gap, 99)


def test_dropped_photo_is_drawn_here_and_as_python_draws_it(page, files, packs, tmp_path):
    """The same picture within a mean of 0.5 and 4 of 255 for 99 % of the values."""
    browser.drop(page, [files / "one.png"])
    browser.drawn(page)
    with page.expect_download() as download:
        page.click(f"{FACE} button:text('Save')")
    assert download.value.suggested_filename == "one-toon.png"
    found = np.asarray(Image.open(download.value.path()).convert("RGB"))
    cartoonizer = Cartoonizer(packs / "negative.onnx", threads=1)
    expected = cartoonizer(files / "one.png", "all")[0]  # the page looks for all faces
    mean, most = difference(found, expected.resized(512))
    assert (mean, most) < (0.5, 1000), (mean, most)
    assert most <= 4, (mean, most)

    page.select_option(browser.BACKGROUND, "transparent")
    page.wait_for_selector(f"{FACE}[data-count='2']")
    with page.expect_download() as download:
        page.click(f"{FACE} button:text('Save')")
    see_through = np.asarray(Image.open(download.value.path()))
    assert see_through.shape == (512, 512, 4)

    # Nothing is sent (tests/web/test_privacy.py reads the wire itself).
    sent = [request for request in page.requests if request.url.startswith("http")]
    assert all(request.method == "GET" and "?" not in request.url for request in sent)


def test_dragging_a_point_draws_again(page, files):
    browser.drop(page, [files / "one.png"])
    browser.drawn(page)
    before = browser.pixels(page, f"{FACE} canvas[role=img]")
    assert not page.is_visible(".point")
    page.click("button:text('Adjust')")
    nose = browser.at_rest(page, ".point[data-point='2']")
    x, y = nose["x"] + nose["width"] / 2, nose["y"] + nose["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 18, steps=4)
    page.mouse.up()
    page.wait_for_function(
        "() => Number(document.querySelector('.face').dataset.count) > 1 && "
        "document.querySelector('.face').dataset.state === 'drawn'"
    )
    moved = page.locator(".point[data-point='2']").bounding_box()
    assert moved["x"] - nose["x"] == pytest.approx(30, abs=1)
    assert moved["y"] - nose["y"] == pytest.approx(18, abs=1)
    after = browser.pixels(page, f"{FACE} canvas[role=img]")
    assert np.abs(before.astype(int) - after).mean() > 2
    page.click("button:text('Put the points back')")
    page.wait_for_function(
        "c => Number(document.querySelector('.face').dataset.count) > c && "
        "document.querySelector('.face').dataset.state === 'drawn'",
        arg=int(page.get_attribute(FACE, "data-count")),
    )
    np.testing.assert_array_equal(browser.pixels(page, f"{FACE} canvas[role=img]"), before)


def test_several_photos_and_faces_and_styles(page, files):
    browser.drop(page, [files / "one.png", files / "two.png"])
    browser.drawn(page, 2)
    assert page.locator(".photo").count() == 2
    assert page.locator(".photo").nth(1).locator(".face").count() == 2
    assert page.locator(".photo").nth(1).locator(".point").count() == 10
    before = browser.pixels(page, f"{FACE} canvas[role=img]")
    page.check("input[value=second]", force=True)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.face')].every(f => f.dataset.count === '2')"
    )
    after = browser.pixels(page, f"{FACE} canvas[role=img]")
    assert np.abs(before.astype(int) - after).mean() > 0.5
    page.locator(".photo").nth(1).locator("button:text-is('Close')").click()
    assert page.locator(".photo").count() == 1


def test_slider_shows_the_photo(page, files):
    browser.drop(page, [files / "one.png"])
    browser.drawn(page)
    slider = page.locator(f"{FACE} input[type=range]")
    box = page.locator(f"{FACE} .compare").bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + box["height"] / 2)
    assert float(slider.input_value()) == pytest.approx(75, abs=3)
    clip = page.eval_on_selector(f"{FACE} .before", "e => getComputedStyle(e).clipPath")
    assert "calc" in clip or "inset" in clip


def test_nobody_and_errors_say_what_to_do(page, files):
    browser.drop(page, [files / "nobody.png"])
    page.wait_for_selector(".photo[data-state=none]")
    assert "No face was found" in page.inner_text(".photo")
    page.click("button:text('Place the points myself')")
    browser.drawn(page)
    assert page.locator(".point").count() == 5
    browser.drop(page, [files / "broken.jpg"])
    page.wait_for_selector(".photo[data-state=failed]")
    assert "damaged" in page.inner_text(".photo[data-state=failed]")


@pytest.mark.parametrize("degrees", [-40, 25])
def test_tilted_heads_are_drawn_as_python_draws_them(page, astronaut, packs, tmp_path, degrees):
    """There the points move far from where the detector sees them."""
    turn = cv2.getRotationMatrix2D((222, 120), degrees, 1.0)
    turn[:, 2] += (30, 130)
    picture = cv2.warpAffine(astronaut, turn, (512, 512), borderValue=(128, 128, 128))
    Image.fromarray(picture).save(tmp_path / "tilted.png")
    browser.drop(page, [tmp_path / "tilted.png"])
    browser.drawn(page)
    found = browser.pixels(page, f"{FACE} canvas[role=img]")[..., :3]
    (expected,) = Cartoonizer(packs / "negative.onnx", threads=1)(tmp_path / "tilted.png", "all")
    assert abs(expected.roll - -degrees) < 6
    mean, most = difference(found, expected.resized(512))
    assert mean < 1, (mean, most)


def test_on_the_server(page, files, packs):
    page.check("input[value=server]", force=True)
    assert "sent to" in page.inner_text("#where")
    browser.drop(page, [files / "one.png"])
    browser.drawn(page)
    posts = [request for request in page.requests if request.method == "POST"]
    assert posts
    assert posts[0].url.endswith("/photos")
    assert all("/cartoonize?" in request.url for request in posts[1:])
    found = browser.pixels(page, f"{FACE} canvas[role=img]")[..., :3]
    expected = Cartoonizer(packs / "negative.onnx", threads=1)(files / "one.png", "all")[0]
    mean, most = difference(found, expected.resized(512))
    assert mean < 0.5, (mean, most)


def test_to_the_server_a_photo_is_sent_once(chromium, address, files):
    """Read as bytes, as browsers leave the bodies of files out of what they tell of requests."""
    middle = (files / "two.png").read_bytes()[200_000:][:64]
    with browser.wiretap(address) as (tapped, heard):
        page = browser.open_page(chromium, tapped)
        page.check("input[value=negative]", force=True)
        page.check("input[value=server]", force=True)
        browser.drop(page, [files / "two.png"])
        browser.drawn(page)
        page.click("button:text('Adjust')")
        nose = page.locator(".point[data-point='2']").first.bounding_box()
        x, y = nose["x"] + nose["width"] / 2, nose["y"] + nose["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(20):
            page.mouse.move(x + step, y + step / 2)
            page.wait_for_timeout(100)
        page.mouse.up()
        settled = f"() => document.querySelector(\"{FACE}\").dataset.state === 'drawn'"
        page.wait_for_function(settled)
        assert heard.count(b"POST /cartoonize?") >= 5
        assert heard.count(b"POST /photos ") == 1
        assert heard.count(middle) == 1

        # Forgotten meanwhile, it is sent again, and nobody notices.
        handle = re.findall(rb"photo=([\w-]+)", heard)[0].decode()
        page.evaluate("h => fetch(`photos/${h}`, { method: 'DELETE' }).then(r => r.status)", handle)
        page.select_option(browser.BACKGROUND, "transparent")
        while heard.count(middle) < 2:
            page.wait_for_timeout(100)
        page.wait_for_function(settled)
        assert heard.count(middle) == 2

        # Closed, it is forgotten at once.
        with page.expect_response("**/photos/*") as deleted:
            page.click("button:text-is('Close')")
        assert deleted.value.status == 204
        assert deleted.value.request.url.rpartition("/")[2] != handle
        assert not page.problems or "404" in page.problems[0]
        page.context.close()


def test_a_server_that_keeps_no_photo_is_sent_it_each_time(chromium, packs, files):
    with browser.server("--style", str(packs), "--keep-time", "0") as found:
        page = browser.open_page(chromium, found)
        page.check("input[value=server]", force=True)
        sent = []
        asked = []
        page.on("request", lambda one: "/cartoonize?" in one.url and sent.append(one.url))
        page.on("request", lambda one: one.url.endswith("/photos") and asked.append(one.url))
        browser.drop(page, [files / "one.png"])
        browser.drawn(page)
        assert len(sent) > 1
        assert not [url for url in sent if "photo=" in url], "no handle stands for it"
        assert len(asked) == 1, "whether it keeps photos is asked once"
        page.context.close()


def chosen_with_enter(page, file, tries=3):
    """Chromium opens no chooser if it is too busy to answer a key within five seconds."""
    from playwright.sync_api import TimeoutError

    for left in reversed(range(tries)):
        # Without a limit it may wait for ever: a page that draws nothing is not always told.
        page.evaluate("() => new Promise((idle) => requestIdleCallback(idle, { timeout: 5000 }))")
        try:
            with page.expect_file_chooser(timeout=20_000) as chooser:
                page.keyboard.press("Enter")
            break
        except TimeoutError:
            if not left:
                raise
    chooser.value.set_files(file)


def tabbed_to(page, what, most):
    """Presses Tab until the focus is on what is called so; how often that was."""
    label = "(document.activeElement.ariaLabel || document.activeElement.textContent).trim()"
    for count in range(1, most + 1):
        page.keyboard.press("Tab")
        if what in page.evaluate(label):
            return count
    raise AssertionError(f"{what}: not within {most} stops")


def test_keyboard_only(page, files):
    """From the top of the page by Tab alone to a saved cartoon in twelve stops; then the points."""
    page.focus("body")
    assert tabbed_to(page, "To the photos", 1) == 1
    count = 1 + tabbed_to(page, "Choose a photo", 9)
    chosen_with_enter(page, files / "two.png")
    browser.drawn(page)
    count += tabbed_to(page, "how much of the photo", 3)
    page.keyboard.press("End")
    assert page.locator(f"{FACE} input[type=range]").input_value() == "100"
    count += tabbed_to(page, "Save", 2)
    assert count <= 12
    with page.expect_download():
        page.keyboard.press("Enter")
    page.wait_for_selector(f"{FACE} button:text('Saved')")
    assert page.inner_text("#told") == "Saved two-toon-1.png."
    tabbed_to(page, "Adjust", 14)
    page.keyboard.press("Enter")
    for _ in range(20):  # the points lie on the photo, before the button
        page.keyboard.press("Shift+Tab")
        if "Face 1, nose" in page.evaluate("document.activeElement.ariaLabel ?? ''"):
            break
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_selector(f"{FACE}[data-count='2'][data-state=drawn]")


def test_focus_stays_when_a_pressed_button_goes(page, files):
    browser.drop(page, [files / "broken.jpg"])
    page.focus("button:text('Try again')")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className") == "photo"
    page.wait_for_selector(".photo[data-state=failed]")
    assert page.evaluate("document.activeElement.className") == "photo"
    page.click("button:text-is('Close')")
    browser.drop(page, [files / "nobody.png"])
    page.focus("button:text('Place the points myself')")
    page.keyboard.press("Enter")
    browser.drawn(page)
    assert "left eye" in page.evaluate("document.activeElement.ariaLabel")


#: Notes what the worker is asked; with ``hasty`` all photos are closed once one is opened.
LISTEN = """hasty => {
    window.calls = [];
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...more) {
        calls.push([message.call, message.args.id]);
        post.call(this, message, ...more);
        if (!hasty || message.call !== 'open') return;
        hasty = false;
        setTimeout(() => document.querySelectorAll('.photo header button').forEach(b => b.click()));
    };
}"""


def test_put_away_photos_leave_the_device(page, files):
    page.wait_for_selector("#example[data-state=drawn]")
    browser.drop(page, [files / "one.png"])
    browser.drawn(page)
    page.check("input[value=server]", force=True)
    browser.drawn(page)
    page.evaluate(LISTEN, False)
    page.click("button:text-is('Close')")
    assert ["close", 1] in page.evaluate("calls")


def test_photos_put_away_while_they_wait_are_not_opened(page, files):
    page.wait_for_selector("#example[data-state=drawn]")
    page.evaluate(LISTEN, True)
    browser.drop(page, [files / "one.png", files / "two.png"])
    page.wait_for_function("calls.filter(([call]) => call === 'close').length >= 2")
    browser.drop(page, [files / "one.png"])
    browser.drawn(page)
    calls = page.evaluate("calls")
    assert [one for one in calls if one[0] == "open"] == [["open", 1], ["open", 3]]
    assert {one[1] for one in calls if one[0] == "draw"} == {3}


def test_a_worker_that_stopped_is_told_and_not_waited_for(chromium, address, files):
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(1000 * browser.PATIENCE)
    page.route("**/assets/worker-*.js", lambda route: route.abort())
    page.goto(address)
    page.wait_for_selector("#example .message")
    browser.drop(page, [files / "one.png"])
    page.wait_for_selector(".photo[data-state=failed]")
    assert "Load the page again" in page.inner_text(".photo")
    context.close()


def test_phone(chromium, address, files):
    phone = {"viewport": {"width": 375, "height": 740}, "is_mobile": True, "has_touch": True}
    page = browser.open_page(chromium, address, **phone)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.is_visible("button:text('Take a photo')")
    page.set_input_files("#shoot", files / "two.png")
    browser.drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    for button in page.query_selector_all("button:visible:not(.point)"):
        assert button.bounding_box()["height"] >= 40
    page.context.close()


def fetched(page):
    """Bytes over the network by address."""
    return {r.url: r.sizes()["responseBodySize"] for r in page.requests if r.url[:4] == "http"}


def test_example_is_drawn_where_its_points_are():
    """The page is told where they are, so as not to wait for what finds them."""
    source = Path(__file__).parents[2] / "web/src"
    (found,) = Cartoonizer("comic", threads=1)(source / "example.jpg", "all")
    told = json.loads((source / "example.json").read_text())
    np.testing.assert_allclose(told, found.points, atol=0.5)


@pytest.fixture(scope="module")
def shipped():
    """The address of a page with the styles that ship."""
    with browser.server() as found:
        yield found


def test_first_load_is_small_and_kept(chromium, shipped):
    """At most 4.5 MB to the first cartoon, then what finds faces; one style and no other."""
    page = browser.open_page(chromium, shipped, thrifty=False)
    page.wait_for_selector("#example[data-state=drawn]")
    sizes = fetched(page)
    assert any(".wasm" in url for url in sizes)
    assert any("style-comic" in url for url in sizes)
    finders = {url: size for url, size in sizes.items() if "yunet" in url or "landmarks" in url}
    assert sum(sizes.values()) - sum(finders.values()) <= 4.5e6, sizes
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    while not all(any(name in url for url in fetched(page)) for name in ("yunet", "landmarks")):
        page.wait_for_timeout(200)
    page.wait_for_timeout(1000)
    sizes = fetched(page)
    assert sum(sizes.values()) <= 5.5e6, sizes
    assert sum("style-" in url for url in sizes) == 1, sizes
    headers = {r.url: r.response().headers for r in page.requests if "/assets/" in r.url}
    assert all("immutable" in one["cache-control"] for one in headers.values())
    assert page.evaluate("crossOriginIsolated")
    page.context.close()


def test_token_from_the_address(chromium, packs, files):
    """Decoded, in all tabs, and out of the address; typed in where it is missing or wrong."""
    secret = "a-secret/of.the+test="
    with browser.server("--style", str(packs), "--token", secret) as address:
        plain, _, given = address.partition("#token=")
        page = browser.open_page(chromium, f"{plain}#token={quote(secret, safe='')}")
        assert given
        assert "secret" not in page.url
        browser.drop(page, [files / "one.png"])
        browser.drawn(page)
        page.check("input[value=server]", force=True)
        browser.drawn(page)
        assert not page.problems
        other = page.context.new_page()
        other.goto(plain)
        other.wait_for_selector("body[data-state=ready]")
        page.context.close()

        page = chromium.new_context().new_page()
        page.set_default_timeout(1000 * browser.PATIENCE)
        page.goto(plain)
        page.wait_for_selector("form.token")
        assert "those who have its token" in page.inner_text("#example")
        for typed, said in (("something-else", "does not take"), (secret, "")):
            page.fill("input[name=token]", typed)
            page.keyboard.press("Enter")
            found = f"#example:has-text('{said}') form.token" if said else "body[data-state=ready]"
            page.wait_for_selector(found)
            assert "token" not in page.url
        page.context.close()


def test_twelve_faces_are_twelve_stops_at_most_from_a_saved_one(page, astronaut, tmp_path):
    face = astronaut[0:256, 90:346]
    party = np.vstack([np.hstack([face] * 4)] * 3)
    Image.fromarray(party).save(tmp_path / "party.png")
    page.focus("body")
    count = tabbed_to(page, "Choose a photo", 10)
    chosen_with_enter(page, tmp_path / "party.png")
    browser.drawn(page)
    assert page.locator(".face").count() == 12
    count += tabbed_to(page, "Save", 12)
    assert count <= 12
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "party-toon-1.png"
