"""Any picture's pixels as upright 8-bit sRGB on white."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from toonmark import hdr
from toonmark.errors import NotAnImageError
from toonmark.landmarks import Array

if TYPE_CHECKING:
    from PIL.Image import Image

_ORIENTATION = 0x0112  # EXIF's name for how the camera was held
_WIDTH, _HEIGHT, _BITS = 256, 257, 258  # and TIFF's for the size of what is stored

#: Pixels that are put on white at a time.
_BAND = 2**20

#: What Pillow's readers raise for a damaged file, beside OSError; AVIF's a RuntimeError.
DAMAGE = (
    SyntaxError, ValueError, EOFError, LookupError, TypeError, ArithmeticError, RuntimeError,
    struct.error, zlib.error,
)  # fmt: skip


def to_lab(picture: Array, white: float = 255) -> Array:
    """(H, W, 3) sRGB in [0, white] to CIE L* in [0, 100], a*, b*: float32 of the same shape."""
    import cv2

    return cv2.cvtColor(np.asarray(picture, np.float32) / np.float32(white), cv2.COLOR_RGB2LAB)


def from_lab(lab: Array) -> Array:
    """Undoes :func:`to_lab`: (H, W, 3) float32 in [0, 1]; what sRGB cannot show is clipped."""
    import cv2

    rgb = cv2.cvtColor(np.asarray(lab, np.float32), cv2.COLOR_LAB2RGB)
    return np.asarray(rgb.clip(0, 1))


def upright_rgb(image: Image, said: tuple[int, int] | None = None) -> Array:
    """A Pillow picture's (first) frame: (h, w, 3) uint8.

    Args:
        said: its primaries and transfer (:func:`toonmark.cicp.code_points`). They count
            more than a profile in PNG, and less in other files, as their specifications have it.
    """
    profile = image.info.get("icc_profile")
    if said and image.format == "PNG":
        profile = None
    elif profile:
        said = None
    if image.mode.startswith(("I", "F")):
        pixels = _deep_grey(image, profile)
    else:
        pixels = np.asarray(_to_srgb(image, profile))
    if said:
        pixels = hdr.ordinary(pixels, *said) if hdr.is_special(*said) else pixels
    elif image.format == "PNG" and not profile and "srgb" not in image.info:
        pixels = _by_numbers(pixels, image.info.get("gamma"), image.info.get("chromaticity"))
    return _upright(pixels, orientation(image))


def _deep_grey(image: Image, profile: bytes | None) -> Array:
    """(h, w, 3) uint8 of a grey picture of more than eight bits; on white, too."""
    from PIL import Image as Pillow

    values = np.asarray(image)
    grey = eight_bits(values, _white_of(image))
    if profile:
        pixels = np.array(by_profile(Pillow.fromarray(grey), profile).convert("RGB"))
    else:
        pixels = np.repeat(grey[..., None], 3, axis=2)
    nothing = image.info.get("transparency")
    if nothing is not None:
        pixels[values == nothing] = 255
    return pixels


def _by_numbers(pixels: Array, gamma: float | None, places: Sequence[float] | None) -> Array:
    """Colours by PNG's chunks gAMA and cHRM, as sRGB; most say sRGB, and nothing is changed."""
    if gamma is not None and (abs(gamma - 1 / 2.2) < 0.02 or not 0.1 <= gamma <= 10):
        gamma = None  # who writes 1 / 2.2 means sRGB's own curve; and nobody means 0
    if places is not None and np.abs(np.subtract(places, hdr.SRGB)).max() < 0.01:
        places = None
    return pixels if gamma is None and places is None else hdr.calibrated(pixels, gamma, places)


def _white_of(image: Image) -> float | None:
    """The number that is white in a TIFF of 12 bits, the one kind that says so."""
    return 4095.0 if getattr(image, "tag_v2", {}).get(_BITS) == (12,) else None


