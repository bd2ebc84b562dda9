"""What comes out of the page: how sharp, on which background, how large, and to where."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from tests.using.conftest import _write_pack
from tests.web import browser
from tests.web.test_vision import call, picture, rgba

from toonmark import Cartoonizer, blend, cutout
from toonmark.faces import align

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "-")

FACE = ".face[data-face='1']"


@pytest.fixture(scope="module")
def address(pack):
    with browser.server("--style", str(pack)) as found:
        yield found


def head(size):
    """A head with an outline on white."""
    image = np.full((size, size, 3), 255, np.uint8)
    middle = (size // 2, size // 2)
    cv2.circle(image, middle, size // 4, (230, 180, 150), -1, cv2.LINE_AA)
    cv2.circle(image, middle, size // 4, (20, 10, 30), max(1, size // 50), cv2.LINE_AA)
    return image


@pytest.mark.parametrize("size", [128, 500, 512])
def test_sticker(size):
    """The figure as it was, a white edge of a fortieth around it, nothing beyond."""
    inner = call("sticker.js", "figureSize", "sticker", size)
    figure = cutout.cut_out(head(inner))
    found = rgba(call("sticker.js", "dressed", picture(figure), "sticker", size))
    assert found.shape == (size, size, 4)
    margin = (size - inner) // 2
    solid = np.zeros((size, size), np.uint8)
    solid[margin : margin + inner, margin : margin + inner] = figure[..., 3] >= 128
    far = cv2.distanceTransform(1 - solid, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    edge = (far > 1.5) & (far < 0.025 * size - 1)
    assert edge.any()
    assert (found[edge] == 255).all()
    assert (found[far > 0.025 * size + 1][:, 3] == 0).all()
    inside = cv2.erode(solid, np.ones((5, 5))) > 0
    part = np.zeros_like(found)
    part[margin : margin + inner, margin : margin + inner] = figure
    assert np.abs(found[inside].astype(int) - part[inside]).max() <= 1


def test_colours():
    figure = cutout.cut_out(head(128))
    found = rgba(call("sticker.js", "dressed", picture(figure), "yellow", 128))
    assert (found[..., 3] == 255).all()
    assert (found[2, 2, :3] == [255, 214, 102]).all()
    assert np.abs(found[64, 64].astype(int) - figure[64, 64]).max() <= 1


def test_a_photo_out_of_focus(astronaut):
    """Behind the figure the photo without its details, the same at every size; on it the figure."""
    photo = np.ascontiguousarray(astronaut[:256, 90:346])
    found = {}
    for size in (128, 256):
        figure = cutout.cut_out(head(size))
        shown = cv2.resize(photo, (size, size), interpolation=cv2.INTER_AREA)
        arguments = picture(figure), "blurred", size, picture(shown)
        found[size] = rgba(call("sticker.js", "dressed", *arguments))
        assert (found[size][..., 3] == 255).all()
        middle = np.s_[size // 2 - 5 : size // 2 + 5, size // 2 - 5 : size // 2 + 5, :3]
        np.testing.assert_allclose(found[size][middle], figure[middle], atol=1)
    behind = cutout.cut_out(head(256))[..., 3] == 0
    expected = cv2.GaussianBlur(photo, (0, 0), 1.6 * 256 / 48)
    apart = np.abs(found[256][..., :3].astype(int) - expected)[behind]
    assert apart.mean() < 4
    assert np.abs(found[256][..., :3].astype(int) - photo)[behind].mean() > 2 * apart.mean()
    small = cv2.resize(found[256][..., :3], (128, 128), interpolation=cv2.INTER_AREA)
    behind = cutout.cut_out(head(128))[..., 3] == 0
    assert np.abs(small.astype(int) - found[128][..., :3])[behind].mean() < 2


def saved(page, button=f"{FACE} button:text-is('Save')"):
    """What a button saves: the file's name, and its bytes."""
    with page.expect_download() as download:
        page.click(button)
    page.wait_for_selector("button:text-is('Saved')")
    page.wait_for_selector("button:text-is('Saved')", state="detached")
    return download.value.suggested_filename, download.value.path().read_bytes()


