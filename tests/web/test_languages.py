"""The page in every language: all is said, nothing bursts, and what was chosen stays."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.web import browser
from tests.web.test_layout import OUTSIDE, SCREENSHOTS, files, states

__all__ = ["files"]  # a fixture

SOURCE = Path(__file__).parents[2] / "web/src"
WORDS = {
    file.stem: json.loads(file.read_text(encoding="utf-8"))
    for file in sorted((SOURCE / "words").glob("*.json"))
}
OTHERS = sorted(set(WORDS) - {"en"})
#: The plural forms that a language has, by Unicode's rules (cldr.unicode.org).
FORMS = {
    "ar": {"zero", "one", "two", "few", "many", "other"},
    **{language: {"other"} for language in ("ja", "zh")},
}
needs_browser = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "-")


def forms(said):
    return [said] if isinstance(said, str) else list(said.values())


@pytest.mark.parametrize("language", WORDS)
def test_all_is_said(language):
    """The same keys in the same order, each with the values that it names."""
    words = WORDS[language]
    assert list(words) == list(WORDS["en"])
    for key, said in words.items():
        assert all(form.strip() == form and form for form in forms(said)), key
        if isinstance(said, dict):
            assert set(said) == FORMS.get(language, {"one", "other"})
            said = said["other"]
        names = [sorted(re.findall(r"\{\w+\}", one)) for one in (key, said)]
        assert names[0] == names[1], key
    if language != "en":
        same = [key for key, said in words.items() if said == key and len(key.split()) > 2]
        assert not same, "left in English"


def test_sources_say_what_is_in_the_words():
    """Whatever the sources show is a key."""
    code = "".join(file.read_text() for file in sorted(SOURCE.rglob("*.js")))
    text = r"'((?:[^'\\\n]|\\.)+)'"
    calls = rf"\bw\({text}"
    refusals = rf"(?:Refusal|Problem|NotAllowed)\(\s*{text},\s*{text}"
    titles = rf"title: {text}"
    found = {one for pattern in (calls, titles) for one in re.findall(pattern, code)}
    found |= {one for pair in re.findall(refusals, code) for one in pair}
    assert len(found) > 60
    assert not {one.replace("\\'", "'") for one in found} - set(WORDS["en"])


@pytest.fixture(scope="module")
def address(pack):
    with browser.server("--style", str(pack)) as found:
        yield found


#: All that is shown or read out.
SAID = """() => {
    const all = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        if (!walker.currentNode.parentNode.closest('script, noscript, [lang=en]'))
            all.push(walker.currentNode.nodeValue.trim().replace(/\\s+/g, ' '));
    }
    for (const e of document.querySelectorAll('[aria-label]')) all.push(e.ariaLabel);
    return all;
}"""


@needs_browser
@pytest.mark.parametrize("language", OTHERS)
def test_nothing_bursts_and_nothing_is_left_in_english(chromium, address, files, language):
    page = browser.open_page(chromium, address, locale=language)
    assert page.get_attribute("html", "lang") == language
    assert page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")
    english = {key for key, said in WORDS[language].items() if said != key}
    burst, left = [], []
    for state in states(page, files):
        left += [(state, one) for one in page.evaluate(SAID) if one in english]
        for width in (320, 390):
            page.set_viewport_size({"width": width, "height": 800})
            wider, outside = page.evaluate(OUTSIDE)
            if wider > 0 or outside:
                burst.append((state, width, wider, outside))
            if SCREENSHOTS:
                path = f"{SCREENSHOTS}/{state}-{width}-{language}.png"
                page.screenshot(path=path, full_page=True)
    page.context.close()
    assert not burst, json.dumps(burst, indent=1)
    assert not left


@needs_browser
def test_the_readers_choice_holds_at_once_and_on_the_next_visit(chromium, address, photo, tmp_path):
    (tmp_path / "one.png").write_bytes(photo)
    page = browser.open_page(chromium, address, locale="fr")
    assert page.get_attribute("html", "lang") == "en", "there is no French"
    browser.drop(page, [tmp_path / "one.png"])
    browser.drawn(page)
    page.click(".photo header button")
    page.select_option("#languages select", "de")
    page.wait_for_selector("html[lang=de]")
    page.click("button:text-is('Rückgängig')")
    browser.drawn(page)
    assert page.inner_text(".photo header button") == "Schließen"
    assert page.inner_text(".photo h2 small") == "1 Gesicht"
    assert page.locator("button:text-is('Speichern')").count() == 1
    page.select_option("#languages select", "ja")
    page.wait_for_selector(".face button:text-is('保存')")
    assert page.inner_text(".photo h2 small") == "顔 1 件"
    page.reload()
    page.wait_for_selector("body[data-state=ready]")
    assert page.get_attribute("html", "lang") == "ja"
    assert page.input_value("#languages select") == "ja"
    assert not page.problems
    page.context.close()
