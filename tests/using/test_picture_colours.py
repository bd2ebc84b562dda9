"""Pictures whose numbers are not sRGB, by what their files say: HDR, wide gamuts, linear light."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, features
from tests.using.curves import KINDS, P3, gamma, linear, special

from toonmark import pictures
from toonmark.cicp import code_points
from toonmark.hdr import LINEAR

SCENE = np.array([[205, 150, 125], [60, 90, 160], [118, 118, 118], [10, 10, 10]], np.uint8)
SCENE = np.repeat(np.repeat(SCENE[None], 16, axis=0), 16, axis=1)
WIDE = {kind: KINDS[kind] for kind in ("PQ", "HLG", "wide", "P3")}
#: CIE x and y of P3's white (that of screens), red, green and blue, in units of a PNG.
P3_PLACES = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)


def png(pixels: np.ndarray, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of uint8 or uint16 pixels, grey or RGB, put together by hand."""
    wide = pixels.dtype == np.uint16
    rows = b"".join(b"\0" + row.astype(">u2" if wide else np.uint8).tobytes() for row in pixels)
    height, width = pixels.shape[:2]
    kind = 2 if pixels.ndim == 3 else 0
    head = struct.pack(">IIBBBBB", width, height, 16 if wide else 8, kind, 0, 0, 0)
    whole = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in whole
    )


def avif(pixels: np.ndarray, primaries: int, transfer: int, **options: object) -> bytes:
    """An AVIF of which the description, and not the pixels, says these colours."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "AVIF", quality=100, subsampling="4:4:4", **options)
    whole = buffer.getvalue()
    at = whole.index(b"nclx") + 4
    return whole[:at] + struct.pack(">HH", primaries, transfer) + whole[at + 4 :]


def eight(pixels: np.ndarray) -> np.ndarray:
    return np.rint(pixels / 257).astype(np.uint8)


def swapped_profile() -> bytes:
    """A profile that exchanges red and green."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    other = srgb.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))
    other = other.replace(b"rXYZ", b"____", 1).replace(b"gXYZ", b"rXYZ", 1)
    return other.replace(b"____", b"gXYZ", 1)


@pytest.mark.parametrize("kind", WIDE)
@pytest.mark.parametrize("depth", [8, 16])
def test_png_by_its_code_points(kind: str, depth: int) -> None:
    _, primaries, transfer = WIDE[kind][2]
    pixels = special(SCENE, kind)
    pixels = pixels if depth == 16 else eight(pixels)
    file = png(pixels, (b"cICP", bytes([primaries, transfer, 0, 1])))
    wanted = SCENE.astype(int)
    np.testing.assert_allclose(pictures.read(file).pixels, wanted, atol=5)
    with Image.open(io.BytesIO(file)) as image:  # open, and its pixels not loaded
        np.testing.assert_allclose(pictures.read(image).pixels, wanted, atol=5)


def test_code_points_count_more_than_a_png_s_other_words() -> None:
    profile = (b"iCCP", b"x\0\0" + zlib.compress(swapped_profile()))
    dark = (b"gAMA", struct.pack(">I", 100000))
    pixels = eight(special(SCENE, "P3"))
    file = png(pixels, profile, dark, (b"cICP", bytes([12, 13, 0, 1])))
    np.testing.assert_allclose(pictures.read(file).pixels, SCENE.astype(int), atol=3)
    plain = png(SCENE, profile, (b"cICP", bytes([1, 13, 0, 1])))
    np.testing.assert_array_equal(pictures.read(plain).pixels, SCENE)


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
@pytest.mark.parametrize("kind", WIDE)
def test_avif_by_its_code_points(kind: str) -> None:
    _, primaries, transfer = WIDE[kind][2]
    file = avif(eight(special(SCENE, kind)), primaries, transfer)
    read = pictures.read(file).pixels
    np.testing.assert_allclose(read[8, 8::16], SCENE[8, 8::16].astype(int), atol=8)


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_a_profile_counts_more_than_avif_s_code_points() -> None:
    plain = pictures.read(avif(SCENE, 1, 13)).pixels
    both = pictures.read(avif(SCENE, 9, 16, icc_profile=swapped_profile())).pixels
    np.testing.assert_allclose(both[8, 8], plain[8, 8][[1, 0, 2]].astype(int), atol=4)