#: Formats, how Pillow calls them, and how far from what is shown they may be.
FORMATS = [("png", "PNG", 0), ("jpg", "JPEG", 3), ("webp", "WEBP", 4)]


def test_formats(chromium, address, photo, tmp_path):
    """Each opens as what it is and looks as what is shown; JPEG is on white where nothing is."""
    (tmp_path / "one.png").write_bytes(photo)
    page = browser.open_page(chromium, address)
    browser.drop(page, [tmp_path / "one.png"])
    browser.drawn(page)
    for look in ("blurred", "transparent"):
        before = _settled(page)
        page.select_option(browser.BACKGROUND, look)
        _settled(page, before)
        shown = browser.pixels(page, f"{FACE} canvas[role=img]").astype(float)
        assert bool(shown[..., 3].min() == 255) == (look == "blurred")
        for kind, called, most in FORMATS:
            page.select_option(browser.FORMAT, kind)
            name, data = saved(page)
            assert name == f"one-toon.{kind}"
            found = Image.open(io.BytesIO(data))
            assert (found.format, found.size) == (called, (512, 512))
            assert kind != "jpg" or found.mode == "RGB"
            seen = found.convert("RGBA")
            assert seen.getpixel((5, 5))[3] == (255 if kind == "jpg" else shown[5, 5, 3])
            found = Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen)
            share = shown[..., 3:] / 255
            expected = shown[..., :3] * share + 255 * (1 - share)
            pixels = np.asarray(found.convert("RGB"))
            assert np.abs(pixels - expected).mean() <= max(most, 0.5), (look, kind)
    shapes = f"{browser.FORMAT} option[value=svg]"
    assert page.is_enabled(shapes)
    page.select_option(browser.FORMAT, "svg")
    page.select_option(browser.BACKGROUND, "blurred")
    page.wait_for_function("() => document.querySelector('option[value=svg]').disabled")
    assert page.input_value(browser.FORMAT) == "png", "a photo has no shapes"
    assert not page.problems
    page.context.close()


def test_the_whole_photo_with_its_faces_drawn(chromium, address, pack, two_faces, tmp_path):
    """As Python puts them back; tuned too, from here and from the server."""
    (tmp_path / "two.png").write_bytes(two_faces)
    original = np.asarray(Image.open(io.BytesIO(two_faces)))
    cartoons = Cartoonizer(pack, threads=1)(tmp_path / "two.png", "all")
    page = browser.open_page(chromium, address)
    browser.drop(page, [tmp_path / "two.png"])
    browser.drawn(page)

    def whole():
        name, data = saved(page, "button:text-is('Whole photo')")
        assert name == "two-in-photo.png"
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)

    here = whole()
    expected = blend.in_photo(original, cartoons)
    assert np.abs(here - expected).mean() < 0.2
    assert np.abs(here - original).mean() > 5
    page.focus(".tune [name=strength]")
    page.keyboard.press("PageDown")
    page.wait_for_selector(f"{FACE}[data-state=drawn]:not([data-count='1'])")
    strength = int(page.input_value(".tune [name=strength]")) / 100
    tuned = whole()
    expected = blend.in_photo(original, [one.tuned(strength=strength) for one in cartoons])
    assert np.abs(tuned - expected).mean() < 0.2
    assert np.abs(tuned - here).mean() > 0.5
    page.check("input[value=server]", force=True)
    browser.drawn(page)
    assert np.abs(whole() - expected).mean() < 0.2
    assert not page.problems
    page.context.close()


