"""Whatever the size, dtype, mode or orientation: decode, detect and crop keep their word.

Hypothesis looks for counterexamples, the same ones in every run and a bounded number of them.
"""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from toonmark import pictures
from toonmark.errors import ImageError, NotAnImageError
from toonmark.faces.align import crop, face_transform, inside
from toonmark.faces.detect import find_faces

hypothesis = pytest.importorskip("hypothesis")
st = pytest.importorskip("hypothesis.strategies")

bounded = hypothesis.settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)  # fmt: skip

#: Formats and the modes that Pillow writes in them; the first mode of each is kept exactly, but
#: for JPEG.
MODES = {
    "PNG": ["RGB", "L", "LA", "P", "1", "RGBA", "I;16"],
    "TIFF": ["RGB", "L", "P", "1", "RGBA", "CMYK", "I;16", "F", "LAB", "YCbCr"],
    "WEBP": ["RGB", "RGBA"],
    "JPEG": ["RGB", "L", "CMYK"],
    "BMP": ["RGB", "L", "P", "1"],
    "GIF": ["P", "L"],
}
FORMATS_AND_MODES = [(kind, mode) for kind, modes in MODES.items() for mode in modes]

#: Small, thin and ordinary ones.
SIZES = st.one_of(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.tuples(st.integers(1, 24), st.integers(200, 3000)),
    st.tuples(st.integers(100, 400), st.integers(100, 400)),
)


def content(height, width, kind, seed):
    """(h, w, 3) uint8: noise, one colour, a slope, or stripes."""
    random = np.random.default_rng(seed)
    if kind == "noise":
        return random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    ys, xs = np.mgrid[0:height, 0:width]
    if kind == "flat":
        return np.full((height, width, 3), random.integers(0, 256, 3), np.uint8)
    if kind == "slope":
        return np.stack([xs % 256, ys % 256, (xs + ys) % 256], axis=-1).astype(np.uint8)
    return np.repeat(((xs // 8 + ys // 5) % 2 * 255)[..., None], 3, axis=2).astype(np.uint8)


def in_mode(pixels, mode):
    image = Image.fromarray(pixels)
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    if mode == "F":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.float32) / 255)
    if mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
    return image.convert(mode)


def check_faces(pixels):
    """Faces lie in the picture, and whatever is cut out of it is of the picture."""
    height, width = pixels.shape[:2]
    faces = find_faces(pixels)
    for face in faces:
        box = np.array(face.box)
        assert np.isfinite(box).all()
        assert np.isfinite(face.points).all()
        assert 0 < face.score <= 1
        assert (box[2:] > 0).all()
        assert face.size <= 2 * max(height, width)
        assert (face.points > -max(height, width)).all()
        assert (face.points < 2 * max(height, width)).all()
    whole = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
    for points in (*(face.points for face in faces), whole * [width, height] + 0.01):
        transform = face_transform(points, 48)
        view = crop(pixels, transform, 48)
        assert view.shape == (48, 48, 3)
        assert view.dtype == np.float32
        assert pixels.min() - 0.01 <= view.min() <= view.max() <= pixels.max() + 0.01
        filled = crop(pixels, transform, 48, 255)
        within = inside(pixels.shape, transform, 48)
        np.testing.assert_array_equal(filled[within], view[within])
        assert (filled[~within] == 255).all()


@bounded
@hypothesis.given(
    SIZES, st.sampled_from(FORMATS_AND_MODES), st.integers(1, 8),
    st.sampled_from(["noise", "flat", "slope", "stripes"]), st.integers(0, 99),
)  # fmt: skip
def test_files(size, kind, orientation, pattern, seed):
    form, mode = kind
    image = in_mode(content(*size, pattern, seed), mode)
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    turned = form in ("PNG", "TIFF", "WEBP", "JPEG")
    options = {"lossless": True} if form == "WEBP" else {}
    image.save(buffer, form, **options, **({"exif": exif} if turned else {}))
    data = buffer.getvalue()

    photo = pictures.read(data)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert photo.size == pictures.upright_size(data) == expected.size
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.flags["C_CONTIGUOUS"]
    if mode == "RGB" and form != "JPEG":
        np.testing.assert_array_equal(photo.pixels, np.asarray(expected))
    check_faces(photo.pixels)


@bounded
@hypothesis.given(
    SIZES, st.sampled_from(["u1", "u2", "f4", "f8"]), st.sampled_from([0, 1, 3, 4]),
    st.booleans(), st.integers(0, 99),
)  # fmt: skip
def test_arrays(size, dtype, channels, broken, seed):
    pixels = content(*size, "noise", seed)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        values = pixels.astype(kind) / 255
        if broken:
            values.flat[:3] = [np.nan, np.inf, -np.inf]
    else:
        values = pixels.astype(kind) * (np.iinfo(kind).max // 255)
    if channels == 0:
        values = values[..., 0]
    elif channels == 4:
        full = 1 if kind.kind == "f" else np.iinfo(kind).max
        values = np.concatenate([values, np.full_like(values[..., :1], full)], axis=2)
    else:
        values = values[..., :channels]
    photo = pictures.read(values)
    assert photo.pixels.shape == (*size, 3)
    if not broken:
        expected = pixels if channels > 1 else np.repeat(pixels[..., :1], 3, axis=2)
        np.testing.assert_array_equal(photo.pixels, expected)
    check_faces(photo.pixels)


@bounded
@hypothesis.given(st.sampled_from(FORMATS_AND_MODES), st.data())
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_files(kind, data):
    form, mode = kind
    buffer = io.BytesIO()
    in_mode(content(24, 31, "noise", 0), mode).save(buffer, form)
    damaged = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    del damaged[data.draw(st.integers(1, len(damaged))) :]
    try:
        photo = pictures.read(bytes(damaged), max_pixels=10**6)
    except ImageError:
        return  # nothing else may be raised
    assert photo.pixels.shape == (*photo.size[::-1], 3)


@bounded
@hypothesis.given(st.binary(max_size=200))
def test_bytes_of_any_kind(data):
    with pytest.raises(ImageError):
        pictures.read(data)
    if data:
        with pytest.raises(ImageError):
            pictures.upright_size(data)


@pytest.mark.parametrize("shape", [(0, 5, 3), (5, 0), (4, 4, 2), (2, 3, 4, 3), (7,)])
def test_arrays_that_are_no_pictures(shape):
    with pytest.raises(NotAnImageError):
        pictures.read(np.zeros(shape, np.uint8))
