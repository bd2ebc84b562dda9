"""A drawing as shapes: few, and like the drawing; without vtracer the error names the extra."""

from __future__ import annotations

import io
import sys
import xml.etree.ElementTree as ET

import cv2
import numpy as np
import pytest
from PIL import Image

from toonmark import svg
from toonmark.errors import MissingExtraError, OutputError

pytest.importorskip("vtracer")
resvg = pytest.importorskip("resvg_py")


@pytest.fixture(scope="module")
def drawing():
    picture = np.full((512, 512, 3), 255, np.uint8)
    cv2.circle(picture, (256, 250), 150, (34, 28, 32), -1, cv2.LINE_AA)
    cv2.circle(picture, (256, 250), 143, (214, 160, 130), -1, cv2.LINE_AA)
    for x in (200, 312):
        cv2.ellipse(picture, (x, 230), (26, 15), 0, 0, 360, (250, 250, 247), -1, cv2.LINE_AA)
        cv2.circle(picture, (x, 230), 11, (60, 40, 30), -1, cv2.LINE_AA)
    cv2.ellipse(picture, (256, 320), (50, 14), 0, 0, 180, (34, 28, 32), 4, cv2.LINE_AA)
    return picture


def drawn(text):
    picture = Image.open(io.BytesIO(bytes(resvg.svg_to_bytes(svg_string=text))))
    return np.asarray(picture.convert("RGBA"))


def test_shapes_look_like_the_drawing_and_are_few(drawing):
    text = svg.traced(drawing, 512)
    assert len(text) < svg.LARGEST_FILE
    root = ET.fromstring(text)
    assert (root.get("width"), root.get("viewBox")) == ("512", "0 0 512 512")
    assert len(list(root)) < 40
    difference = np.abs(drawn(text)[..., :3].astype(int) - drawing)
    assert difference.mean() < 3


def test_the_size_is_what_is_asked_for_and_the_shapes_are_the_same(drawing):
    one, other = svg.traced(drawing, 512), svg.traced(drawing, 64)
    assert other == one.replace('width="512" height="512"', 'width="64" height="64"')
    assert drawn(other).shape == (64, 64, 4)


def test_without_background_there_is_none(drawing):
    alpha = drawn(svg.traced(drawing, 512, transparent=True))[..., 3]
    assert alpha[5, 5] == 0
    assert alpha[250, 256] == 255
    assert alpha[230, 185] == 255, "the white of an eye stays"


def test_what_is_not_flat_is_traced_more_coarsely(monkeypatch):
    monkeypatch.setattr(svg, "TRACED_AT", 128)  # shapes without number take long
    noise = np.random.default_rng(0).integers(0, 255, (16, 16, 3)).astype(np.uint8)
    smooth = cv2.resize(noise, (128, 128), interpolation=cv2.INTER_CUBIC)
    buffer = io.BytesIO()
    Image.fromarray(smooth).save(buffer, "PNG")
    fine = svg._library().convert_raw_image_to_svg(
        buffer.getvalue(), img_format="png", filter_speckle=4
    )
    coarse = svg.traced(smooth, 128)
    assert len(coarse) < len(fine) / 2
    monkeypatch.setattr(svg, "LARGEST_FILE", 2 * len(fine))
    assert len(svg.traced(smooth, 128)) > len(coarse)


def test_the_white_of_an_eye_outlasts_mottled_skin():
    random = np.random.default_rng(0)
    mottled = cv2.GaussianBlur(random.normal(0, 1, (512, 512)), (0, 0), 3)
    tone = 1 + 0.09 * np.sign(mottled)[..., None]
    image = np.rint(np.array([190, 140, 110]) * tone).astype(np.uint8)
    eyes = [(200, 200), (200, 300)]
    for y, x in eyes:
        image[y : y + 5, x : x + 7] = (250, 250, 247)
    text = svg.traced(image, 512)
    assert len(text) <= svg.LARGEST_FILE
    seen = drawn(text)[..., :3]
    for y, x in eyes:
        assert seen[y + 2, x + 2 : x + 5].min() > 200


def hatched() -> np.ndarray:
    """A disc in ink: lines of three pixels on white, within a contour."""
    y, x = np.mgrid[:512, :512]
    away = np.hypot(x - 256, y - 256)
    lines = ((x + y) % 9 < 3) & (away < 160) | (abs(away - 160) < 5)
    return np.where(lines[..., None], np.uint8([34, 28, 32]), np.uint8(255)).astype(np.uint8)


def test_ink_keeps_its_lines():
    image = cv2.GaussianBlur(hatched(), (0, 0), 0.6)
    seen = drawn(svg.traced(image, 512))[..., :3].astype(int)
    assert np.abs(seen - image).mean() < 8
    row = seen[256, 120:392].mean(-1) < 140
    assert abs(int((row[1:] != row[:-1]).sum()) - 60) <= 4, "thirty lines"
    assert seen[20, 20].min() == 255


def test_ink_without_background_keeps_its_paper():
    seen = drawn(svg.traced(cv2.GaussianBlur(hatched(), (0, 0), 0.6), 512, transparent=True))
    assert (seen[:60, :60, 3] == 0).all()
    inside = seen[200:300, 200:300]
    assert (inside[..., 3] == 255).all()
    assert inside[..., :3].max() == 255
    assert inside[..., :3].min() < 60


def test_a_grey_drawing_in_areas_is_not_taken_for_ink(drawing):
    grey = np.repeat(drawing.mean(-1, keepdims=True), 3, -1).astype(np.uint8)
    assert not svg._is_ink(grey)
    assert svg._is_ink(cv2.GaussianBlur(hatched(), (0, 0), 0.6))


@pytest.mark.parametrize("style", ["comic", "flat"])
def test_what_ships_is_small_and_like_its_drawing(style):
    """At most 60 kB, and colours that are right on the whole."""
    from toonmark import Cartoonizer

    data = pytest.importorskip("skimage.data")
    (cartoon,) = Cartoonizer(style, threads=1)(data.astronaut())
    text = svg.traced(cartoon.image, 512)
    assert len(text) <= svg.LARGEST_FILE
    assert np.abs(drawn(text)[..., :3].astype(int) - cartoon.image).mean() < 4


def test_a_cartoon_saves_itself(drawing, tmp_path, shipped):
    cartoon = shipped(drawing)
    cartoon.save(tmp_path / "me.svg")
    ET.parse(tmp_path / "me.svg")
    with pytest.raises(OutputError, match="16 to 4096"):
        cartoon.save(tmp_path / "no.svg", size=5)
    assert not (tmp_path / "no.svg").exists()


@pytest.fixture
def shipped():
    """A cartoon with this drawing."""
    from toonmark.cartoon import Cartoon

    def made(image):
        return Cartoon(
            image, image, None, (0, 0, 9, 9), np.zeros((5, 2)), 1.0, np.eye(3)[:2], 0, 0, False
        )

    return made


def test_without_vtracer_the_error_names_the_extra(drawing, monkeypatch):
    monkeypatch.setitem(sys.modules, "vtracer", None)
    with pytest.raises(MissingExtraError, match=r"toonmark\[svg\]"):
        svg.traced(drawing, 512)
