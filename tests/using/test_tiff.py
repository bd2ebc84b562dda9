"""TIFFs as cameras, scanners and science write them, against tifffile, which wrote them."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from toonmark import pictures
from toonmark.errors import ImageTooLargeError, NotAnImageError, TruncatedImageError
from toonmark.signatures import format_of

tifffile = pytest.importorskip("tifffile")

YS, XS = np.mgrid[0:40, 0:56]
COLOURS = np.clip(np.stack([XS * 4.2, YS * 6, (XS + YS) * 2.5], axis=-1) / 255, 0, 1)


def stored(values, dtype):
    """Values in [0, 1] as a file holds them."""
    kind = np.dtype(dtype)
    return values.astype(kind) if kind.kind == "f" else (values * np.iinfo(kind).max).astype(kind)


def tiff(values, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **options)
    return buffer.getvalue()


def reads(data, values):
    """Whether a file's pixels are these values in [0, 1]."""
    photo = pictures.read(data)
    expected = np.broadcast_to(values if values.ndim == 3 else values[..., None], COLOURS.shape)
    assert photo.size == pictures.upright_size(data)
    np.testing.assert_allclose(photo.pixels, expected * 255, atol=1.6)


LAYOUTS = list(itertools.product([None, "zlib"], [None, (16, 16)], "<>", [False, True]))


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4", "f8"])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite", "rgb"])
def test_pixels_are_those_that_were_written(photometric, dtype):
    values = COLOURS if photometric == "rgb" else COLOURS[..., 1]
    shown = 1 - values if photometric == "miniswhite" else values
    for compression, tile, byteorder, big in LAYOUTS:
        options = {"compression": compression, "tile": tile, "byteorder": byteorder}
        if photometric == "rgb":
            options["planarconfig"] = "contig"
        data = tiff(stored(values, dtype), photometric=photometric, bigtiff=big, **options)
        assert format_of(data[:64]) == "TIFF"
        if big and byteorder == ">":
            with pytest.raises(NotAnImageError, match="64-bit places"):
                pictures.read(data)
        else:
            reads(data, shown)


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_planes(dtype):
    for compression, tile, byteorder, big in LAYOUTS:
        if big:
            continue
        planes = np.moveaxis(stored(COLOURS, dtype), -1, 0)
        options = {"compression": compression, "tile": tile, "byteorder": byteorder}
        reads(tiff(planes, photometric="rgb", planarconfig="separate", **options), COLOURS)


@pytest.mark.parametrize("dtype", ["f4", "u2"])
@pytest.mark.parametrize("photometric", ["miniswhite", "rgb"])
def test_turned(photometric, dtype):
    values = COLOURS if photometric == "rgb" else 1 - COLOURS[..., 1]
    plain = COLOURS if photometric == "rgb" else np.repeat(COLOURS[..., 1:2], 3, axis=2)
    plain = np.rint(plain * 255).astype(np.uint8)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        buffer = io.BytesIO()
        Image.fromarray(plain).save(buffer, "PNG", exif=exif)
        tags = [(274, 3, 1, orientation, True)]
        options = {"planarconfig": "contig"} if photometric == "rgb" else {}
        data = tiff(stored(values, dtype), photometric=photometric, extratags=tags, **options)
        expected = pictures.read(buffer.getvalue())
        assert pictures.upright_size(data) == pictures.read(data).size == expected.size
        np.testing.assert_allclose(pictures.read(data).pixels, expected.pixels, atol=1.6)


def test_a_tiff_that_pillow_has_opened_is_read_as_its_file(tmp_path):
    inverted = tiff(stored(COLOURS[..., 1], "u2"), photometric="miniswhite")
    image = Image.open(io.BytesIO(inverted))
    np.testing.assert_array_equal(pictures.read(image).pixels, pictures.read(inverted).pixels)
    (tmp_path / "a.tiff").write_bytes(inverted)
    with Image.open(tmp_path / "a.tiff") as image:
        np.testing.assert_array_equal(pictures.read(image).pixels, pictures.read(inverted).pixels)
        assert image.load() is not None, "still Pillow's to read"


