"""A server for other devices: the address that they can open, and https."""

from __future__ import annotations

import contextlib
import datetime
import io
import re
import socket
import ssl

import httpx2
import numpy as np
import pytest
from tests.web import browser
from tests.web.processes import running
from typer.testing import CliRunner

from toonmark.cli import app
from toonmark.web import network_addresses

pytest.importorskip("cryptography", reason="cryptography is not installed")

TOKEN = "a-secret-of-the-tests"
BEARER = {"authorization": f"Bearer {TOKEN}"}
FOR_ALL = ("--host", "0.0.0.0", "--token", TOKEN)


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.9", "::1", "toon.test"])
def test_a_single_address_is_told_as_it_is(host):
    assert network_addresses.reachable(host) == host


def test_every_address_is_told_as_one_that_can_be_opened(monkeypatch):
    for host in ("0.0.0.0", "::"):
        assert network_addresses.reachable(host) not in ("", "0.0.0.0", "::")

    def nowhere(self, place):
        raise OSError("no network")

    monkeypatch.setattr(socket.socket, "connect", nowhere)
    assert network_addresses.reachable("0.0.0.0") == socket.gethostname()


def test_the_qr_code_says_the_address():
    import cv2

    address = f"https://192.168.178.20:8000/#token={'Ab3-_' * 6}xy"
    pytest.importorskip("segno", reason="segno is not installed")
    halves = {" ": (0, 0), "▀": (255, 0), "▄": (0, 255), "█": (255, 255)}
    lines = network_addresses.qr_code(address).splitlines()
    assert max(map(len, lines)) < 60  # of a terminal's 80 columns
    rows = [[halves[one][half] for one in line] for line in lines for half in (0, 1)]
    picture = np.kron(np.array(rows, np.uint8), np.ones((8, 8), np.uint8))
    assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == address


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("host", "shown"), [("192.0.2.7", True), ("2001:db8::7", True), ("127.0.0.1", False)]
)
def test_the_qr_code_is_for_other_devices_on_a_terminal(monkeypatch, host, shown):
    from types import SimpleNamespace

    from toonmark.web.server import Server

    monkeypatch.setattr("sys.stdout", Terminal())
    told = SimpleNamespace(_scheme="https", _fragment="#token=x")
    Server._tell(told, host, 8000)
    import sys

    text = sys.stdout.getvalue()
    name = f"[{host}]" if ":" in host else host
    assert text.startswith(f"Toonmark: https://{name}:8000/#token=x\n")
    assert ("█" in text) is shown


def rest(process, lines):
    return [process.stdout.readline().strip() for _ in range(lines)]


def certificate_of(address):
    url = httpx2.URL(address)
    return ssl.get_server_certificate((url.host, url.port))


def test_https_by_a_certificate_of_its_own():
    """It is good for the address that was told, and has the SHA-256 that was told."""
    import hashlib

    with running(*FOR_ALL, "--https") as (process, address):
        assert re.match(r"https://(?!0\.0\.0\.0)", address)
        pem = certificate_of(address)
        told = rest(process, 2)[1].replace(":", "").lower()
        assert told == hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
        trusting = ssl.create_default_context(cadata=pem)
        answer = httpx2.get(f"{address}styles", verify=trusting, headers=BEARER, timeout=30)
        assert answer.status_code == 200
        answer = httpx2.get(f"{address}styles", verify=trusting, timeout=30)
        assert answer.status_code == 401
        with pytest.raises(httpx2.HTTPError):
            httpx2.get(f"{address}health", timeout=30)  # nobody else vouches for it


def test_plain_http_beyond_this_machine_says_what_is_missing():
    with running(*FOR_ALL) as (process, address):
        assert re.match(r"http://(?!0\.0\.0\.0)", address)
        assert "--https" in rest(process, 1)[0]
        assert httpx2.get(f"{address}health", timeout=30).status_code == 200


