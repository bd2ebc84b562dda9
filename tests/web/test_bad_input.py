"""Everything that the command line refuses, and what only a server meets."""

from __future__ import annotations

import asyncio
import io
import logging
import struct
import time
import zlib

import numpy as np
import pytest
from tests.web.conftest import JSON, encoded

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
def test_refused_with_problem_details(client, name):
    body, status, kind = CASES[name]
    if name == "HEIC":
        pytest.importorskip("PIL")
        try:
            import pillow_heif  # noqa: F401
        except ImportError:
            pass
        else:
            pytest.skip("a HEIC decoder is installed")
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


def test_full_queue(serve, photo, monkeypatch):
    from toonmark.web import drawing

    held = time.monotonic() + 2
    read = drawing.read
    monkeypatch.setattr(
        drawing, "read", lambda *a: time.sleep(max(0, held - time.monotonic())) or read(*a)
    )
    with serve(queue=2, workers=1) as client:
        statuses = asyncio.run(_together(client.app, photo, 6))
        assert statuses.count(503) == 4
        assert statuses.count(200) == 2
        assert client.post("/cartoonize", content=photo).status_code == 200  # room again


async def _together(app, photo, count):
    import httpx2

    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        posts = [client.post("/cartoonize", content=photo) for _ in range(count)]
        answers = await asyncio.gather(*posts)
    for answer in answers:
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["type"].endswith("queue-full")
    return [answer.status_code for answer in answers]


def test_time_limit(serve, photo, monkeypatch):
    from toonmark.web import drawing

    monkeypatch.setattr(drawing, "read", lambda *a: time.sleep(1.5))
    with serve(time_limit=0.3, workers=1) as client:
        started = time.monotonic()
        response = client.post("/cartoonize", content=photo)
        assert response.status_code == 504
        assert time.monotonic() - started < 1.4
        assert response.json()["type"].endswith("too-slow")


def test_slow_upload(serve):
    async def trickle():
        for _ in range(50):
            yield b"x"
            await asyncio.sleep(0.1)

    async def send(app):
        import httpx2

        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.post("/cartoonize", content=trickle())

    with serve(time_limit=0.5) as client:
        response = asyncio.run(send(client.app))
    assert response.status_code == 408


def test_client_that_goes_away(serve, photo):
    """While it uploads, and while it waits; its place is free again, and nothing is drawn."""

    async def leave(app, messages):
        sent = []

        async def receive():
            await asyncio.sleep(0.05)
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/cartoonize",
            "raw_path": b"/cartoonize",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
            "http_version": "1.1",
            "scheme": "http",
            "server": ("localhost", 80),
            "client": ("test", 1),
            "root_path": "",
        }
        await app(scope, receive, send)

    with serve(workers=1) as client:
        half = {"type": "http.request", "body": photo[:1000], "more_body": True}
        whole = {"type": "http.request", "body": photo, "more_body": False}
        asyncio.run(leave(client.app, [half]))
        asyncio.run(leave(client.app, [whole]))
        text = client.get("/metrics").text
        assert 'toonmark_requests_total{problem="client-gone",status="499"} 2.0' in text
        assert "toonmark_requests_in_house 0.0" in text
        assert client.post("/cartoonize", content=photo).status_code == 200


def test_one_bad_photo_does_not_spoil_its_batch(serve, photo):
    nobody = encoded(np.full((300, 300, 3), 128, np.uint8))

    async def send(app):
        import httpx2

        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            bodies = [photo, b"garbage", nobody, photo, b"", photo]
            posts = [client.post("/cartoonize", content=body) for body in bodies]
            return [answer.status_code for answer in await asyncio.gather(*posts)]

    with serve(workers=1) as client:
        assert asyncio.run(send(client.app)) == [200, 415, 422, 200, 400, 200]


def test_surprise_is_answered_and_logged_without_the_photo(serve, photo, monkeypatch, caplog):
    from toonmark.web import drawing

    def fail(*args):
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(drawing, "read", fail)
    with serve() as client, caplog.at_level(logging.DEBUG):
        response = client.post("/cartoonize?points=" + ",".join(["7"] * 10), content=photo)
    assert response.status_code == 500
    assert "unforeseen" not in response.text
    assert "unforeseen" in caplog.text
    assert "content-security-policy" in response.headers


def test_nothing_of_a_photo_is_stored_or_logged(client, photo, caplog, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    name = "somebody-private.png"
    with caplog.at_level(logging.INFO):
        response = client.post("/cartoonize", files={"image": (name, photo)}, headers=JSON)
    assert response.status_code == 200
    assert name not in response.text
    ours = [
        record for record in caplog.records if not record.name.startswith(("httpx2", "asyncio"))
    ]
    assert not ours
    assert not list(tmp_path.iterdir())


def test_many_frames(client):
    from PIL import Image

    frames = [Image.new("L", (64, 64), i) for i in range(200)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert client.post("/cartoonize", content=buffer.getvalue()).status_code == 422
