"""Every kind of picture that people have, and every way in which a file can be bad."""

import io
import os
import struct
import sys
import threading
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from toonmark import pictures, srgb
from toonmark.errors import (
    ConfigurationError,
    EmptyFileError,
    ImageTooLargeError,
    MissingDecoderError,
    NotAnImageError,
    ToonmarkError,
    TruncatedImageError,
    UnreadableFileError,
)
from toonmark.signatures import format_of

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 255, (24, 32, 3), dtype=np.uint8)


@pytest.fixture
def smooth():
    ys, xs = np.mgrid[0:48, 0:64]
    return np.stack([xs * 3, ys * 4, 120 + 0 * xs], axis=-1).astype(np.uint8)


def save(path, image, **options):
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    image.save(path, **options)
    return path


# What can be read ----------------------------------------------------------------------------


def test_png_is_exact(tmp_path):
    path = save(tmp_path / "a.png", PIXELS)
    np.testing.assert_array_equal(pictures.read(path).pixels, PIXELS)
    np.testing.assert_array_equal(pictures.read(str(path)).pixels, PIXELS)
    np.testing.assert_array_equal(pictures.read(path.read_bytes()).pixels, PIXELS)
    np.testing.assert_array_equal(pictures.read(io.BytesIO(path.read_bytes())).pixels, PIXELS)
    np.testing.assert_array_equal(pictures.read(Image.open(path)).pixels, PIXELS)
    assert pictures.read(path).size == (32, 24)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_undone(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / "a.png", PIXELS, exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    assert orientation == 1 or expected.shape != PIXELS.shape or (expected != PIXELS).any()
    np.testing.assert_array_equal(pictures.read(path).pixels, expected)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".tiff", ".png", ".jpg", ".webp"])
def test_the_size_alone_is_that_of_the_pixels(tmp_path, suffix, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = [{"exif": exif}]
    if suffix == ".tiff":
        options.append({"exif": exif, "compression": "tiff_lzw"})
        xmp = f'<x xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{orientation}"/>'
        options.append({"tiffinfo": {700: xmp.encode()}})
    for number, option in enumerate(options):
        path = save(tmp_path / f"{number}{suffix}", PIXELS, **option)
        height, width = np.asarray(ImageOps.exif_transpose(Image.open(path))).shape[:2]
        photo = pictures.read(path)
        assert photo.size == (width, height)
        if "exif" in option:  # XMP's orientation is followed by newer Pillows only
            assert photo.size == ((24, 32) if orientation >= 5 else (32, 24))
        assert pictures.upright_size(path) == photo.size
        assert pictures.upright_size(path.read_bytes()) == photo.size
        loaded = Image.open(path)
        loaded.load()
        assert pictures.read(loaded).size == photo.size == srgb.shown_size(loaded)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_does_not_matter(tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(PIXELS).save(path, exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff\x99")
    assert pictures.read(path).pixels.shape == PIXELS.shape


def test_transparency_goes_on_white(tmp_path):
    image = np.dstack([PIXELS, np.zeros(PIXELS.shape[:2], np.uint8)])
    image[:12, :, 3] = 255
    image[12, :, 3] = 128
    read = pictures.read(save(tmp_path / "a.png", image)).pixels
    np.testing.assert_array_equal(read[:12], PIXELS[:12])
    assert (read[13:] == 255).all()
    half = (PIXELS[12].astype(float) * 128 + 255 * 127) / 255
    np.testing.assert_allclose(read[12], half, atol=1)


def test_palette_with_transparency(tmp_path):
    image = Image.new("P", (8, 8), 0)
    image.putpalette([10, 200, 30, 250, 0, 0])
    image.paste(1, (0, 0, 4, 8))
    read = pictures.read(save(tmp_path / "a.png", image, transparency=0)).pixels
    assert read[0, 0].tolist() == [250, 0, 0]
    assert read[0, 7].tolist() == [255, 255, 255]


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_grey(tmp_path, mode):
    image = Image.fromarray(PIXELS).convert("L").convert(mode)
    read = pictures.read(save(tmp_path / "a.png", image)).pixels
    np.testing.assert_array_equal(read, np.asarray(image.convert("RGB")))


def test_sixteen_bits(tmp_path):
    values = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    for name in ("a.png", "a.tiff"):
        read = pictures.read(save(tmp_path / name, values)).pixels
        expected = np.rint(values / 257)[..., None]
        np.testing.assert_allclose(read, np.broadcast_to(expected, (16, 16, 3)), atol=1)
    dark = save(tmp_path / "dark.png", np.full((4, 4), 200, np.uint16))
    assert pictures.read(dark).pixels.max() == 1  # not taken for an eight-bit picture


def deep_png(values, *chunks):
    """(h, w) or (h, w, 3) uint16 as a PNG by hand: Pillow does not write all of it."""
    height, width = values.shape[:2]
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in values)
    colours = 0 if values.ndim == 2 else 2
    data = b"\x89PNG\r\n\x1a\n"
    for name, body in (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colours, 0, 0, 0)),
        *chunks,
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ):
        check = struct.pack(">I", zlib.crc32(name + body))
        data += struct.pack(">I", len(body)) + name + body + check
    return data


