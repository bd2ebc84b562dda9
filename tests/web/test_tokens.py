"""Who may use a server that has a token, and how often one may guess it."""

from __future__ import annotations

import pytest
from tests.web.conftest import TOKEN
from typer.testing import CliRunner

from toonmark.errors import ConfigurationError
from toonmark.web import throttle
from toonmark.web.app import create_app
from toonmark.web.settings import Settings
from toonmark.web.throttle import Throttle, neighbourhood

PRIVATE = ("/styles", "/metrics", "/models/manifest.json", "/models/x", "/styles/negative.onnx")


def bearer(text: str) -> dict[str, str]:
    return {"authorization": text}


@pytest.fixture
def guarded(serve):
    with serve(token=TOKEN) as client:
        yield client


def test_needed(guarded, photo):
    for path in PRIVATE:
        response = guarded.get(path)
        assert response.status_code == 401, path
        assert response.headers["www-authenticate"] == 'Bearer realm="toonmark"'
        assert response.json()["type"] == "urn:toonmark:problem:no-token"
    assert guarded.post("/cartoonize?size=x", content=photo).status_code == 401
    assert guarded.get("/health").status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_right(guarded, photo, scheme):
    right = bearer(f"{scheme} {TOKEN}")
    assert guarded.post("/cartoonize", content=photo, headers=right).status_code == 200
    assert guarded.get("/styles", headers=right).status_code == 200


@pytest.mark.parametrize("text", [TOKEN, f"Basic {TOKEN}", f"Bearer{TOKEN}", "Bearer", "Bearer "])
def test_no_bearer(guarded, text):
    response = guarded.get("/styles", headers=bearer(text))
    assert (response.status_code, response.json()["type"]) == (401, "urn:toonmark:problem:no-token")


@pytest.mark.parametrize("text", ["x", TOKEN[:-1], TOKEN + "x", f"Bearer {TOKEN}", "ÿ" * 20])
def test_wrong(guarded, text):
    response = guarded.get("/styles", headers=bearer(f"Bearer {text}".encode("latin-1")))
    assert response.json()["type"] == "urn:toonmark:problem:wrong-token"
    assert response.headers["www-authenticate"] == 'Bearer realm="toonmark", error="invalid_token"'


@pytest.mark.parametrize("token", ["x", "secret", "fifteen-letters", "ä" * 20, "with space" * 3])
def test_tokens_that_are_none(token):
    with pytest.raises(ConfigurationError):
        create_app(Settings(token=token))


def test_short_tokens_are_refused_by_the_command_line():
    from toonmark.cli import app

    result = CliRunner().invoke(app, ["serve", "--host", "0.0.0.0", "--token", "abc"])
    assert result.exit_code == 2
    assert "--token auto" in result.output


def test_guesses_are_throttled(guarded):
    answers = [guarded.get("/styles", headers=bearer(f"Bearer guess{i}")) for i in range(30)]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [401] * 10 + [429] * 20
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert "seconds" in answers[-1].json()["remedy"]
    # Else the right one could be told from wrong ones.
    assert guarded.get("/styles", headers=bearer(f"Bearer {TOKEN}")).status_code == 429
    assert guarded.get("/health").status_code == 200


def test_requests_without_a_token_are_no_guesses(guarded):
    for _ in range(30):
        assert guarded.get("/styles").status_code == 401
    assert guarded.get("/styles", headers=bearer(f"Bearer {TOKEN}")).status_code == 200


def test_docs_can_authorize(serve, guarded):
    schema = guarded.get("/openapi.json").json()
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            assert ("security" in operation) == (path != "/health"), path
    with serve() as free:
        assert "securitySchemes" not in free.get("/openapi.json").text


def test_throttle_counts_by_address_and_forgets():
    now = [0.0]
    limit = Throttle(2, 60, lambda: now[0])
    for _ in range(2):
        assert limit.wait("1.2.3.4") == 0
        limit.count("1.2.3.4")
    assert limit.wait("1.2.3.4") == 60
    assert limit.wait("1.2.3.5") == 0
    now[0] = 59
    assert limit.wait("1.2.3.4") == 1
    now[0] = 60
    assert limit.wait("1.2.3.4") == 0
    limit.count("1.2.3.4")
    assert limit.wait("1.2.3.4") == 0


def test_throttle_is_bounded(monkeypatch):
    monkeypatch.setattr(throttle, "_MOST", 100)
    limit = Throttle(1, 60)
    for number in range(1000):
        limit.count(f"host-{number}")
    assert len(limit._counts) == 100
    assert limit.wait("host-999") > 0


@pytest.mark.parametrize(
    ("host", "same"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_neighbourhood(host, same):
    assert neighbourhood(host) == same
