"""What OpenAPI says and what the server does are the same."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.web.conftest import JSON, TOKEN, encoded

SVG = {"accept": "image/svg+xml"}
BEARER = {"authorization": f"Bearer {TOKEN}"}


def described(schema, method, path, response):
    """The schema of this very answer; fails where there is none."""
    answers = schema["paths"][path][method]["responses"]
    assert str(response.status_code) in answers, (method, path, response.status_code)
    kind = response.headers["content-type"].partition(";")[0]
    return answers[str(response.status_code)]["content"][kind].get("schema", {})


def check(schema, method, path, response):
    jsonschema_rs = pytest.importorskip("jsonschema_rs", reason="schemathesis is not installed")
    wanted = described(schema, method, path, response)
    if "json" in response.headers["content-type"]:
        whole = {**wanted, "components": schema["components"]}
        jsonschema_rs.validate(whole, json.loads(response.content))


@pytest.fixture(scope="module")
def guarded(serve):
    with serve(token=TOKEN, hosts=("localhost",)) as client:
        yield client


@pytest.mark.parametrize(
    ("status", "query", "body", "headers"),
    [
        (200, "size=64", "photo", {}),
        (200, "size=64", "photo", JSON),
        (200, "output=in-photo&face=all", "photo", JSON),
        (400, "", b"", {}),
        (401, "", b"", {"authorization": ""}),
        (401, "", b"", {"authorization": "Bearer wrong-but-long-enough"}),
        (403, "", b"", {"sec-fetch-site": "cross-site"}),
        (404, "style=nobody", "photo", {}),
        (200, "style=comic&transparent=true", "photo", SVG),
        (415, "", b"no picture", {}),
        (422, "output=in-photo", "photo", SVG),
        (421, "", b"", {"host": "elsewhere.example"}),
        (422, "size=1", b"", {}),
        (422, "colour=red", b"", {}),
        (422, "", "nobody", {}),
    ],
)
def test_every_answer_is_described(guarded, photo, status, query, body, headers):
    bodies = {"photo": photo, "nobody": encoded(np.full((99, 99, 3), 128, np.uint8))}
    headers = {**BEARER, **headers}
    content = bodies[body] if isinstance(body, str) else body
    if "svg" in headers.get("accept", ""):
        pytest.importorskip("vtracer", reason="vtracer is not installed")
    response = guarded.post(f"/cartoonize?{query}", content=content, headers=headers)
    assert response.status_code == status, response.text
    check(guarded.get("/openapi.json").json(), "post", "/cartoonize", response)


def test_other_routes(guarded):
    schema = guarded.get("/openapi.json").json()
    for path, url in (
        ("/styles", "/styles"),
        ("/styles/{name}.onnx", "/styles/negative.onnx"),
        ("/styles/{name}.onnx", "/styles/nobody.onnx"),
        ("/styles/{name}.onnx", f"/styles/{'n' * 65}.onnx"),
        ("/health", "/health"),
        ("/metrics", "/metrics"),
    ):
        check(schema, "get", path, guarded.get(url, headers=BEARER))
    assert "HTTPValidationError" not in json.dumps(schema["paths"])  # it is never sent
    security = {path: "security" in one for path, one in each_operation(schema)}
    assert security.pop("/health") is False
    assert all(security.values())


def test_kept_photos(guarded, photo):
    schema = guarded.get("/openapi.json").json()
    kept = guarded.post("/photos", content=photo, headers=BEARER)
    for body, headers in ((b"", BEARER), (b"no picture", BEARER), (photo, {})):
        check(schema, "post", "/photos", guarded.post("/photos", content=body, headers=headers))
    check(schema, "post", "/photos", kept)
    for path in ("/cartoonize?photo=nobody", f"/cartoonize?photo={'n' * 65}"):
        check(schema, "post", "/cartoonize", guarded.post(path, headers=BEARER))
    response = guarded.delete(f"/photos/{kept.json()['photo']}", headers=BEARER)
    assert str(response.status_code) in schema["paths"]["/photos/{photo}"]["delete"]["responses"]


def each_operation(schema):
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            yield path, operation


def test_without_a_token_none_is_described(client):
    answers = client.get("/openapi.json").json()["paths"]["/styles"]["get"]["responses"]
    assert "401" not in answers
    assert "421" in answers


@pytest.mark.parametrize("path", ["/", "/health", "/styles", "/styles/negative.onnx", "/metrics"])
def test_what_can_be_had_has_a_head(client, path):
    got, head = client.get(path), client.head(path)
    assert head.status_code == got.status_code
    assert head.content == b""
    assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("application/json;q=0, image/png", "image/png"),
        ("application/json;q=0", "image/png"),
        ("image/png;q=0.5, application/json", "application/json"),
        ("application/json;q=0.1, */*", "image/png"),
        ("*/*", "image/png"),
        ("", "image/png"),
        ("image/*", "image/png"),
        ("image/svg+xml, */*", "image/svg+xml"),
        ("image/svg+xml, image/png, */*", "image/png"),
        ("image/svg+xml, application/json;q=0.9", "image/svg+xml"),
    ],
)
def test_weights_count(client, photo, accept, kind):
    if "svg" in kind:
        pytest.importorskip("vtracer", reason="vtracer is not installed")
    style = "comic" if "svg" in kind else "negative"  # what is drawn flat is traced soon
    response = client.post(
        f"/cartoonize?size=32&style={style}", content=photo, headers={"accept": accept}
    )
    assert response.headers["content-type"] == kind


def test_options_in_a_form_are_refused_like_unknown_ones_in_the_address(client, photo):
    files = {"image": ("a.png", photo)}
    response = client.post("/cartoonize", files=files, data={"size": "64"})
    assert response.status_code == 422
    assert response.json()["type"] == "urn:toonmark:problem:wrong-option"
    assert "field size" in response.json()["detail"]
    assert "/cartoonize?size=256" in response.json()["remedy"]


@pytest.mark.slow
def test_generated_requests_are_answered_as_described(serve):
    """schemathesis makes requests out of the schema, right and wrong ones."""
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    from hypothesis import HealthCheck, given, settings
    from schemathesis import checks as server
    from schemathesis.specs.openapi import checks

    with serve(workers=1, hosts=()) as client:
        schema = schemathesis.openapi.from_asgi("/openapi.json", client.app)

        def send(operation):
            @given(case=operation.as_strategy())
            @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
            def sent(case):
                response = case.call()
                assert response.status_code < 500
                case.validate_response(
                    response,
                    checks=[
                        server.not_a_server_error,
                        checks.status_code_conformance,
                        checks.content_type_conformance,
                        checks.response_schema_conformance,
                    ],
                )

            sent()

        for result in schema.get_all_operations():
            send(result.ok())