@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha", "unspecified"])
def test_floats_with_transparency_go_on_white(kind):
    alpha = np.broadcast_to(XS[..., None] / 55, (40, 56, 1))
    colours = COLOURS * alpha if kind == "assocalpha" else COLOURS
    data = tiff(np.dstack([colours, alpha]).astype("f4"), photometric="rgb", extrasamples=[kind])
    reads(data, COLOURS if kind == "unspecified" else COLOURS * alpha + 1 - alpha)


def test_floats_above_white_are_white_and_other_scales_are_seen():
    bright = COLOURS.copy()
    bright[:2, :3] = 7
    reads(tiff(bright.astype("f4"), photometric="rgb"), np.minimum(bright, 1))
    for white in (255, 65535):
        reads(tiff((COLOURS * white).astype("f4"), photometric="rgb"), COLOURS)
    broken = COLOURS.astype("f4")
    broken[0, 0] = [np.nan, np.inf, -np.inf]
    read = pictures.read(tiff(broken, photometric="rgb")).pixels
    assert read[0, 0].tolist() == [0, 255, 0]


def test_subsampled_colour_that_is_not_compressed():
    """Two by two pixels share their colour: Y Y Y Y Cb Cr, six bytes a block."""
    grey = np.rint(COLOURS[..., 0] * 255).astype(np.uint8)
    blocks = grey.reshape(20, 2, 28, 2).transpose(0, 2, 1, 3).reshape(20, 28, 4)
    packed = np.concatenate([blocks, np.full((20, 28, 2), 128, np.uint8)], axis=2).tobytes()
    plain = tiff(np.zeros((40, 56, 3), np.uint8), photometric="rgb", metadata=None)
    with tifffile.TiffFile(io.BytesIO(plain)) as file:
        tags = file.pages[0].tags
        place, size = tags[273].value[0], tags[279].valueoffset
        kind = tags[262].valueoffset
    data = bytearray(plain)
    data[place : place + len(packed)] = packed
    data[kind : kind + 2] = (6).to_bytes(2, "little")
    data[size : size + 4] = len(packed).to_bytes(4, "little")
    reads(bytes(data), COLOURS[..., :1])


def test_twelve_bits():
    values = (np.arange(64 * 8).reshape(8, 64) * 8).astype(np.uint16)
    pairs = values.reshape(8, 32, 2)
    packed = np.stack(
        [pairs[..., 0] >> 4, (pairs[..., 0] & 15) << 4 | pairs[..., 1] >> 8, pairs[..., 1] & 255],
        axis=-1,
    ).astype(np.uint8)
    plain = tiff(packed.reshape(8, 96), photometric="minisblack", metadata=None)
    with tifffile.TiffFile(io.BytesIO(plain)) as file:
        places = {tag: file.pages[0].tags[tag].valueoffset for tag in (256, 258)}
    data = bytearray(plain)
    data[places[256] : places[256] + 2] = (64).to_bytes(2, "little")
    data[places[258] : places[258] + 2] = (12).to_bytes(2, "little")
    read = pictures.read(bytes(data)).pixels
    np.testing.assert_allclose(read[..., 0], values / 4095 * 255, atol=1)


def test_lab():
    buffer = io.BytesIO()
    lab = Image.new("LAB", (8, 8), (136, 208, 195))  # L 53, a 80, b 67: sRGB's red
    lab.save(buffer, "TIFF")
    np.testing.assert_allclose(pictures.read(buffer.getvalue()).pixels[4, 4], [255, 0, 0], atol=12)


