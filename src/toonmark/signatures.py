"""Identifies image, raw and video formats by a file's first bytes (magic numbers)."""

from __future__ import annotations

#: Bytes that :func:`format_of` needs.
LENGTH = 64

#: Bytes that :func:`film_format_of` needs: three packets of a transport stream.
FILM_LENGTH = 2 * 204 + 1

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

#: Cameras' raw files, but for those that are TIFFs (:mod:`toonmark.tiff` knows them).
_RAW_STARTS = (
    b"II*\x00\x10\x00\x00\x00CR", b"II\x1a\x00\x00\x00HEAPCCDR",  # Canon
    b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\x00", b"FOVb", b"\x00MRM",
)  # fmt: skip

#: The formats that Pillow reads only with a decoder beside it, and what to install for one.
DECODERS = {"HEIC": "toonmark[heic]", "AVIF": "pillow>=11.3", "JPEG XL": "toonmark[jxl]"}


def is_raw(start: bytes) -> bool:
    """Whether a camera's raw file, or a film of such (Canon), begins with these bytes."""
    return start.startswith(_RAW_STARTS) or start[4:12] == b"ftypcrx "


def format_of(start: bytes) -> str | None:
    """The format that a file's first :data:`LENGTH` bytes belong to, or None."""
    if is_raw(start):
        return None
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


_FILM_STARTS = {
    b"\x1a\x45\xdf\xa3": "Matroska or WebM",
    b"\x00\x00\x01\xba": "MPEG",
    b"\x00\x00\x01\xb3": "MPEG",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "Windows Media",
    b"FLV\x01": "Flash Video",
    b"\x06\x0e\x2b\x34\x02\x05\x01\x01": "MXF",
    b".RMF": "RealMedia",
    b"YUV4MPEG2 ": "YUV4MPEG2",
    b"\x1f\x07\x00\x3f": "DV",
    b"\x1f\x07\x00\xbf": "DV",
    # Without a container, as surveillance cameras write them: parameters, or a delimiter first.
    b"\x00\x00\x00\x01\x67": "H.264",
    b"\x00\x00\x00\x01\x09": "H.264",
    b"\x00\x00\x00\x01\x40\x01": "H.265",
}
#: Brands of MP4 files with sound alone.
_SOUND_BRANDS = {b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "}
#: What QuickTime files without a brand begin with.
_BOXES = {b"moov", b"mdat", b"wide", b"pnot", b"free", b"skip"}
#: How the first page of a film in Ogg begins, which need not be the file's first.
_OGG_FILMS = (b"\x80theora", b"OVP80\x01")


def film_format_of(start: bytes) -> str | None:
    """The format of a video that a file's first :data:`FILM_LENGTH` bytes belong to, or None.

    Some formats are also those of sound alone; a reader says so.
    """
    if is_raw(start):
        return None
    if start[4:8] == b"ftyp":
        sound = start[8:12] in _SOUND_BRANDS
        return None if sound or format_of(start[:LENGTH]) else "MP4 or MOV"
    if start[4:8] in _BOXES:
        return "MP4 or MOV"
    if start[:4] == b"RIFF" and start[8:12] == b"AVI ":
        return "AVI"
    if start[:4] == b"OggS":
        return "Ogg" if any(film in start for film in _OGG_FILMS) else None
    # As broadcast; as camcorders write it; as it is received.
    for first, packet in ((0, 188), (4, 192), (0, 204)):
        if start[first::packet][:3] == b"GGG":
            return "MPEG transport stream"
    return next((name for magic, name in _FILM_STARTS.items() if start.startswith(magic)), None)