def test_sixteen_bit_colour():
    values = np.full((4, 4, 3), (65535, 32768, 0), np.uint16)
    read = pictures.read(deep_png(values)).pixels
    np.testing.assert_array_equal(read, np.broadcast_to([255, 128, 0], (4, 4, 3)))


@pytest.mark.parametrize("colours", [1, 3])
def test_one_of_65536_values_is_transparent(colours):
    """Of grey; of colours those that have the same upper eight bits."""
    values = np.full((4, 5, 3), (200, 2000, 40000), np.uint16)
    values[2:] += 1 if colours == 1 else 256
    values = values if colours == 3 else values[..., 0].copy()
    clear = struct.pack(f">{colours}H", *np.atleast_1d(values[0, 0]))
    read = pictures.read(deep_png(values, (b"tRNS", clear))).pixels
    assert (read[:2] == 255).all()
    np.testing.assert_array_equal(read[2:], pictures.read(deep_png(values)).pixels[2:])
    assert read[2:].min() < 10
    again = Image.open(io.BytesIO(deep_png(values, (b"tRNS", clear))))
    np.testing.assert_array_equal(pictures.read(again).pixels, read)


def test_a_profile_of_deep_grey_is_followed():
    """As that of eight bits is: here a scanner's, in linear light."""
    linear = grey_profile(1.0)
    values = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    packed = b"linear\0\0" + zlib.compress(linear)
    read = pictures.read(deep_png(values, (b"iCCP", packed))).pixels
    buffer = io.BytesIO()
    Image.fromarray(np.rint(values / 257).astype(np.uint8)).save(buffer, "PNG", icc_profile=linear)
    np.testing.assert_allclose(read, pictures.read(buffer.getvalue()).pixels.astype(int), atol=1)
    assert read[4, 0, 0] > 180, "half of the light is much more than half of the signal"


def grey_profile(gamma):
    """A grey ICC profile (ICC.1:2001) of this gamma."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(78)
    parts = {b"desc": text + bytes(-len(text) % 4), b"wtpt": white, b"kTRC": curve}
    place, table, body = 128 + 4 + 12 * len(parts), b"", b""
    for name, part in parts.items():
        table += name + struct.pack(">II", place + len(body), len(part))
        body += part
    head = struct.pack(">I", place + len(body)) + b"lcms" + struct.pack(">I", 0x02100000)
    head += b"mntrGRAYXYZ " + bytes(12) + b"acsp" + bytes(28)
    head += struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + struct.pack(">I", len(parts)) + table + body


def test_floats_of_a_tiff(tmp_path):
    values = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    read = pictures.read(save(tmp_path / "a.tiff", values)).pixels
    np.testing.assert_array_equal(read[..., 0], np.rint(values * 255).astype(np.uint8))


def test_cmyk_jpeg(tmp_path, smooth):
    path = save(tmp_path / "a.jpg", Image.fromarray(smooth).convert("CMYK"), quality=95)
    assert Image.open(path).mode == "CMYK"
    np.testing.assert_allclose(pictures.read(path).pixels, smooth, atol=12)


def swapped_profile() -> bytes:
    """A space whose red is sRGB's green, and the other way round."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    other = srgb.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))
    other = other.replace(b"rXYZ", b"____", 1).replace(b"gXYZ", b"rXYZ", 1)
    return other.replace(b"____", b"gXYZ", 1)


