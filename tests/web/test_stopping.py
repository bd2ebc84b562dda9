"""Signals to a server that draws, threads that draw and end, and health."""

from __future__ import annotations

import signal
import socket
import time

import pytest
from tests.web.processes import Post, running, settled

from toonmark.web import cartoon_requests

pytestmark = pytest.mark.slow

SIGNALS = pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])


def told(post: Post) -> tuple[int, str]:
    answer = post.wait()
    return answer.status_code, answer.headers.get("x-toonmark-problem", "")


@SIGNALS
def test_what_is_begun_is_finished_and_what_waits_is_told(pack, photo, kind):
    options = ("--style", str(pack), "--workers", "1", "--drain-time", "20")
    with running(*options, seconds=5) as (process, address):
        first = Post(address, photo)
        settled(address, 1)
        waiting = [Post(address, photo) for _ in range(3)]
        settled(address, 4)
        process.send_signal(kind)
        assert [told(post) for post in waiting] == [(503, "stopping")] * 3
        assert told(first) == (200, "")
        process.wait(10)
        assert process.returncode == (0 if kind == signal.SIGINT else -kind)
        assert process.stderr is not None
        assert "rror" not in process.stderr.read()


@SIGNALS
def test_draining_has_an_end_and_everybody_an_answer(pack, photo, kind):
    options = ("--style", str(pack), "--workers", "1", "--drain-time", "1")
    with running(*options, seconds=60) as (process, address):
        posts = [Post(address, photo)]
        settled(address, 1)
        posts += [Post(address, photo) for _ in range(3)]
        settled(address, 4)
        host, port = address.removeprefix("http://").strip("/").split(":")
        with socket.create_connection((host, int(port))) as half:
            half.sendall(
                b"POST /cartoonize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
                b"Expect: 100-continue\r\n\r\n"
            )
            assert half.recv(1000).startswith(b"HTTP/1.1 100"), "it waits for the upload"
            half.sendall(b"x")
            started = time.monotonic()
            process.send_signal(kind)
            assert [told(post) for post in posts] == [(503, "stopping")] * 4
            assert half.recv(1000).startswith(b"HTTP/1.1 503")
        process.wait(10)
        assert time.monotonic() - started < 6


def test_a_second_ctrl_c_ends_it_at_once(pack, photo):
    with running("--style", str(pack), "--workers", "1", seconds=60) as (process, address):
        Post(address, photo)
        settled(address, 1)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        process.wait(10)
        assert time.monotonic() - started < 4


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError])
def test_no_error_in_drawing_ends_a_thread(serve, photo, monkeypatch, error):
    def fail(*args):
        raise error

    with serve(workers=1) as client:
        with monkeypatch.context() as patch:
            patch.setattr(cartoon_requests, "read", fail)
            assert client.post("/cartoonize", content=photo).status_code == 500
            assert client.get("/health").status_code == 200
        assert client.post("/cartoonize", content=photo).status_code == 200


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_health_means_that_threads_live(serve, photo):
    with serve(workers=2) as client:
        workers = client.app.state.service.workers
        assert client.get("/health").json()["status"] == "ok"

        def end():
            workers._jobs.clear()
            raise SystemExit  # as nobody foresaw

        workers._take = end
        with workers._changed:
            workers._jobs.append(None)
            workers._changed.notify()
        time.sleep(0.5)
        response = client.get("/health")
        assert response.status_code == 503
        assert response.json()["detail"] == "1 of 2 threads that draw have ended."