def test_the_photo_under_a_cartoon_is_as_sharp_as_it_was(chromium, address, astronaut, tmp_path):
    """Not the style's 128 pixels made larger; it fits the cartoon all the same."""
    large = cv2.resize(astronaut, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(0).normal(0, 12, large.shape)
    large = np.clip(large + noise, 0, 255).astype(np.uint8)
    Image.fromarray(large).save(tmp_path / "one.png")
    page = browser.open_page(chromium, address)
    browser.drop(page, [tmp_path / "one.png"])
    browser.drawn(page)
    before = browser.pixels(page, f"{FACE} canvas.before")[..., :3]
    cartoon = browser.pixels(page, f"{FACE} canvas[role=img]")[..., :3]
    assert before.shape == (512, 512, 3)
    grey = cv2.cvtColor(before, cv2.COLOR_RGB2GRAY)
    assert np.abs(cv2.Laplacian(grey, cv2.CV_64F)).mean() > 8
    # So it is in the example.
    page.click(".photo header button")
    hero = browser.pixels(page, "#example canvas.before")[..., :3].astype(int)
    source = Path(__file__).parents[2] / "web/src"
    original = np.asarray(Image.open(source / "example.jpg").convert("RGB"))
    points = np.array(json.loads((source / "example.json").read_text()))
    expected = align.crop(original, align.face_transform(points, 512), 512)
    small = cv2.resize(cv2.resize(expected, (128, 128), interpolation=cv2.INTER_AREA), (512, 512))
    assert np.abs(hero - expected).mean() < 0.5 * np.abs(small - expected).mean()
    # The style draws the negative: both show the same place.
    small = [cv2.resize(one, (64, 64), interpolation=cv2.INTER_AREA) for one in (before, cartoon)]
    assert np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1] < -0.95
    page.context.close()


def test_backgrounds_sizes_and_sharing(chromium, address, photo, tmp_path):
    (tmp_path / "one.png").write_bytes(photo)
    page = browser.open_page(chromium, address)
    assert not page.problems
    page.evaluate(
        """() => {
            navigator.canShare = ({ files }) => files.every((f) => f.type === 'image/png');
            navigator.share = async ({ files }) => { window.shared = files.map((f) => f.name); };
        }"""
    )
    browser.drop(page, [tmp_path / "one.png"])
    browser.drawn(page)
    page.click(f"{FACE} button:text('Share')")
    page.wait_for_selector(f"{FACE} button:text('Shared')")
    assert page.evaluate("shared") == ["one-toon.png"]
    page.select_option(browser.BACKGROUND, "yellow")
    page.wait_for_selector(f"{FACE}[data-count='2']")
    page.select_option(browser.SIZE, "1024")
    with page.expect_download() as download:
        page.click(f"{FACE} button:text('Save')")
    page.wait_for_selector(f"{FACE} button:text('Saved')")
    with Image.open(download.value.path()) as saved:
        assert saved.size == (1024, 1024)
        assert saved.convert("RGB").getpixel((5, 5)) in [
            (255, 214, 102),
            saved.getpixel((5, 5))[:3],
        ]
    page.evaluate(
        "() => { navigator.share = async () => { throw new DOMException('', 'AbortError'); }; }"
    )
    page.click(f"{FACE} button:text('Share')")
    page.wait_for_timeout(300)
    assert page.is_hidden(f"{FACE} .note"), "to change one's mind is no failure"
    assert not page.problems
    page.context.close()


def test_what_is_no_picture_is_named(chromium, address, tmp_path):
    (tmp_path / "a.heic").write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(99))
    (tmp_path / "b.mp4").write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(99))
    page = browser.open_page(chromium, address)
    for name, words in (("a.heic", "HEIC"), ("b.mp4", "a video")):
        browser.drop(page, [tmp_path / name])
        page.wait_for_selector(f".photo[aria-label='{name}'][data-state=failed]")
        assert words in page.inner_text(f".photo[aria-label='{name}']")
    page.context.close()


def test_pictures_of_nobody_and_upside_down_ones(chromium, address, astronaut, tmp_path):
    """A strip that made the detector see things; a portrait that lost its orientation."""
    Image.new("RGB", (30000, 20)).save(tmp_path / "strip.png")
    Image.new("RGB", (640, 31), (128, 128, 128)).save(tmp_path / "grey.png")
    Image.fromarray(astronaut[::-1, ::-1]).save(tmp_path / "over.png")
    page = browser.open_page(chromium, address)
    for name in ("strip.png", "grey.png"):
        browser.drop(page, [tmp_path / name])
        page.wait_for_selector(f".photo[aria-label='{name}'][data-state=none]")
    browser.drop(page, [tmp_path / "over.png"])
    browser.drawn(page)
    page.click("button:text('Adjust')")
    ys = [page.locator(f".point[data-point='{i}']").bounding_box()["y"] for i in (0, 1, 3, 4)]
    assert min(ys[:2]) > max(ys[2:]), "the eyes are below the mouth"
    page.context.close()


