"""Everything that the command line refuses, and what only a server meets."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from tests.web.conftest import encoded

BOMB_SIDE = 60_000


def png_header(side: int) -> bytes:
    """A PNG that says it is large, and is a few bytes long."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = (
        chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )
    return b"\x89PNG\r\n\x1a\n" + body


def small(size: int) -> bytes:
    import cv2
    import skimage.data

    face = cv2.resize(skimage.data.astronaut(), (size, size), interpolation=cv2.INTER_AREA)
    return encoded(face)


CASES = {
    "no bytes": (b"", 400, "empty-file"),
    "text": (b"hello", 415, "not-an-image"),
    "a program": (b"MZ" + bytes(500), 415, "not-an-image"),
    "half a PNG": (encoded(np.zeros((99, 99, 3), np.uint8))[:60], 400, "truncated-image"),
    "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + bytes(99), 415, "missing-decoder"),
    "a bomb": (png_header(BOMB_SIDE), 413, "image-too-large"),
    "a larger bomb": (png_header(2**31 - 1), 413, "image-too-large"),
    "nobody": (encoded(np.full((300, 300, 3), 128, np.uint8)), 422, "no-face"),
    "one pixel": (encoded(np.zeros((1, 1, 3), np.uint8)), 422, "no-face"),
}


@pytest.mark.parametrize("name", CASES)
def test_refused_with_problem_details(client, no_decoders, name):
    body, status, kind = CASES[name]
    response = client.post("/cartoonize", content=body)
    problem = response.json()
    assert (response.status_code, problem["type"]) == (status, f"urn:toonmark:problem:{kind}")
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["remedy"]


def test_face_too_small(client):
    response = client.post("/cartoonize", content=small(110))
    assert response.status_code == 422
    assert response.json()["type"].endswith(("face-too-small", "no-face"))


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("size=8", 422),
        ("size=99999", 422),
        ("size=x", 422),
        ("face=0", 422),
        ("face=9", 422),
        ("face=" + "9" * 400, 422),
        ("output=oil", 422),
        ("transparent=1&output=in-photo", 422),
        ("face=all", 422),
        ("points=1,2,3", 422),
        ("points=a,b", 422),
        ("points=" + ",".join(["nan"] * 10), 422),
        ("points=" + ",".join(["9999"] * 10), 422),
        ("points=" + ",".join(["5"] * 10), 422),
        ("style=nope", 404),
        ("style=../../etc/passwd", 404),
        ("style=" + "x" * 200, 422),
    ],
)
def test_wrong_options(client, photo, query, status):
    response = client.post(f"/cartoonize?{query}", content=photo)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


ALL = (
    "Use one of style, size, face, output, transparent, points, lines, skin, hair, strength, photo;"
)


@pytest.mark.parametrize(
    ("query", "name", "remedy"),
    [
        ("faces=all", "faces", "Use face; see /docs."),
        ("size=64&Sise=64", "Sise", "Use size; see /docs."),
        ("out_put=crop", "out_put", "Use output; see /docs."),
        ("q=1", "q", ALL),
        ("x" * 500, "x" * 64, ALL),
    ],
)
def test_unknown_options(client, photo, query, name, remedy):
    response = client.post(f"/cartoonize?{query}", content=photo)
    problem = response.json()
    assert (response.status_code, problem["type"]) == (422, "urn:toonmark:problem:unknown-option")
    assert problem["detail"] == f"There is no option {name}."
    assert problem["remedy"].startswith(remedy)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"Dear diary", "The file is not a picture."),
        (b"FUJIFILMCCD-RAW 0201", "The file is a camera's raw file, which is not read."),
    ],
)
@pytest.mark.parametrize("path", ["/cartoonize", "/photos"])
def test_what_an_upload_is_is_said(client, path, content, said):
    problem = client.post(path, content=content).json()
    assert problem["detail"] == said
    assert problem["status"] == 415


@pytest.mark.parametrize(
    "path",
    [
        "/styles/..%2f..%2fetc%2fpasswd.onnx",
        "/styles/%00.onnx",
        "/assets/..%2findex.html",
        "/models/..%2f..%2fapp.py",
        "/..%2f..%2fetc%2fpasswd",
        "/settings.py",
        "//etc/passwd",
    ],
)
def test_paths_lead_nowhere(client, path):
    assert client.get(path).status_code == 404


def test_methods(client):
    assert client.get("/cartoonize").status_code == 405
    assert client.delete("/styles").json()["status"] == 405


def test_too_many_bytes(serve):
    with serve(max_bytes=10_000) as client:
        said = client.post("/cartoonize", content=bytes(20_000))
        streamed = client.post("/cartoonize", content=(bytes(1000) for _ in range(200)))
        form = client.post("/cartoonize", files={"image": ("a", bytes(20_000))})
        lying = client.post("/cartoonize", content=b"x", headers={"content-length": "9" * 30})
    for response in (said, streamed, form):
        assert response.status_code == 413
        assert response.json()["type"].endswith("too-many-bytes")
    assert lying.status_code == 415


def test_too_many_pixels(serve, photo):
    with serve(max_pixels=10_000) as client:
        response = client.post("/cartoonize", content=photo)
    assert response.status_code == 413
    assert response.json()["type"].endswith("image-too-large")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"garbage"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\n"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\nabc',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nabc\r\n--b--\r\n',
        ),
        ("multipart/form-data; boundary=" + "b" * 5000, b"--b\r\n"),
    ],
)
def test_forms_that_are_none(client, kind, body):
    response = client.post("/cartoonize", content=body, headers={"content-type": kind})
    assert response.status_code == 400
    assert response.json()["type"].endswith("bad-form")


def test_many_frames(client):
    from PIL import Image

    frames = [Image.new("L", (64, 64), i) for i in range(200)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert client.post("/cartoonize", content=buffer.getvalue()).status_code == 422
