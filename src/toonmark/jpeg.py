"""Recognises valid but unsupported JPEGs (lossless, hierarchical, 12-bit) by their header."""

from __future__ import annotations

from typing import BinaryIO

#: Marks of frames, by what is special about them (ITU-T T.81, table B.1; T.87 for JPEG-LS).
_FRAMES = {
    **dict.fromkeys((0xC0, 0xC1, 0xC2, 0xC9, 0xCA), ""),
    **dict.fromkeys((0xC3, 0xCB), "without loss"),
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "in several sizes (hierarchical)"),
    0xF7: "of the kind JPEG-LS",
}
_START_OF_SCAN, _END = 0xDA, 0xD9
#: Marks that nothing follows.
_ALONE = {0x01, *range(0xD0, 0xD9)}


def unread_kind(file: BinaryIO) -> str | None:
    """The kind of a JPEG that is sound and cannot be read, in words that follow its name.

    None for what is read, and for what is damaged before it says what it is.

    Args:
        file: of which the position is not kept; nothing but the segments' heads is read.
    """
    file.seek(2)
    while True:
        mark = file.read(2)
        if len(mark) < 2 or mark[0] != 0xFF:
            return None
        if mark[1] == 0xFF:  # filled up
            file.seek(-1, 1)
            continue
        if mark[1] in _ALONE:
            continue
        if mark[1] in (_START_OF_SCAN, _END):
            return None
        head = file.read(8)
        if len(head) < 8:
            return None
        if mark[1] not in _FRAMES:
            file.seek(int.from_bytes(head[:2], "big") - 8, 1)
            continue
        bits, height, colours = head[2], int.from_bytes(head[3:5], "big"), head[7]
        if _FRAMES[mark[1]]:
            return _FRAMES[mark[1]]
        if bits == 12:
            return "of 12 bits a colour"
        if not height:
            return "that says how high it is at its end only"
        return None if colours in (1, 3, 4) else f"of {colours} colours"