def test_what_a_browser_forbids_is_explained(chromium, pack, photo, tmp_path):
    """Over http from another computer there is no camera and no clipboard."""
    (tmp_path / "one.png").write_bytes(photo)
    with browser.static_site(tmp_path / "site", pack) as host:
        page = browser.open_page(chromium, host.address.replace("127.0.0.1", "toon.test"))
        assert not page.evaluate("isSecureContext")
        assert "https" in page.inner_text("#where")
        page.click("button:text('Use the camera')")
        page.wait_for_selector("#camera .message")
        assert "toonmark serve --https" in page.inner_text("#camera .message")
        page.click("#camera button:text('Close')")
        browser.drop(page, [tmp_path / "one.png"])
        browser.drawn(page)
        page.click(f"{FACE} button:text('Copy')")
        page.wait_for_selector(f"{FACE} .note:visible")
        assert "over https" in page.inner_text(f"{FACE} .note")
        assert not page.problems
        page.context.close()


def test_all_faces_in_one_file(chromium, address, two_faces, tmp_path):
    """In the size and on the background that were chosen, as each alone."""
    (tmp_path / "Zwei Ümläute.jpg").write_bytes(two_faces)
    page = browser.open_page(chromium, address)
    browser.drop(page, [tmp_path / "Zwei Ümläute.jpg"])
    browser.drawn(page)
    page.select_option(browser.BACKGROUND, "blue")
    page.wait_for_selector(".face[data-face='2'][data-count='2']")
    with page.expect_download() as download:
        page.click("button:text('Save all')")
    page.wait_for_selector("button:text-is('Saved')")
    assert download.value.suggested_filename == "Zwei Ümläute-toons.zip"
    with zipfile.ZipFile(download.value.path()) as found:
        assert found.testzip() is None
        assert found.namelist() == ["Zwei Ümläute-toon-1.png", "Zwei Ümläute-toon-2.png"]
        for i, name in enumerate(found.namelist(), 1):
            cartoon = np.asarray(Image.open(io.BytesIO(found.read(name))).convert("RGBA"))
            shown = browser.pixels(page, f".face[data-face='{i}'] canvas[role=img]")
            np.testing.assert_array_equal(cartoon, shown)
    page.context.close()


def test_what_was_done_can_be_taken_back(chromium, two_styles, photo, tmp_path):
    """Points, background, style and closing, in turn, by buttons and by keys; and done again."""
    (tmp_path / "one.png").write_bytes(photo)
    page = browser.open_page(chromium, two_styles)
    browser.drop(page, [tmp_path / "one.png"])
    browser.drawn(page)
    assert page.is_hidden("#history")
    pictures = [_settled(page)]
    page.click("button:text('Adjust')")
    page.focus(".point[data-point='2']")
    page.keyboard.press("Shift+ArrowRight")
    pictures.append(_settled(page, pictures[-1]))
    page.select_option(browser.BACKGROUND, "pink")
    pictures.append(_settled(page, pictures[-1]))
    page.check("input[value=second]", force=True)
    pictures.append(_settled(page, pictures[-1]))
    page.click(".photo header button")
    assert page.locator(".photo").count() == 0
    assert "one.png was closed" in page.inner_text("#history")
    page.click("button:text('Undo')")
    browser.drawn(page)
    assert _settled(page) == pictures[3]
    for i in (2, 1, 0):
        page.keyboard.press("Control+z")
        assert _settled(page, pictures[i + 1]) == pictures[i]
    assert page.is_checked("input[value=negative]")
    assert page.input_value(browser.BACKGROUND) == "white"
    assert page.is_disabled("button:text('Undo')")
    for i in (1, 2, 3):
        page.keyboard.press("Control+Shift+z" if i > 1 else "Control+y")
        assert _settled(page, pictures[i - 1]) == pictures[i]
    page.click("button:text('Redo')")
    assert page.locator(".photo").count() == 0
    assert page.is_disabled("button:text('Redo')")
    assert not page.problems
    page.context.close()