def test_colour_profile_is_followed(tmp_path):
    image = Image.new("RGB", (16, 16), (200, 80, 60))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = pictures.read(save(tmp_path / "s.png", image, icc_profile=srgb)).pixels
    assert same[0, 0].tolist() == [200, 80, 60]
    swapped = pictures.read(save(tmp_path / "o.png", image, icc_profile=swapped_profile())).pixels
    np.testing.assert_allclose(swapped[0, 0], [80, 200, 60], atol=2)


@pytest.mark.parametrize("kind", ["LAB", "junk"])
def test_a_profile_of_no_use_is_left_aside(tmp_path, kind):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    profile = lab if kind == "LAB" else b"no profile"
    image = Image.new("RGB", (16, 16), (200, 80, 60))
    read = pictures.read(save(tmp_path / "a.png", image, icc_profile=profile)).pixels
    assert read[0, 0].tolist() == [200, 80, 60]


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_of_an_animation_the_first_frame(tmp_path, suffix):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("#ff0000", "#0000ff")]
    path = tmp_path / f"a{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    np.testing.assert_allclose(pictures.read(path).pixels[8, 8], [255, 0, 0], atol=4)


@pytest.mark.parametrize("suffix", [".bmp", ".tiff", ".ppm", ".webp", ".jpg"])
def test_other_formats(tmp_path, smooth, suffix):
    path = save(tmp_path / f"a{suffix}", smooth)
    np.testing.assert_allclose(pictures.read(path).pixels, smooth, atol=16)


def test_a_wrong_suffix_does_not_matter(tmp_path):
    path = save(tmp_path / "a.png", PIXELS).rename(tmp_path / "a.jpg")
    np.testing.assert_array_equal(pictures.read(path).pixels, PIXELS)


def test_arrays():
    np.testing.assert_array_equal(pictures.read(PIXELS).pixels, PIXELS)
    np.testing.assert_array_equal(pictures.read(PIXELS / 255.0).pixels, PIXELS)
    deep = PIXELS.astype(np.uint16) * 257
    np.testing.assert_array_equal(pictures.read(deep).pixels, PIXELS)
    grey = pictures.read(PIXELS[..., 0]).pixels
    np.testing.assert_array_equal(grey, np.repeat(PIXELS[..., :1], 3, axis=2))
    for bad in (np.zeros((3, 8, 8)), np.zeros((0, 8, 3)), np.zeros(5), np.zeros((4, 4, 3), bool)):
        with pytest.raises(NotAnImageError):
            pictures.read(bad)
    with pytest.raises(NotAnImageError):
        pictures.read(42)
    with pytest.raises(NotAnImageError, match=r"floats up to 2\d\d .* in \[0, 1\]"):
        pictures.read(PIXELS.astype(np.float32))
    bright = PIXELS / 255.0
    bright[0, :2] = 30
    bright[0, 2:] = np.inf  # of a picture divided by nothing: no reason to refuse it
    np.testing.assert_array_equal(pictures.read(bright).pixels[1:], PIXELS[1:])


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp", ".avif"])
def test_a_pillow_picture_that_is_closed_is_not_called_damaged(tmp_path, smooth, suffix):
    try:
        path = save(tmp_path / f"a{suffix}", smooth)
    except ValueError as error:  # before Pillow 11.3
        pytest.skip(str(error))
    with Image.open(path) as left:
        pass
    loaded, closed = Image.open(path), Image.open(path)
    loaded.load()
    for image in (loaded, closed):
        image.close()
    said = []
    for image in (left, loaded, closed):
        try:
            assert pictures.read(image).size == (64, 48), "some open their file again"
        except UnreadableFileError as error:
            said.append(error.happened)
    assert said
    assert set(said) == {"The Pillow picture is closed."}
    with Image.open(path) as image:
        image.load()
    assert pictures.read(image).size == (64, 48), "loaded, and only its file is closed"


def test_sources_that_are_nearly_files(smooth):
    class Reader:
        content = io.BytesIO()

        def read(self, *size):
            return self.content.read(*size)

    reader = Reader()
    Image.fromarray(smooth).save(reader.content, "PNG")
    with pytest.raises(EmptyFileError):
        pictures.read(reader)
    reader.content.seek(0)
    np.testing.assert_array_equal(pictures.read(reader).pixels, smooth)
    with pytest.raises(NotAnImageError, match="opened as text"):
        pictures.read(io.StringIO("a.png"))
    for name in ("a\0b.png", "a" * 5000):
        with pytest.raises(UnreadableFileError):
            pictures.read(name)


