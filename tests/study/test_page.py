"""The page in a real browser: several raters at once, on desktops and phones."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from toonmark.study.answers import Answers
from toonmark.study.order import drawing_order
from toonmark.study.ratings_table import tabulate
from toonmark.study.study import load

pytestmark = pytest.mark.slow

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--disable-quic", "--no-first-run"]
PATIENCE = 60_000
#: Where screenshots go, for people to look at; nowhere unless it is set.
SHOTS = os.environ.get("TOONMARK_SCREENSHOTS")


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="the package playwright is missing")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: apt-get install chromium")
    with api.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, served):
    """Opens the study as somebody else, who has seen nothing of it yet."""
    opened = []

    def open_page(phone=False, address=served, **more):
        size = {"width": 390, "height": 760} if phone else {"width": 1280, "height": 800}
        context = browser.new_context(viewport=size, has_touch=phone, is_mobile=phone, **more)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("console", lambda m: m.type == "error" and page.problems.append(m.text))
        page.goto(address)
        opened.append((context, page))
        return page

    yield open_page
    for context, page in opened:
        assert page.problems == []
        context.close()


def begin(page):
    page.get_by_role("button", name="Begin").click()
    page.wait_for_selector("#task:not([hidden])")


def step(page):
    return page.inner_text("#step")


def go_on(page, done, tap=False):
    """To the next question: ``done`` are answered then."""
    (page.locator("#next").tap if tap else page.locator("#next").click)()
    answered(page, done)


def answered(page, done):
    page.get_by_text(f"{done} of 6 answered").wait_for()


def rater_of(page):
    return page.evaluate("localStorage.getItem('toonmark-study')")


def shot(page, name):
    if SHOTS:
        page.wait_for_timeout(400)
        page.screenshot(path=f"{SHOTS}/{name}.png")


def test_three_raters_at_once(visit, study_folder):
    """One clicks, one taps, one types; in turns, so that their answers interleave."""
    clicker, tapper, typist = visit(), visit(phone=True), visit()
    shot(clicker, "start")
    for page in (clicker, tapper, typist):
        begin(page)
    assert len({rater_of(page) for page in (clicker, tapper, typist)}) == 3
    for number in range(6):
        for place in (0, 1, 2):
            clicker.locator(".drawing").nth(place).click()
            tapper.locator(".drawing").nth(4 - place).tap()
        if number == 0:
            shot(clicker, "desktop")
            shot(tapper, "phone")
        typist.keyboard.press("a")
        typist.keyboard.press("c")
        typist.keyboard.press("d")
        typist.keyboard.press("Backspace")
        typist.keyboard.press("e")
        go_on(clicker, number + 1)
        go_on(tapper, number + 1, tap=True)
        typist.keyboard.press("Enter")
        answered(typist, number + 1)
    for page in (clicker, tapper, typist):
        page.wait_for_selector("#end:not([hidden])")
    shot(tapper, "end")

    study = load(study_folder)
    answers = Answers(study_folder, study).all()
    assert len(answers) == 3 * 2 * 3
    wanted = {
        rater_of(clicker): (0, 1, 2),
        rater_of(tapper): (4, 3, 2),
        rater_of(typist): (0, 2, 4),
    }
    for answer in answers:
        order = drawing_order(study, answer.rater, answer.group)
        assert answer.picks == tuple(order[i] for i in wanted[answer.rater])
    assert tabulate(study, answers).complete == 3


def test_it_goes_on_where_a_rater_left_off(visit, served):
    page = visit()
    begin(page)
    for place in (1, 2, 3):
        page.locator(".drawing").nth(place).click()
    go_on(page, 1)
    where = step(page)
    assert "question 2 of 3" in where
    page.reload()
    page.wait_for_selector("#task:not([hidden])")
    assert step(page) == where
    # On another device by a link with the rater's code.
    other = visit(phone=True, address=f"{served}#{rater_of(page)}")
    other.wait_for_selector("#task:not([hidden])")
    assert step(other) == where
    other.locator("#back").tap()
    assert [b.get_attribute("aria-pressed") for b in other.locator(".drawing").all()] == [
        *("false", "true", "true", "true", "false")
    ]


def test_an_unknown_code_in_the_address_costs_nobody_their_own(visit):
    page = visit()
    begin(page)
    for place in (0, 1, 2):
        page.locator(".drawing").nth(place).click()
    go_on(page, 1)
    where, rater = step(page), rater_of(page)
    for unknown in ("nobody", "x" * 60):
        page.evaluate("code => location.hash = code", unknown)
        page.reload()
        page.wait_for_selector("#task:not([hidden])")
        assert step(page) == where
        assert rater_of(page) == rater
        assert page.evaluate("location.hash") == ""
    page.evaluate("localStorage.setItem('toonmark-study', 'nobody')")
    page.reload()
    page.wait_for_selector("#start:not([hidden])")
    assert rater_of(page) is None
    page.problems = [p for p in page.problems if "404" not in p and "422" not in p]


def test_who_does_not_see_the_page_hears_where_it_goes_on(visit):
    page = visit()

    def focused():
        return page.evaluate("document.activeElement.textContent")

    begin(page)
    for number in range(6):
        assert focused() == page.inner_text("#question")
        assert page.inner_text("#says") == step(page)
        for key in "abc":
            page.keyboard.press(key)
        if number % 2:
            page.keyboard.press("Enter")
        else:
            page.focus("#next")
            page.keyboard.press("Space")
        answered(page, number + 1)
    assert focused() == "Thank you!"


def test_dragging(visit):
    page = visit()
    begin(page)
    drawings = [b.get_attribute("data-token") for b in page.locator(".drawing").all()]

    def picked():
        buttons = page.locator("#slots button").all()
        return [drawings.index(b.get_attribute("data-token")) for b in buttons]

    def drag(source, target):
        start, end = source.bounding_box(), target.bounding_box()
        page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
        page.mouse.down()
        page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=5)
        page.mouse.up()

    slot, drawing = page.locator("#slots li").nth, page.locator(".drawing").nth
    drag(drawing(3), slot(0))
    assert picked() == [3]
    drag(drawing(1), slot(0))
    assert picked() == [1, 3]
    drag(drawing(2), slot(2))
    drag(slot(0).locator("button"), slot(2))
    assert picked() == [3, 2, 1]
    drag(drawing(0), slot(1))  # the last one falls out
    assert picked() == [3, 0, 2]
    drag(slot(1).locator("button"), page.locator("#photo"))
    assert picked() == [3, 2]
    page.locator("#slots button").nth(1).focus()
    page.keyboard.press("ArrowLeft")
    assert picked() == [2, 3]
    page.keyboard.press("Delete")
    assert picked() == [3]
    assert page.locator("#next").is_disabled()


def test_a_double_click_and_a_lost_reply(visit, study_folder):
    page = visit()
    begin(page)
    posted = []

    def lose_the_first(route):
        posted.append(json.loads(route.request.post_data))
        if len(posted) == 1:
            route.fetch()  # it arrives; its reply does not
            route.abort()
        else:
            route.continue_()

    page.route("**/api/answers", lose_the_first)
    for place in (0, 1, 2):
        page.locator(".drawing").nth(place).click()
    page.locator("#next").dblclick()
    answered(page, 1)
    assert "question 2 of 3" in step(page)
    assert len(posted) == 2
    assert posted[0] == posted[1]
    assert len(Answers(study_folder, load(study_folder)).all()) == 1
    page.problems = [p for p in page.problems if "Failed to load resource" not in p]


def test_two_tabs_of_one_rater(visit, served, study_folder):
    first = visit()
    begin(first)
    second = visit(address=f"{served}#{rater_of(first)}")
    second.wait_for_selector("#task:not([hidden])")
    for place in (0, 1, 2):
        first.locator(".drawing").nth(place).click()
        second.locator(".drawing").nth(4 - place).click()
    go_on(first, 1)
    second.locator("#next").click()
    second.wait_for_selector("#trouble:not([hidden])")
    assert "another tab or device" in second.inner_text("#trouble")
    # It shows what the other tab gave.
    pressed = [b.get_attribute("aria-pressed") for b in second.locator(".drawing").all()]
    assert pressed == ["true", "true", "true", "false", "false"]
    assert len(Answers(study_folder, load(study_folder)).all()) == 1
    second.problems = [p for p in second.problems if "409" not in p]


def test_nothing_tells_the_methods(visit, served, folders):
    page = visit()
    replies = []
    page.on("response", lambda reply: replies.append((reply.url, reply)))
    begin(page)
    page.wait_for_load_state("networkidle")
    assert replies
    for url, reply in replies:
        assert url.startswith(served)
        assert not any(name in url for name in folders)
        if "/api/" in url:
            assert not any(f'"{name}"' in reply.text() for name in folders)
    status = page.evaluate("fetch('/study.json').then(r => r.status)")
    assert status == 404
    page.problems = [p for p in page.problems if "404" not in p]