@pytest.fixture(scope="module")
def pems(tmp_path_factory):
    """A certificate for localhost, its key, the key locked, another key, and both in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("pem")
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, keys[0].public_key(), 7, now - day, now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(keys[0], hashes.SHA256())
    )
    pem, locks = serialization.Encoding.PEM, serialization.BestAvailableEncryption(b"secret")
    kind = serialization.PrivateFormat.PKCS8
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    open_key = keys[0].private_bytes(pem, kind, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(open_key)
    (folder / "both.pem").write_bytes(certificate.public_bytes(pem) + open_key)
    (folder / "locked.pem").write_bytes(keys[0].private_bytes(pem, kind, locks))
    other = keys[1].private_bytes(pem, kind, serialization.NoEncryption())
    (folder / "other.pem").write_bytes(other)
    return folder


@pytest.mark.parametrize("options", [("certificate.pem", "--key", "key.pem"), ("both.pem",)])
def test_https_by_a_given_certificate(pems, options):
    files = [str(pems / one) if one.endswith(".pem") else one for one in options]
    with running("--host", "localhost", "--certificate", *files) as (_, address):
        port = httpx2.URL(address).port
        trusting = ssl.create_default_context(cafile=pems / "certificate.pem")
        answer = httpx2.get(f"https://localhost:{port}/health", verify=trusting, timeout=30)
        assert answer.json()["status"] == "ok"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--certificate", "certificate.pem", "--key", "other.pem"), "cannot be used"),
        (("--certificate", "certificate.pem", "--key", "locked.pem"), "locked with a password"),
        (("--certificate", "certificate.pem"), "cannot be used"),
        (("--certificate", "nowhere.pem", "--key", "key.pem"), "There is no file"),
        (("--key", "key.pem"), "no certificate"),
    ],
)
def test_certificates_that_cannot_be_used_are_named(pems, options, said):
    files = [str(pems / one) if one.endswith(".pem") else one for one in options]
    result = CliRunner().invoke(app, ["serve", "--port", "0", *files])
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.output.split())


@contextlib.contextmanager
def silent(address, count):
    url = httpx2.URL(address)
    with contextlib.ExitStack() as stack:
        connect = socket.create_connection
        yield [stack.enter_context(connect((url.host, url.port), 20)) for _ in range(count)]


def ended(connection, seconds=10):
    connection.settimeout(seconds)
    try:
        return connection.recv(1000) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def test_handshakes_that_never_come_shut_nobody_out():
    options = ("--https", "--connections", "20", "--idle-time", "2")
    with running(*options) as (_, address), silent(address, 100) as sockets:
        answer = httpx2.get(f"{address}health", verify=False, timeout=10)
        assert answer.status_code == 200
        assert all(ended(one) for one in sockets)  # asyncio itself leaves them a minute
        plain = socket.create_connection((httpx2.URL(address).host, httpx2.URL(address).port), 10)
        with plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            received = plain.recv(1000)
            assert not received.startswith(b"HTTP")
        answer = httpx2.get(f"{address}health", verify=False, timeout=10)
        assert answer.status_code == 200


def test_a_server_that_stops_waits_for_no_handshake():
    import time

    with running("--https", "--idle-time", "30") as (process, address), silent(address, 3):
        httpx2.get(f"{address}health", verify=False, timeout=10)
        begun = time.monotonic()
        process.terminate()
        process.wait(20)
        assert time.monotonic() - begun < 5


def test_a_request_in_one_packet_with_the_end_of_its_handshake():
    """It is there before anybody could be told of the connection."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with running("--https") as (_, address), silent(address, 1) as (one,):
        come, go = ssl.MemoryBIO(), ssl.MemoryBIO()
        inner = context.wrap_bio(come, go, server_hostname="localhost")
        while True:
            try:
                inner.do_handshake()
                break
            except ssl.SSLWantReadError:
                one.sendall(go.read())
                come.write(one.recv(1 << 16))
        assert inner.version() == "TLSv1.3"
        inner.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        one.sendall(go.read())
        answer = b""
        while b"200 OK" not in answer:
            received = one.recv(1 << 16)
            assert received, "the server has ended the connection"
            come.write(received)
            with contextlib.suppress(ssl.SSLWantReadError):
                answer += inner.read(1 << 16)


#: What browsers do with a page whose certificate was accepted by hand.
UNTRUSTED = """ServiceWorkerContainer.prototype.register =
    () => Promise.reject(new DOMException('An SSL certificate error occurred', 'SecurityError'))"""


@pytest.mark.slow
@pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "-")
def test_a_page_that_will_not_be_kept_says_so(chromium, pack):
    with browser.server("--style", str(pack)) as address:
        context = chromium.new_context(reduced_motion="reduce")
        context.add_init_script(UNTRUSTED)
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("#where:has-text('does not trust its certificate')", timeout=60_000)
        page.check("input[value=server]", force=True)
        assert "certificate" not in page.inner_text("#where")
        context.close()


@pytest.mark.slow
@pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "-")
def test_the_page_over_https_is_forbidden_nothing(chromium, pack, photo, tmp_path):
    file = tmp_path / "one.png"
    file.write_bytes(photo)
    with browser.server(*FOR_ALL, "--https", "--style", str(pack)) as address:
        page = browser.open_page(chromium, address, ignore_https_errors=True)
        able = "[isSecureContext, crossOriginIsolated, !!navigator.mediaDevices?.getUserMedia]"
        assert page.evaluate(able) == [True, True, True]
        assert "https" not in page.inner_text("#where")
        page.check("input[value=server]", force=True)
        browser.drop(page, [file])
        browser.drawn(page)
        page.context.close()