def from_array(array: Array) -> Array:
    """A picture given as an array, as (h, w, 3) uint8.

    Args:
        array: (h, w), (h, w, 1), (h, w, 3) RGB or (h, w, 4) RGBA; uint8, uint16, or float in
            [0, 1].

    Raises:
        NotAnImageError: another shape or kind, or no pixels.
    """
    if array.ndim == 2:
        array = array[..., None]
    fits = array.ndim == 3 and array.shape[2] in (1, 3, 4) and array.size > 0
    if not fits or array.dtype.kind not in "fu" or array.dtype.itemsize > 8:
        raise NotAnImageError(
            f"An array of shape {array.shape} and type {array.dtype} is no picture.",
            "Give (h, w, 3) RGB: uint8, or float in [0, 1].",
        )
    if array.dtype.kind == "f":
        large = array[(array > 2) & np.isfinite(array)]
        if large.size > 0.05 * array.size:  # a few highlights may be
            raise NotAnImageError(
                f"An array of floats up to {large.max():.0f} is no picture.",
                "Floats are in [0, 1]: divide it, or make it uint8.",
            )
        array = np.rint(np.clip(np.nan_to_num(array), 0, 1) * 255).astype(np.uint8)
    elif array.dtype != np.uint8:
        array = (array // 257).astype(np.uint8)
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    return on_white(array)


def on_white(pixels: Array) -> Array:
    """Puts (h, w, 4) uint8 pixels on white; (h, w, 3) ones stay what they are."""
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.uint16)
    return ((pixels[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def eight_bits(values: Array, white: float | None = None) -> Array:
    """Brightness in numbers of more than eight bits, as uint8 of the same shape.

    Args:
        values: whole numbers or floats.
        white: the number that is white, if the file says so. Else whole numbers are 16-bit ones,
            and of floats nearly all (highlights of light may pass) decide between 1, 255 and
            65535; larger numbers than these make the largest white.
    """
    whole = values.dtype.kind != "f"
    values = np.nan_to_num(values.astype(np.float32), posinf=1e30, neginf=0)
    if white is None and whole:
        white = max(65535.0, float(values.max(initial=0)))
    elif white is None:
        top = float(np.percentile(values, 99)) if values.size else 0.0
        white = next((w for most, w in _WHITES if top <= most), top)
    return np.asarray(np.rint(np.clip(values / white, 0, 1) * 255).astype(np.uint8))


#: Floats: up to the first number, the second is white.
_WHITES = ((16.0, 1.0), (256.0, 255.0), (65536.0, 65535.0))


def _to_srgb(image: Image, profile: bytes | None) -> Image:
    transparent = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    if transparent:
        image = _on_white(image)
    if image.mode in ("P", "PA"):
        image = image.convert("RGB")  # a palette's colours are in the profile's space too
    if image.mode == "LAB":
        return _srgb_of_lab(image)
    if profile and image.mode in ("RGB", "CMYK", "L"):
        image = by_profile(image, profile)
    return image if image.mode == "RGB" else image.convert("RGB")


def _on_white(image: Image) -> Image:
    """A band at a time: a whole picture would be in memory five times."""
    from PIL import Image as Pillow

    result = Pillow.new("RGB", image.size)
    rows = max(1, _BAND // image.width)
    for top in range(0, image.height, rows):
        box = (0, top, image.width, min(top + rows, image.height))
        band = image.crop(box).convert("RGBA")
        white = Pillow.new("RGBA", band.size, "white")
        result.paste(Pillow.alpha_composite(white, band).convert("RGB"), box)
    return result


def by_profile(image: Image, profile: bytes) -> Image:
    """Converts from the picture's colour space (a phone's Display P3, a press's inks) to sRGB.

    A profile that is of no use leaves the picture as it is.
    """
    from PIL import ImageCms

    try:
        source: Any = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if _is_srgb(source.profile.profile_description or ""):
            return image
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image  # a broken profile is common, and no reason to refuse the picture
    return image if converted is None else converted


def _srgb_of_lab(image: Image) -> Image:
    """CIE Lab, which says its colours without a profile, to sRGB."""
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    assert converted is not None  # as nothing is changed in place
    return converted


def _is_srgb(description: str) -> bool:
    """Whether a profile is sRGB by its name: most are, and converting costs time.

    "Linear sRGB" and "scRGB" are other spaces.
    """
    return "sRGB" in description and "linear" not in description.lower()


def orientation(image: Image) -> int:
    """The EXIF orientation: 1 to 8, 1 is upright.

    JPEG XL says it in its own header, which its decoder follows; EXIF's word does not count there.
    """
    if image.format == "JXL":
        return 1
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except (OSError, *DAMAGE):
        return 1  # broken EXIF; the picture itself is sound


def shown_size(image: Image) -> tuple[int, int]:
    """Width and height of a picture as it is shown, whether its pixels are loaded or not.

    Pillow turns a TIFF's size when it is opened and its pixels when they are loaded, and leaves
    both to the caller in other formats; so a TIFF's size is the one that its tags say.
    """
    width, height = image.size
    turned = orientation(image) in (5, 6, 7, 8)
    tags = getattr(image, "tag_v2", {})
    if turned and _WIDTH in tags and _HEIGHT in tags:
        width, height = tags[_WIDTH], tags[_HEIGHT]
    return (height, width) if turned else (width, height)


def _upright(pixels: Array, orientation: int) -> Array:
    """Undoes the eight ways that EXIF knows to hold a camera."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