def test_premultiplied_pictures_are_put_on_white():
    image = Image.new("LA", (4, 4), (100, 128))
    for mode in ("La", "LA"):
        np.testing.assert_allclose(pictures.read(image.convert(mode)).pixels, 177, atol=1)
    colours = Image.new("RGBA", (4, 4), (100, 0, 200, 128)).convert("RGBa")
    np.testing.assert_allclose(pictures.read(colours).pixels[0, 0], (177, 127, 227), atol=1)


def test_reduced_reading_maps_positions_exactly(tmp_path):
    ys, xs = np.mgrid[0:1600, 0:3200]
    image = np.dstack([255.0 * xs / 3200, 255.0 * ys / 1600, 0 * xs]).astype(np.uint8)
    exif = Image.Exif()
    for orientation in (1, 6):
        exif[0x0112] = orientation
        path = save(tmp_path / "big.jpg", image, quality=95, exif=exif)
        full, small = pictures.read(path), pictures.read(path, reduced=True)
        assert small.reduction == 2
        assert full.reduction == 1
        assert small.size == full.size
        x, y = 700, 500  # a pixel of the reduced picture
        fx, fy = small.to_full @ [x, y, 1]
        patch = full.pixels[int(fy) : int(fy) + 2, int(fx) : int(fx) + 2].astype(float)
        np.testing.assert_allclose(small.pixels[y, x], patch.mean((0, 1)), atol=2)
        np.testing.assert_array_equal(small.full().pixels, full.pixels)


def test_odd_sizes_and_other_formats_are_read_in_full(tmp_path):
    image = np.zeros((3201, 4801, 3), np.uint8)
    assert pictures.read(save(tmp_path / "odd.jpg", image), reduced=True).reduction == 1
    path = save(tmp_path / "even.png", image[:3200, :4800], compress_level=1)
    assert pictures.read(path, reduced=True).reduction == 1


# What cannot ---------------------------------------------------------------------------------


def two_sentences(error):
    for sentence in (error.happened, error.remedy):
        assert sentence
        assert "\n" not in sentence
        assert "Traceback" not in sentence


def fails(kind, source):
    with pytest.raises(kind) as caught:
        pictures.read(source)
    assert caught.type is kind
    two_sentences(caught.value)


def test_no_bytes(tmp_path):
    (tmp_path / "a.jpg").touch()
    fails(EmptyFileError, tmp_path / "a.jpg")
    fails(EmptyFileError, b"")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".gif", ".bmp", ".tiff"])
@pytest.mark.parametrize("part", [0.5, 0.9])
def test_truncated(tmp_path, suffix, part):
    noise = RANDOM.integers(0, 255, (64, 64, 3), dtype=np.uint8)
    data = save(tmp_path / f"a{suffix}", noise).read_bytes()
    (tmp_path / f"cut{suffix}").write_bytes(data[: int(len(data) * part)])
    fails(TruncatedImageError, tmp_path / f"cut{suffix}")


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_truncated_in_its_header(kind):
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, kind)
    fails(TruncatedImageError, buffer.getvalue()[:20])


def test_text_with_a_picture_s_name(tmp_path):
    (tmp_path / "a.jpg").write_text("Dear diary, " * 50)
    fails(NotAnImageError, tmp_path / "a.jpg")