@pytest.mark.parametrize(
    ("dtype", "photometric", "planes", "said"),
    [
        ("f4", "rgb", True, "32-bit floats .RGB in planes"),
        ("f2", "rgb", False, "16-bit floats .RGB"),
        ("f2", "minisblack", False, "16-bit floats .grey"),
        ("u4", "rgb", False, "32-bit whole numbers .RGB"),
        ("i2", "minisblack", False, "16-bit numbers with a sign .grey"),
        ("i1", "rgb", False, "8-bit numbers with a sign .RGB"),
        ("u1", "cfa", False, "a camera's raw data"),
    ],
)
def test_what_is_not_read_is_said(dtype, photometric, planes, said):
    values = stored(COLOURS / 2, dtype)
    values = values if photometric == "rgb" else values[..., 0]
    if planes:
        values = np.moveaxis(values, -1, 0)
    plane = {"planarconfig": "separate" if planes else "contig"} if photometric == "rgb" else {}
    data = tiff(values, photometric=photometric, **plane)
    for read in (pictures.read, pictures.upright_size):
        with pytest.raises(NotAnImageError, match=said) as caught:
            read(data)
        assert caught.type is NotAnImageError


@pytest.mark.parametrize(("kind", "number"), [("zstd", 50000), ("lzma", 34925)])
@pytest.mark.parametrize("deep", ["floats", "white zeros"])
def test_what_is_packed_in_a_way_that_is_not_read_is_said(kind, number, deep):
    """And not called damaged; what Pillow reads is."""
    buffer = io.BytesIO()
    options = {"tiffinfo": {262: 0}} if deep == "white zeros" else {}
    image = Image.fromarray(stored(COLOURS[..., 0], "f4" if deep == "floats" else "u2"))
    try:
        image.save(buffer, "TIFF", compression=kind, **options)
    except OSError as error:
        pytest.skip(f"this Pillow does not write {kind}: {error}")
    with pytest.raises(NotAnImageError, match=rf"\(grey, compression {number}\)"):
        pictures.read(buffer.getvalue())
    buffer = io.BytesIO()
    Image.fromarray(stored(COLOURS, "u1")).save(buffer, "TIFF", compression=kind)
    reads(buffer.getvalue(), COLOURS)


def test_a_small_preview_is_not_taken_for_the_photo():
    """A camera's raw file may be a TIFF whose first picture has a few hundred pixels."""
    small = stored(COLOURS, "u1")
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(small, photometric="rgb", subfiletype=1, subifds=1, metadata=None)
        file.write(stored(COLOURS, "u2"), photometric="rgb", subfiletype=0, metadata=None)
    version = (50706, "B", 4, b"\1\4\0\0", True)
    for data in (
        buffer.getvalue(),
        tiff(small, photometric="rgb", metadata=None, extratags=[version]),
    ):
        for read in (pictures.read, pictures.upright_size):
            with pytest.raises(NotAnImageError, match="is a camera's raw file"):
                read(data)
    # Alone it is a picture, and so is one with smaller ones below it.
    reads(tiff(small, photometric="rgb", subfiletype=1, metadata=None), COLOURS)
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(small, photometric="rgb", subifds=1, metadata=None)
        file.write(small[::2, ::2], photometric="rgb", subfiletype=1, metadata=None)
    reads(buffer.getvalue(), COLOURS)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_and_too_large(capfd):
    data = tiff(COLOURS.astype("f4"), photometric="rgb", metadata=None)
    for cut in (8, 60, len(data) // 2, len(data) - 40):
        with pytest.raises(TruncatedImageError):
            pictures.read(data[:cut])
    with pytest.raises(ImageTooLargeError):
        pictures.read(data, max_pixels=40 * 56 - 1)
    assert capfd.readouterr().err == ""


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_mutated_floats_are_read_or_refused():
    """OpenCV reads them: it must neither crash nor raise anything of its own."""
    sound = tiff(COLOURS.astype("f4"), photometric="rgb", compression="zlib")
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        data = bytearray(sound)
        for _ in range(int(random.integers(1, 4))):
            data[int(random.integers(len(data)))] ^= 1 << int(random.integers(8))
        try:
            pictures.read(bytes(data), max_pixels=10**6)
        except (NotAnImageError, TruncatedImageError, ImageTooLargeError):
            refused += 1
    assert refused > 50
