"""Photos of phones, as pillow-heif writes them (extra ``heic``)."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from tests.using.curves import KINDS, special
from tests.using.test_picture_colours import SCENE, swapped_profile

from toonmark import pictures
from toonmark.errors import TruncatedImageError

pillow_heif = pytest.importorskip("pillow_heif")

#: How a picture is stored that is upright once it is turned by EXIF's 1 to 8.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    from skimage.data import astronaut

    return Image.fromarray(astronaut()[:400, 60:380])


def written(*images: Image.Image, **options: object) -> bytes:
    """A HEIC of these pictures."""
    file = pillow_heif.HeifFile()
    for image in images:
        file.add_from_pillow(image)
    buffer = io.BytesIO()
    file.save(buffer, quality=95, **options)
    return buffer.getvalue()


def difference(heic: bytes, photo: Image.Image) -> float:
    """How far what is read is from a photo, on average, of 255."""
    read = pictures.read(heic).pixels.astype(float)
    assert pictures.upright_size(heic) == photo.size
    return float(np.abs(read - np.asarray(photo)).mean())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_photos_are_upright(photo, orientation):
    """Phones say it twice, in EXIF and in the file's own words; it is done once."""
    stored = photo.transpose(STORED[orientation]) if orientation > 1 else photo
    exif = Image.Exif()
    exif[274] = orientation
    heic = written(stored, exif=exif.tobytes())
    assert (b"irot" in heic or b"imir" in heic) == (orientation > 1)
    assert difference(heic, photo) < 4


def test_the_picture_that_is_shown_is_read(photo):
    other = Image.new("RGB", (300, 200), (90, 90, 90))
    assert difference(written(other, photo, primary_index=1), photo) < 4
    assert difference(written(photo, other, primary_index=0), photo) < 4


def test_transparency_and_grey(photo):
    clear = photo.convert("RGBA")
    clear.putalpha(0)
    assert pictures.read(written(clear)).pixels.min() > 250
    assert difference(written(photo.convert("L")), photo.convert("L").convert("RGB")) < 4


def test_profiles_are_followed(photo):
    red, green, blue = photo.split()
    swapped = Image.merge("RGB", (green, red, blue))
    assert difference(written(photo, icc_profile=swapped_profile()), swapped) < 6


@pytest.mark.parametrize("kind", ["PQ", "HLG", "P3"])
def test_ten_bits_of_high_dynamic_range_and_wide_gamut(kind):
    matrix, primaries, transfer = KINDS[kind][2]
    pixels = special(SCENE, kind)
    file = pillow_heif.from_bytes("RGB;16", (pixels.shape[1], pixels.shape[0]), pixels.tobytes())
    buffer = io.BytesIO()
    file.save(
        buffer, quality=-1, chroma=444, color_primaries=primaries,
        transfer_characteristics=transfer, matrix_coefficients=matrix, full_range_flag=1,
    )  # fmt: skip
    np.testing.assert_allclose(pictures.read(buffer.getvalue()).pixels, SCENE.astype(int), atol=8)


def test_what_is_damaged_lacks_no_decoder(photo):
    heic = written(photo)
    for end in (40, 100, len(heic) // 2):
        with pytest.raises(TruncatedImageError):
            pictures.read(heic[:end])