def test_postscript_is_not_run(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n")
    fails(NotAnImageError, tmp_path / "a.jpg")


def bomb(width, height):
    body = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + body
    data += struct.pack(">I", zlib.crc32(b"IHDR" + body))
    packed = zlib.compress(b"\0" * 100_000)
    data += struct.pack(">I", len(packed)) + b"IDAT" + packed
    return data + struct.pack(">I", zlib.crc32(b"IDAT" + packed))


def test_decompression_bomb(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 12_345)
    fails(ImageTooLargeError, bomb(50_000, 50_000))
    fails(ImageTooLargeError, bomb(14_143, 14_143))  # just beyond 200 megapixels
    assert Image.MAX_IMAGE_PIXELS == 12_345  # Pillow's own limit is the program's to set
    # Within the limit it is decoded, and found to lack its pixels.
    monkeypatch.setenv("TOONMARK_MAX_PIXELS", "1_000_000")
    fails(TruncatedImageError, bomb(1000, 1000))
    fails(ImageTooLargeError, bomb(1001, 1000))


def test_the_limit_is_set_by_the_environment(monkeypatch):
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "PNG")
    monkeypatch.setenv("TOONMARK_MAX_PIXELS", str(32 * 24))
    assert pictures.read(buffer.getvalue()).size == (32, 24)
    monkeypatch.setenv("TOONMARK_MAX_PIXELS", str(32 * 24 - 1))
    fails(ImageTooLargeError, buffer.getvalue())
    monkeypatch.setenv("TOONMARK_MAX_PIXELS", "many")
    fails(ConfigurationError, buffer.getvalue())


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    ],
)
def test_formats_without_a_decoder(no_decoders, start, name):
    with pytest.raises(MissingDecoderError, match=name) as caught:
        pictures.read(start + b"\0" * 200)
    assert "pip install 'toonmark[" in caught.value.remedy


@pytest.mark.parametrize("known", [True, False])
def test_a_decoder_that_cannot_be_loaded_is_named_as_such(monkeypatch, tmp_path, known):
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 200
    cause = "raise OSError('libde265 is of another system')" if known else "import nothing_at_all"
    (tmp_path / "pillow_heif.py").write_text(cause)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pillow_heif", raising=False)
    with pytest.raises(MissingDecoderError, match=r"pillow_heif, cannot be loaded \(.+\)"):
        pictures.read(heic)


@pytest.mark.parametrize(
    ("module", "kind", "name"), [("pillow_heif", "HEIF", "HEIC"), ("pillow_jxl", "JXL", "JPEG XL")]
)
def test_decoders_that_are_installed_are_used(smooth, module, kind, name):
    plugin = pytest.importorskip(module)
    if kind == "HEIF":
        plugin.register_heif_opener()
    buffer = io.BytesIO()
    Image.fromarray(smooth).save(buffer, kind, quality=95)
    assert format_of(buffer.getvalue()[:64]) == name
    np.testing.assert_allclose(pictures.read(buffer.getvalue()).pixels, smooth, atol=24)
    assert pictures.upright_size(buffer.getvalue()) == (64, 48)


def test_profiles_of_palettes_and_of_linear_light_are_followed(tmp_path):
    image = Image.fromarray(PIXELS).quantize(16)
    assert srgb._is_srgb("sRGB IEC61966-2.1")
    assert not srgb._is_srgb("GIMP built-in Linear sRGB")
    other = swapped_profile()
    plain = pictures.read(save(tmp_path / "a.png", image.convert("RGB"), icc_profile=other)).pixels
    palette = pictures.read(save(tmp_path / "b.png", image, icc_profile=other)).pixels
    np.testing.assert_array_equal(palette, plain)
    assert np.abs(plain.astype(int) - np.asarray(image.convert("RGB"))).max() > 20


