"""What a file is by its first bytes: a name may lie, and a reader may be missing."""

from __future__ import annotations

#: Bytes that :func:`format_of` needs.
LENGTH = 64

_STARTS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"II+\x00": "TIFF",  # BigTIFF
    b"MM\x00+": "TIFF",
    b"\xff\x0a": "JPEG XL",
    b"\x00\x00\x00\x0cJXL ": "JPEG XL",
    b"\x00\x00\x00\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"qoif": "QOI",
}
_HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"}

#: The formats that Pillow reads only with a decoder beside it, and what to install for one.
DECODERS = {"HEIC": "toonmark[heic]", "AVIF": "pillow>=11.3", "JPEG XL": "toonmark[jxl]"}


def format_of(start: bytes) -> str | None:
    """The format that a file's first :data:`LENGTH` bytes belong to, or None."""
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    if start[4:8] == b"ftyp":
        # The main brand may be the family's (mif1); then the compatible ones tell.
        end = min(int.from_bytes(start[:4], "big"), len(start))
        brands = {start[8:12], *(start[i : i + 4] for i in range(16, end - 3, 4))}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        if brands & (_HEIC_BRANDS | {b"mif1", b"msf1"}):
            return "HEIC"
        return None
    return next((name for magic, name in _STARTS.items() if start.startswith(magic)), None)