def test_linear_light() -> None:
    light = np.rint(linear(SCENE) * 65535).astype(np.uint16)
    for chunk in ((b"cICP", bytes([1, LINEAR, 0, 1])), (b"gAMA", struct.pack(">I", 100000))):
        read = pictures.read(png(light, chunk)).pixels
        np.testing.assert_allclose(read, SCENE.astype(int), atol=10)  # Pillow reads eight bits
    grey = np.rint(linear(np.arange(256)) * 65535).astype(np.uint16)[None]
    read = pictures.read(png(grey, (b"gAMA", struct.pack(">I", 100000)))).pixels[0, :, 0]
    np.testing.assert_allclose(read[64:], np.arange(64, 256), atol=3)


def test_png_by_its_gamma_and_primaries() -> None:
    pixels = np.rint(gamma(np.maximum(203 * linear(SCENE) @ P3.T, 0)) * 255).astype(np.uint8)
    usual = (b"gAMA", struct.pack(">I", 45455))
    for chunks in ([(b"cHRM", P3_PLACES)], [usual, (b"cHRM", P3_PLACES)]):
        read = pictures.read(png(pixels, *chunks)).pixels
        np.testing.assert_allclose(read, SCENE.astype(int), atol=4)
    said = (b"sRGB", b"\0")
    np.testing.assert_array_equal(
        pictures.read(png(pixels, said, (b"cHRM", P3_PLACES))).pixels, pixels
    )
    old = np.rint(255 * (SCENE / 255) ** (2.2 / 1.8)).astype(np.uint8)  # a Macintosh's screen
    read = pictures.read(png(old, (b"gAMA", struct.pack(">I", 55556)))).pixels
    np.testing.assert_allclose(read, SCENE.astype(int), atol=9)


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"gAMA", struct.pack(">I", 45455))],
        [(b"gAMA", struct.pack(">I", 0))],
        [(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))],
        [(b"cHRM", bytes(32))],
        [(b"cHRM", struct.pack(">8I", *[33333] * 8))],
        [(b"cICP", b"\x01\x0d\0\x01")],
        [(b"cICP", b"\x01")],
    ],
)
def test_what_says_srgb_or_nothing_changes_no_pixel(chunks: list[tuple[bytes, bytes]]) -> None:
    np.testing.assert_array_equal(pictures.read(png(SCENE, *chunks)).pixels, SCENE)


def test_a_wide_profile_of_a_jpeg_is_followed() -> None:
    buffer = io.BytesIO()
    Image.fromarray(SCENE).save(
        buffer, "JPEG", quality=95, subsampling=0, icc_profile=swapped_profile()
    )
    read = pictures.read(buffer.getvalue()).pixels
    np.testing.assert_allclose(read[8, 8::16], SCENE[8, 8::16][:, [1, 0, 2]].astype(int), atol=6)


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + body


def heic(wide: bool) -> bytes:
    """The description of a HEIC that shows its second picture; the first is a thumbnail."""
    colours = [
        box(b"colr", b"nclx" + struct.pack(">HHHB", *v, 0x80)) for v in ((1, 13, 6), (9, 16, 9))
    ]
    rows = [(1, [1]), (2, [2, 3])]
    ipma = bytes([wide, 0, 0, wide]) + struct.pack(">I", 2)
    for number, places in rows:
        ipma += struct.pack(">IB" if wide else ">HB", number, len(places))
        ipma += b"".join(
            struct.pack(">H" if wide else ">B", (0x8000 if wide else 0x80) | p) for p in places
        )
    ipco = box(b"ipco", colours[0] + box(b"ispe", bytes(12)) + colours[1])
    pitm = box(b"pitm", bytes([wide, 0, 0, 0]) + (b"\0\0" if wide else b"") + b"\0\x02")
    meta = box(b"meta", bytes(4) + pitm + box(b"iprp", ipco + box(b"ipma", ipma)))
    return box(b"ftyp", b"heic" + bytes(4)) + box(b"free", bytes(9)) + meta


@pytest.mark.parametrize("wide", [False, True])
def test_of_several_pictures_the_one_that_is_shown_counts(wide: bool) -> None:
    whole = heic(wide)
    assert code_points(io.BytesIO(whole), "HEIC") == (9, 16)
    for end in range(0, len(whole), 3):
        assert code_points(io.BytesIO(whole[:end]), "HEIC") in (None, (9, 16), (1, 13))
    assert code_points(io.BytesIO(whole), "JPEG") is None