def test_a_drawing_is_tuned_as_python_tunes_it_and_back(chromium, address, pack, photo, tmp_path):
    """By keys; undone and done again; also cut out, and in the file that is saved."""
    (tmp_path / "one.png").write_bytes(photo)
    page = browser.open_page(chromium, address)
    browser.drop(page, [tmp_path / "one.png"])
    browser.drawn(page)
    plain = _settled(page)
    assert page.is_hidden(".tune [name=skin]")  # this style does not say where it is
    page.get_by_label("Line width").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert page.get_attribute(".tune [name=lines]", "aria-valuetext") == "125 percent"
    page.wait_for_timeout(500)
    wide = _settled(page, plain)
    (expected,) = Cartoonizer(pack, threads=1)(tmp_path / "one.png", "all")
    with page.expect_download() as download:
        page.click(f"{FACE} button:text('Save')")
    found = np.asarray(Image.open(download.value.path()).convert("RGB")).astype(int)
    apart, change = (
        np.abs(found - drawn.resized(512)).mean() for drawn in (expected.tuned(1.25), expected)
    )
    print(f"{apart:.3f} from Python's, {change:.3f} from what it was")
    assert apart < min(0.3, change / 2)
    page.select_option(browser.BACKGROUND, "transparent")
    cut = _settled(page, wide)
    page.keyboard.press("Control+z")
    assert _settled(page, cut) == wide
    for _ in range(5):
        page.keyboard.press("Control+z")
    page.wait_for_function("() => document.querySelector('.tune [name=lines]').value === '100'")
    assert _settled(page, wide) == plain
    for _ in range(5):
        page.keyboard.press("Control+y")
    page.wait_for_timeout(500)
    assert _settled(page, plain) == wide
    assert not page.problems
    page.context.close()


def test_skin_hair_and_strength_are_tuned_as_python_tunes_them(chromium, photo, tmp_path):
    """In a style that ships; on the device and on the server; kept until the next visit."""
    (tmp_path / "one.png").write_bytes(photo)
    (drawn,) = Cartoonizer("comic", threads=1)(tmp_path / "one.png", "all")
    expected = drawn.tuned(skin=0.1, hair=-0.1, strength=0.9).image
    with browser.server() as address:
        page = browser.open_page(chromium, address)
        browser.drop(page, [tmp_path / "one.png"])
        browser.drawn(page)
        last = _settled(page)
        for name, key in (("skin", "ArrowRight"), ("hair", "ArrowLeft"), ("strength", "ArrowLeft")):
            page.focus(f".tune [name={name}]")
            for _ in range(2):
                page.keyboard.press(key)
                last = _settled(page, last)
        canvas = f"{FACE} canvas[role=img]"
        here = browser.pixels(page, canvas)[..., :3].astype(int)
        assert np.abs(here - expected).mean() < 0.5
        assert np.abs(here - drawn.image).mean() > 1
        page.check("input[value=server]", force=True)
        _settled(page, last)
        there = browser.pixels(page, canvas)[..., :3].astype(int)
        assert np.abs(there - expected).mean() < 0.5
        page.check("input[value=toon]", force=True)  # it does not say where skin and hair are
        page.wait_for_selector(".tune [name=skin]", state="hidden")
        page.wait_for_selector(f"{FACE}[data-state=drawn]")
        page.check("input[value=comic]", force=True)
        page.check("input[value=device]", force=True)
        browser.drawn(page)
        assert page.input_value(".tune [name=skin]") == "10"
        page.click("button:text('As it was drawn')")
        again = _settled(page, last)
        assert np.abs(browser.pixels(page, canvas)[..., :3] - drawn.image.astype(int)).mean() < 0.5
        page.keyboard.press("Control+z")
        assert _settled(page, again) == last
        assert not page.problems
        page.context.close()


