"""Mutated uploads: no crash, no hang, no leak. TOONMARK_FUZZ=10000 sends as many."""

from __future__ import annotations

import contextlib
import os
import time

import numpy as np
from tests.web.conftest import encoded

COUNT = int(os.environ.get("TOONMARK_FUZZ", "300"))
SEED = int(os.environ.get("TOONMARK_FUZZ_SEED", "0"))

#: What a server may answer to garbage.
ALLOWED = {200, 400, 413, 415, 422}


def seeds(astronaut) -> list[bytes]:
    """Small pictures in many formats, some with a face."""
    face = astronaut[20:180:1, 150:310:1]
    grey, wide = face[..., 0].copy(), np.dstack([face, face[..., :1]]).astype(np.uint8)
    found = [
        encoded(face, "JPEG", quality=80),
        encoded(face, "JPEG", progressive=True, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"),
        encoded(face, "PNG"),
        encoded(wide, "PNG"),
        encoded(grey.astype(np.uint16) * 257, "PNG"),
        encoded(face, "WEBP"),
        encoded(face, "GIF"),
        encoded(face, "TIFF"),
        encoded(face, "TIFF", compression="tiff_lzw"),
        encoded(face, "BMP"),
        encoded(face[:128, :128], "ICO"),
        *_where_pillow_can(face, "AVIF", "JPEG2000", "QOI"),
        b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + encoded(grey, "JPEG"),
    ]
    form = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    return [*found, form + found[0] + b"\r\n--b--\r\n"]


def _where_pillow_can(face, *kinds: str) -> list[bytes]:
    made = []
    for kind in kinds:
        with contextlib.suppress(KeyError, OSError):
            made.append(encoded(face, kind))
    return made


def mutate(data: bytes, random: np.random.Generator) -> bytes:
    """Flips, cuts, repeats, swaps, and plants numbers that are often wrong in headers."""
    body = bytearray(data)
    for _ in range(int(random.integers(1, 6))):
        if not body:
            break
        place = int(random.integers(min(len(body), 200 if random.random() < 0.6 else len(body))))
        match int(random.integers(6)):
            case 0:
                body[place] ^= 1 << int(random.integers(8))
            case 1:
                body[place : place + 4] = random.choice(
                    [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\xff\xff"]
                )
            case 2:
                del body[place:]
            case 3:
                end = place + int(random.integers(1, 64))
                body[place:place] = body[place:end] * int(random.integers(1, 20))
            case 4:
                del body[place : place + int(random.integers(1, 64))]
            case _:
                body[place : place + 8] = random.bytes(8)
    return bytes(body)


def memory() -> float:
    """Resident megabytes of this process."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_mutated_uploads(serve, astronaut):
    random = np.random.default_rng(SEED)
    kinds = seeds(astronaut)
    counts: dict[int, int] = {}
    with serve(max_pixels=4_000_000, workers=1, time_limit=30) as client:
        settled = 0.0
        for number in range(COUNT):
            data = mutate(kinds[number % len(kinds)], random)
            form = number % len(kinds) == len(kinds) - 1
            kind = "multipart/form-data; boundary=b" if form else "image/jpeg"
            started = time.monotonic()
            url = "/cartoonize?style=negative&size=32"
            response = client.post(url, content=data, headers={"content-type": kind})
            assert response.status_code in ALLOWED, (SEED, number, response.text)
            assert time.monotonic() - started < 25, (SEED, number)
            counts[response.status_code] = counts.get(response.status_code, 0) + 1
            if number == min(COUNT // 2, 1000):
                settled = memory()
        assert client.get("/health").status_code == 200
        if os.path.exists("/proc/self/statm"):
            assert memory() - settled < 150, f"{settled:.0f} MB became {memory():.0f} MB"
    print(counts)
