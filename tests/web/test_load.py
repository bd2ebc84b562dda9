"""What only a server meets: too much to do, slow clients, clients that leave, surprises."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time

import numpy as np
import pytest
from tests.web.conftest import JSON, encoded
from tests.web.loops import in_a_loop, posted, trickle

pytestmark = pytest.mark.slow


def test_full_queue(serve, photo, monkeypatch):
    from toonmark.web import cartoon_requests

    held = time.monotonic() + 2
    read = cartoon_requests.read
    monkeypatch.setattr(
        cartoon_requests, "read", lambda *a: time.sleep(max(0, held - time.monotonic())) or read(*a)
    )
    with serve(queue=2, workers=1) as client:
        answers = posted(client.app, [photo] * 6)
        statuses = [answer.status_code for answer in answers]
        assert statuses.count(503) == 4
        assert statuses.count(200) == 2
        for answer in answers:
            if answer.status_code == 503:
                assert int(answer.headers["retry-after"]) > 0
                assert answer.json()["type"].endswith("queue-full")
        assert client.post("/cartoonize", content=photo).status_code == 200  # room again


def test_time_limit(serve, photo, monkeypatch):
    from toonmark.web import cartoon_requests

    monkeypatch.setattr(cartoon_requests, "read", lambda *a: time.sleep(1.5))
    with serve(time_limit=0.3, workers=1) as client:
        started = time.monotonic()
        response = client.post("/cartoonize", content=photo)
        assert response.status_code == 504
        assert time.monotonic() - started < 1.4
        assert response.json()["type"].endswith("too-slow")


def test_slow_upload(serve):
    with serve(time_limit=0.5) as client:
        (response,) = posted(client.app, [trickle()])
    assert response.status_code == 408


def test_client_that_goes_away(serve, photo):
    """While it uploads, and while it waits; its place is free again, and nothing is drawn."""

    async def leave(app, messages):
        sent = []

        async def receive():
            # Gone as soon as all is sent: a fast machine draws in less than a pause.
            await asyncio.sleep(0.05 if messages else 0)
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
        in_a_loop(leave(client.app, [half]))
        in_a_loop(leave(client.app, [whole]))
        text = client.get("/metrics").text
        assert 'toonmark_requests_total{problem="client-gone",status="499"} 2.0' in text
        assert "toonmark_requests_in_house 0.0" in text
        assert client.post("/cartoonize", content=photo).status_code == 200


def test_one_bad_photo_does_not_spoil_its_batch(serve, photo):
    nobody = encoded(np.full((300, 300, 3), 128, np.uint8))
    with serve(workers=1) as client:
        answers = posted(client.app, [photo, b"garbage", nobody, photo, b"", photo])
        assert [answer.status_code for answer in answers] == [200, 415, 422, 200, 400, 200]


def test_surprise_is_answered_and_logged_without_the_photo(serve, photo, monkeypatch, caplog):
    from toonmark.web import cartoon_requests

    def fail(*args):
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(cartoon_requests, "read", fail)
    with serve() as client, caplog.at_level(logging.DEBUG):
        response = client.post("/cartoonize?points=" + ",".join(["7"] * 10), content=photo)
    assert response.status_code == 500
    assert "unforeseen" not in response.text
    assert "unforeseen" in caplog.text
    assert "content-security-policy" in response.headers


def test_nothing_of_a_photo_is_stored_or_logged(client, astronaut, caplog, tmp_path, monkeypatch):
    # Large enough that a form's file would be spooled to disk.
    photo = np.random.default_rng(0).integers(0, 255, (1200, 1200, 3)).astype(np.uint8)
    photo[:512, :512] = astronaut
    photo = encoded(photo, compress_level=1)
    assert len(photo) > 2_000_000
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = []
    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        kind = getattr(tempfile, name)
        monkeypatch.setattr(
            tempfile, name, lambda *a, kind=kind, **k: made.append(kind) or kind(*a, **k)
        )
    name = "somebody-private.png"
    with caplog.at_level(logging.INFO):
        response = client.post("/cartoonize", files={"image": (name, photo)}, headers=JSON)
    assert response.status_code == 200
    assert name not in response.text
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "asyncio"))]
    assert not ours
    assert not made
    assert not list(tmp_path.iterdir())