def test_what_was_made_is_kept_until_it_is_cleared(chromium, two_styles, photo, tmp_path):
    (tmp_path / "one.png").write_bytes(photo)
    (tmp_path / "gone.png").write_bytes(photo)
    page = browser.open_page(chromium, two_styles)
    assert page.is_hidden("#kept")
    browser.drop(page, [tmp_path / "gone.png"])
    browser.drawn(page)
    page.click(".photo header button")
    browser.drop(page, [tmp_path / "one.png"])
    browser.drawn(page)
    page.wait_for_selector("#kept")
    page.check("input[value=second]", force=True)
    page.focus(".tune [name=strength]")
    page.keyboard.press("PageDown")
    page.select_option(browser.BACKGROUND, "pink")
    page.click("button:text('Adjust')")
    page.focus(".point[data-point='2']")
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_timeout(1500)
    made = _settled(page)
    place = page.get_attribute(".point[data-point='2']", "style")
    page.reload()
    browser.drawn(page)
    assert page.inner_text(".photo h2 span") == "one.png"
    assert _settled(page) == made
    assert page.get_attribute(".point[data-point='2']", "style") == place
    assert page.input_value(browser.BACKGROUND) == "pink"
    other = page.get_attribute("input[name=style]:not([value=second])", "value")
    page.check(f"input[value={other}]", force=True)  # the style alone is kept, too
    unlike = _settled(page, made)
    page.wait_for_timeout(1500)
    page.reload()
    browser.drawn(page)
    assert _settled(page) == unlike
    # What is kept is this page's own, not that of another one of the host's.
    # A photo is written once, and not at each step; the steps are.
    page.evaluate(
        """() => {
            window.written = [];
            const put = IDBObjectStore.prototype.put;
            IDBObjectStore.prototype.put = function (value) {
                written.push(value.file ? 'photo' : 'settings');
                return put.call(this, value);
            };
        }"""
    )
    page.select_option(browser.BACKGROUND, "blue")
    page.wait_for_function("written.length > 0")
    page.wait_for_timeout(500)
    assert set(page.evaluate("written")) == {"settings"}
    databases = page.evaluate("indexedDB.databases().then(all => all.map(({ name }) => name))")
    assert databases == ["toonmark " + page.evaluate("location.pathname")]
    page.click("button:text('Clear everything')")
    assert page.locator(".photo").count() == 0
    assert page.is_hidden("#history")
    page.wait_for_selector("#kept", state="hidden")
    page.reload()
    page.wait_for_selector("#example[data-state=drawn]")
    assert page.locator(".photo").count() == 0
    assert not page.problems
    page.context.close()


def _settled(page, unlike=""):
    """The cartoon as text, once it is drawn and no longer what it was."""
    for _ in range(int(5 * browser.PATIENCE)):
        page.wait_for_selector(f"{FACE}[data-state=drawn]")
        found = page.eval_on_selector(f"{FACE} canvas[role=img]", "c => c.toDataURL()")
        if found != unlike:
            return found
        page.wait_for_timeout(200)
    raise AssertionError("the cartoon stays as it was")


@pytest.fixture(scope="module")
def two_styles(pack, tmp_path_factory):
    folder = tmp_path_factory.mktemp("second")
    second = _write_pack(folder / "second.onnx", size=64, name="second", title="Coarse")
    with browser.server("--style", str(pack), "--style", str(second)) as found:
        yield found


def test_styles_are_shown_in_pictures_of_ones_own_face(chromium, two_styles, photo, tmp_path):
    """Once there is a photo: until then no other style's network is fetched."""
    (tmp_path / "one.png").write_bytes(photo)
    page = browser.open_page(chromium, two_styles, thrifty=False)
    page.wait_for_selector("#example[data-state=drawn]")
    assert page.locator("#styles canvas").count() == 0
    assert len({r.url for r in page.requests if "/style-" in r.url}) == 1
    browser.drop(page, [tmp_path / "one.png"])
    browser.drawn(page)
    names = page.locator("#styles input").evaluate_all("all => all.map(e => e.value)")
    assert {"negative", "second", "comic"} <= set(names)
    page.wait_for_function(
        "n => document.querySelectorAll('#styles canvas').length === n", arg=len(names)
    )
    cartoon = browser.pixels(page, f"{FACE} canvas[role=img]")[..., :3]
    seen = browser.pixels(page, "#styles label:has(input[value=negative]) canvas")[..., :3]
    assert seen.shape == (144, 144, 3)
    small = cv2.resize(cartoon, (144, 144), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - seen).mean() < 6
    other = browser.pixels(page, "#styles label:has(input[value=comic]) canvas")[..., :3]
    assert np.abs(other.astype(int) - seen).mean() > 20
    assert not page.problems
    page.context.close()
