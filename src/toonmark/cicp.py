"""Reads CICP colour information (ITU-T H.273) from PNG, AVIF and HEIC files.

PNG: chunk cICP (third edition, 11.3.2.6). AVIF and HEIC: box "colr" of kind "nclx" (ISO/IEC
14496-12, 12.1.5), of the picture that is shown (boxes "pitm", "ipma": ISO/IEC 23008-12).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

#: Bytes of boxes that are looked at: a file's description, without its pixels.
_MOST = 1 << 22


def code_points(file: BinaryIO, kind: str | None) -> tuple[int, int] | None:
    """Primaries and transfer of a picture file; None where it says neither.

    Args:
        file: of which the position is not kept.
        kind: as :func:`toonmark.signatures.format_of` tells it.
    """
    try:
        if kind == "PNG":
            return _of_png(file)
        if kind in ("AVIF", "HEIC"):
            return _of_boxes(file)
    except (struct.error, IndexError):
        pass  # damaged: whoever decodes the picture says so
    return None


def _of_png(file: BinaryIO) -> tuple[int, int] | None:
    file.seek(8)
    while True:
        length, name = struct.unpack(">I4s", file.read(8))
        if name == b"cICP":
            primaries, transfer, _, _ = struct.unpack(">4B", file.read(4))
            return primaries, transfer
        if name in (b"IDAT", b"IEND"):
            return None
        file.seek(length + 4, 1)


def _of_boxes(file: BinaryIO) -> tuple[int, int] | None:
    file.seek(0)
    while True:
        length, name = struct.unpack(">I4s", file.read(8))
        if name == b"meta":
            break
        if length < 8:  # to the file's end, or of more than 4 GB: pixels
            return None
        file.seek(length - 8, 1)
    inside = dict(_boxes(file.read(min(length - 8, _MOST))[4:]))
    described = dict(_boxes(inside.get(b"iprp", b"")))
    properties = list(_boxes(described.get(b"ipco", b"")))
    shown = _shown(inside.get(b"pitm", b""))
    places = _places(described.get(b"ipma", b"")).get(shown, range(1, len(properties) + 1))
    for place in places:
        name, body = properties[place - 1] if place else (b"", b"")
        if name == b"colr" and body[:4] == b"nclx":
            primaries, transfer = struct.unpack(">HH", body[4:8])
            return primaries, transfer
    return None


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of the boxes in a box."""
    start = 0
    while start + 8 <= len(content):
        length, name = struct.unpack_from(">I4s", content, start)
        if length < 8:
            return
        yield name, content[start + 8 : start + length]
        start += length


def _shown(pitm: bytes) -> int:
    """The number of the picture that a file shows, of all that are in it."""
    return int.from_bytes(pitm[4:] if pitm[:1] != b"\0" else pitm[4:6], "big")


def _places(ipma: bytes) -> dict[int, list[int]]:
    """A picture's number to the places of its properties, from 1 on."""
    if not ipma:
        return {}
    version, wide = ipma[0], ipma[3] & 1
    (count,) = struct.unpack_from(">I", ipma, 4)
    at, found = 8, {}
    for _ in range(count):
        number, several = struct.unpack_from(">IB" if version else ">HB", ipma, at)
        at += 5 if version else 3
        places = struct.unpack_from(f">{several}{'H' if wide else 'B'}", ipma, at)
        at += several * (2 if wide else 1)
        found[number] = [place & (0x7FFF if wide else 0x7F) for place in places]
    return found
