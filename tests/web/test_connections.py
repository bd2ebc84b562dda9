"""Connections that wait for nothing shut nobody out, and end."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, contextmanager, suppress
from types import SimpleNamespace
from urllib.parse import urlsplit

import httpx2
import pytest
from tests.web.processes import running

from toonmark.web.connections import Connections

HALF = b"POST /cartoonize HTTP/1.1\r\nHost: localhost\r\nX-"
TRICKLE = b"POST /cartoonize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"


@contextmanager
def sockets(address, count, start=b""):
    """Connections that have sent so much of a request."""
    parts = urlsplit(address)
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            one = stack.enter_context(socket.create_connection((parts.hostname, parts.port), 60))
            if start:
                one.sendall(start)
            made.append(one)
        yield made


@contextmanager
def trickling(connections, pause=0.2):
    """Sends a byte on each from time to time."""
    done = threading.Event()

    def send():
        while not done.wait(pause):
            for one in connections:
                with suppress(OSError):  # it was ended
                    one.sendall(b"x")

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def ended(connection, seconds):
    connection.settimeout(seconds)
    try:
        while connection.recv(10_000):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


@pytest.mark.slow
def test_idle_and_half_sent_connections_shut_nobody_out(pack, photo):
    # 300 before, of which one address has 256 at most; and 32 uploads that hardly move.
    with (
        running("--style", str(pack), "--queue", "4", "--idle-time", "600") as (_, address),
        sockets(address, 150),
        sockets(address, 150, HALF),
        sockets(address, 32, TRICKLE) as slow,
        trickling(slow),
    ):
        for _ in range(3):
            answer = httpx2.post(f"{address}cartoonize", content=photo, timeout=60)
            assert answer.status_code == 200, answer.text


@pytest.mark.slow
def test_what_waits_for_nothing_ends(pack):
    options = ("--style", str(pack), "--idle-time", "1", "--token", "a-secret-of-the-tests")
    with running(*options) as (_, address):
        body = TRICKLE.replace(b"POST /cartoonize", b"GET /health")
        with (
            sockets(address, 2) as idle,
            sockets(address, 2, HALF) as half,
            sockets(address, 2, TRICKLE) as refused,
            sockets(address, 2, body) as unread,
            trickling([*half, *refused, *unread]),
        ):
            for one in (*idle, *half, *refused, *unread):
                assert ended(one, 20)


@pytest.mark.slow
def test_uploads_that_trickle_are_ended_before_the_time_limit(pack):
    with (
        running("--style", str(pack), "--time-limit", "120") as (_, address),
        sockets(address, 1, TRICKLE) as slow,
        trickling(slow),
    ):
        slow[0].settimeout(30)
        assert b" 408 " in slow[0].recv(100)


class Transport:
    def __init__(self):
        self.aborted = False

    def abort(self):
        self.aborted = True

    def is_closing(self):
        return self.aborted


class Protocol:
    def __init__(self, busy=False):
        self.transport = Transport()
        self.cycle = SimpleNamespace(response_complete=False) if busy else None


@pytest.fixture
def clock():
    return SimpleNamespace(now=0.0)


@pytest.fixture
def connections(clock):
    return Connections(8, 10, 100, lambda: clock.now)


def test_one_address_has_half(connections, clock):
    many = [Protocol() for _ in range(6)]
    for one in many:
        clock.now += 1
        connections.add(one, "10.0.0.1")
    assert [one.transport.aborted for one in many] == [True, True, *[False] * 4]
    other = Protocol()
    connections.add(other, "10.0.0.2")
    assert not other.transport.aborted
    assert len(connections) == 5


def test_what_is_busy_is_never_ended_for_another(connections):
    busy = [Protocol(busy=True) for _ in range(4)]
    for one in busy:
        connections.add(one, "10.0.0.1")
    late = Protocol()
    connections.add(late, "10.0.0.1")
    assert late.transport.aborted
    assert not any(one.transport.aborted for one in busy)


def test_all_addresses_together(connections):
    many = [Protocol() for _ in range(9)]
    for number, one in enumerate(many):
        connections.add(one, f"10.0.0.{number}")
    assert [one.transport.aborted for one in many].count(True) == 1
    assert len(connections) == 8


def test_idle_and_busy_have_their_times(connections, clock):
    idle, busy = Protocol(), Protocol(busy=True)
    connections.add(idle, "a")
    connections.add(busy, "b")
    clock.now = 9
    connections.sweep()
    assert not idle.transport.aborted
    clock.now = 11
    connections.sweep()
    assert idle.transport.aborted
    assert not busy.transport.aborted
    busy.cycle.response_complete = True
    clock.now = 20
    connections.sweep()  # from now on it is idle
    busy.cycle = SimpleNamespace(response_complete=True)
    clock.now = 29
    connections.sweep()  # between the two it had a request
    clock.now = 38
    connections.sweep()
    assert not busy.transport.aborted
    clock.now = 50
    connections.sweep()
    assert busy.transport.aborted


def test_an_answer_that_nobody_reads(connections, clock):
    stuck = Protocol(busy=True)
    connections.add(stuck, "a")
    connections.sweep()
    clock.now = 101
    connections.sweep()
    assert stuck.transport.aborted
