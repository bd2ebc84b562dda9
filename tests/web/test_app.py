"""The page as an app: installed, opened by a shortcut, and given photos by other apps."""

from __future__ import annotations

import json
from urllib.parse import urljoin

import pytest
from tests.web import browser

from toonmark.web import assets

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "-")


@pytest.fixture(scope="module")
def address(pack):
    with browser.server("--style", str(pack)) as found:
        yield found


@pytest.fixture(scope="module")
def manifest():
    return json.loads(assets.built_files()["app.webmanifest"].read_text())


@pytest.fixture
def page(chromium, address):
    """Opened a second time: its service worker is there."""
    page = browser.open_page(chromium, address)
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.wait_for_function("() => navigator.serviceWorker.controller")
    yield page
    assert not page.problems
    page.context.close()


def test_it_can_be_installed(page, address, manifest):
    """As Chromium sees it; what the manifest names is there."""
    protocol = page.context.new_cdp_session(page)
    found = protocol.send("Page.getAppManifest")
    assert not found["errors"]
    problems = protocol.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert not [one for one in problems if one["errorId"] != "in-incognito"]
    assert json.loads(found["data"]) == manifest
    for icon in manifest["icons"]:
        assert page.request.get(urljoin(address, icon["src"])).ok


def test_a_shortcut_opens_the_camera(page, address, manifest):
    (shortcut,) = manifest["shortcuts"]
    page.goto(urljoin(address, shortcut["url"]))
    page.wait_for_selector("#camera .message, #camera .camera")  # there is none, which it says
    assert page.is_hidden("#hero")
    assert page.evaluate("location.search") == "", "a reload does not open it again"


def shared(page, address, manifest, files):
    """What a phone does with files that are shared with the app: a form, sent to its address."""
    target = manifest["share_target"]
    (field,) = target["params"]["files"]
    # Of a page of its own: this one may send no forms.
    page.route("**/elsewhere", lambda route: route.fulfill(body="", content_type="text/html"))
    page.goto(urljoin(address, "/elsewhere"))
    page.set_content(
        f'<form method="{target["method"]}" enctype="{target["enctype"]}" '
        f'action="{urljoin(address, target["action"])}" accept-charset="utf-8">'
        f'<input type="file" name="{field["name"]}" multiple><button>Share</button></form>'
    )
    page.set_input_files("input", files)
    page.click("button")
    page.wait_for_selector("body[data-state=ready]")


def test_photos_of_another_app_open_and_go_nowhere(page, address, manifest, photo, tmp_path):
    """Each once, by its name; the server hears nothing of them; a reload does not bring them back
    twice."""
    names = ["Großmutter, 80.png", "two.png"]
    for name in names:
        (tmp_path / name).write_bytes(photo)
    sent = []
    page.context.on("request", lambda one: one.method == "POST" and sent.append(one))
    shared(page, address, manifest, [tmp_path / name for name in names])
    browser.drawn(page, 2)
    assert page.locator(".photo h2 span").all_inner_texts() == names
    assert page.evaluate("location.search") == ""
    assert all(one.service_worker is None for one in sent)
    assert all(one.response().from_service_worker for one in sent)
    kept = "caches.keys().then(all => all.filter(name => name.endsWith('shared')))"
    assert page.evaluate(kept) == []
    page.reload()
    browser.drawn(page, 2)  # which the page itself has kept


def test_what_is_no_picture_is_named_when_it_is_shared(page, address, manifest, tmp_path):
    (tmp_path / "a.heic").write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(99))
    shared(page, address, manifest, [tmp_path / "a.heic"])
    page.wait_for_selector(".photo[data-state=failed]")
    assert "HEIC" in page.inner_text(".photo")
