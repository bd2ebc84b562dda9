"""A file that the browser cannot read is told what it is, and what to do."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.web.test_vision import NODE, call

pytestmark = pytest.mark.skipif(NODE is None, reason="no Node.js is installed (apt: nodejs)")


WORDS = json.loads((Path(__file__).parents[2] / "web/src/words/en.json").read_text())


def box(brand: bytes) -> bytes:
    return b"\x00\x00\x00\x18ftyp" + brand + b"\x00\x00\x00\x00mif1heic"


def saved(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), (90, 60, 30)).save(buffer, kind)
    return buffer.getvalue()


FILES = {
    "HEIC": (box(b"heic"), box(b"mif1"), box(b"hevx")),
    "AVIF": (box(b"avif"),),
    "JPEG XL": (b"\xff\x0a" + bytes(50), b"\x00\x00\x00\x0cJXL \r\n\x87\n" + bytes(50)),
    "video": (
        *(box(brand) for brand in (b"isom", b"mp42", b"qt  ", b"M4V ", b"3gp4")),
        b"\x1a\x45\xdf\xa3" + bytes(50),
        b"RIFF\x00\x00\x00\x00AVI LIST",
        (b"\x47" + bytes(187)) * 2,
        b"\x00\x00\x00\x08wide\x00\x00\x00\x00mdat",
        b"OggS" + bytes(24) + b"fishead\x00" + bytes(70) + b"OggS\x80theora",
        b"\x1f\x07\x00\xbf" + bytes(400),
    ),
    "TIFF": (saved("TIFF"), b"MM\x00*" + bytes(30)),
    "raw file": (
        *(box(b"crx "), b"FUJIFILMCCD-RAW 0201", b"IIU\0\x18\0\0\0", b"IIRO\x08\0\0\0"),
        b"II*\0\x10\0\0\0CR\2\0",
    ),
    "PDF": (b"%PDF-1.7\n",),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xef\xbb\xbf <?xml version='1.0'?>"),
    "sound": (b"ID3\x04" + bytes(20), b"RIFF\x00\x00\x00\x00WAVEfmt ", box(b"M4A ")),
    "JPEG picture is damaged": (saved("JPEG"),),
    "PNG picture is damaged": (saved("PNG"),),
    "GIF picture is damaged": (saved("GIF"),),
    "WebP picture is damaged": (saved("WEBP"),),
    "not a picture": (b"hello", b"\x00", bytes(600)),
}


def test_named_and_answered():
    names = [name for name, files in FILES.items() for _ in files]
    args = [[np.frombuffer(one, np.uint8)] for files in FILES.values() for one in files]
    for name, found in zip(names, call("work/kinds.js", "explain", *args, many=True), strict=True):
        happened = found["happened"].format(**found.get("values", {}))
        assert name in happened, found
        assert len(found["remedy"]) > 10
        assert {found["happened"], found["remedy"]} <= set(WORDS), "in every language"


def test_garbage_is_no_error():
    random = np.random.default_rng(0)
    args = [[random.integers(0, 256, random.integers(1, 600), np.uint8)] for _ in range(200)]
    assert len(call("work/kinds.js", "explain", *args, many=True)) == 200