@pytest.mark.parametrize(
    "kind", ["AVIF", "JPEG2000", "ICO", "QOI", "WEBP", "TIFF", "GIF", "PNG", "JPEG", "BMP", "PPM"]
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_whatever_is_damaged_is_one_of_our_errors(kind):
    """Pillow's readers raise all kinds of errors; a batch must go on after any of them."""
    picture = np.random.default_rng(0).integers(0, 255, (40, 40, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    try:
        Image.fromarray(picture).save(buffer, kind)
    except (KeyError, OSError):
        pytest.skip(f"this Pillow does not write {kind}")
    sound = buffer.getvalue()
    random = np.random.default_rng(1)
    refused = 0
    for _ in range(400):
        data = bytearray(sound)
        for _ in range(int(random.integers(1, 5))):
            place = int(random.integers(len(data)))
            match int(random.integers(3)):
                case 0:
                    data[place] ^= 1 << int(random.integers(8))
                case 1:
                    data[place : place + 4] = random.bytes(4)
                case _:
                    del data[max(place, 2) :]
        try:
            pictures.read(bytes(data))
        except ToonmarkError:
            refused += 1
    assert refused > 20


def jpeg_head(mark, bits=8, height=32, colours=3):
    """The start of a JPEG whose frame has this header, after a segment of another kind."""
    frame = struct.pack(">BHHB", bits, height, 32, colours) + b"\1\x11\0" * colours
    other = b"\xff\xff\xe0" + struct.pack(">H", 18) + b"JFIF\0\1\2" + bytes(9)
    frame = bytes((0xFF, mark)) + struct.pack(">H", len(frame) + 2) + frame
    return b"\xff\xd8" + other + frame + b"\xff\xda" + bytes(100)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (jpeg_head(0xC1, bits=12), "of 12 bits a colour"),
        (jpeg_head(0xC3), "without loss"),
        (jpeg_head(0xC5), "in several sizes"),
        (jpeg_head(0xF7), "of the kind JPEG-LS"),
        (jpeg_head(0xC0, colours=2), "of 2 colours"),
        (jpeg_head(0xC0, height=0), "how high it is at its end only"),
    ],
)
def test_sound_jpegs_that_are_not_read_are_not_called_damaged(data, said):
    for read in (pictures.read, pictures.upright_size, pictures.area):
        with pytest.raises(NotAnImageError, match=f"is a JPEG .*{said}.*, which is not read"):
            read(data)


@pytest.mark.parametrize("end", [3, 5, 8, 24, 30, 120])
def test_a_jpeg_that_ends_in_its_header_is_damaged(end):
    fails(TruncatedImageError, jpeg_head(0xC0)[:end])


@pytest.mark.parametrize(
    "start",
    [
        b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
        b"II*\0\x10\0\0\0CR\2\0",
        b"FUJIFILMCCD-RAW 0201",
        b"IIRO\x08\0\0\0",
        b"IIU\0\x18\0\0\0",
    ],
)
def test_raw_files_of_cameras_are_named(start):
    for read in (pictures.read, pictures.upright_size, pictures.area):
        with pytest.raises(NotAnImageError, match="is a camera's raw file"):
            read(start + bytes(300))


def test_avif_is_known_by_its_signature():
    assert format_of(b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf") == "AVIF"
    assert format_of(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif") == "AVIF"
    assert format_of(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom") is None


def test_what_is_not_there(tmp_path):
    fails(UnreadableFileError, tmp_path / "none.jpg")
    fails(UnreadableFileError, tmp_path)


def test_a_file_that_was_just_written_is_read_from_its_start():
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, format="PNG")
    np.testing.assert_array_equal(pictures.read(buffer).pixels, PIXELS)
    buffer.seek(0)
    np.testing.assert_array_equal(pictures.read(buffer).pixels, PIXELS)
    with pytest.raises(EmptyFileError):
        pictures.read(io.BytesIO())


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P", "L", "RGB"])
def test_transparent_parts_are_put_on_white_in_bands(mode, monkeypatch):
    """A band at a time, as a whole picture would be in memory five times; nothing shows of it."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (37, 23, 4)).astype(np.uint8)
    image = Image.fromarray(pixels).convert("P" if mode == "PA" else mode)
    if mode == "PA":
        image = image.convert("PA")
    if mode in ("P", "L", "RGB"):
        image.info["transparency"] = (1, 2, 3) if mode == "RGB" else 3
    rgba = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    whole = np.asarray(Image.alpha_composite(white, rgba).convert("RGB"))
    monkeypatch.setattr(srgb, "_BAND", 100)
    np.testing.assert_array_equal(srgb.upright_rgb(image), whole)


@pytest.mark.parametrize("side", [30_000, 2**31 - 1])
def test_a_size_is_told_without_decoding(side):
    """A PNG may say how it is turned behind its pixels; they are not decoded to find out."""
    header = b"\x89PNG\r\n\x1a\n"
    size = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    for kind, content in ((b"IHDR", size), (b"IDAT", zlib.compress(bytes(99))), (b"IEND", b"")):
        check = struct.pack(">I", zlib.crc32(kind + content))
        header += struct.pack(">I", len(content)) + kind + content + check
    assert pictures.area(header) == side**2
    with pytest.raises(ImageTooLargeError):
        pictures.upright_size(header)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has none")
def test_a_picture_that_comes_through_a_pipe(tmp_path):
    pipe, buffer = tmp_path / "pipe", io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "PNG")
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(buffer.getvalue()))
    writer.start()
    np.testing.assert_array_equal(pictures.read(pipe).pixels, PIXELS)
    writer.join(10)
