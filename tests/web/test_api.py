"""What the API answers to good requests."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image
from tests.web.conftest import JSON, TOKEN

from toonmark import Cartoonizer, blend, pictures
from toonmark.web.app import create_app
from toonmark.web.settings import Settings


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def from_url(url: str) -> np.ndarray:
    return pixels(base64.b64decode(url.removeprefix("data:image/png;base64,")))


@pytest.fixture(scope="module")
def cartoonizer(pack):
    return Cartoonizer(pack, threads=1)


def test_picture_is_the_same_as_in_python(client, photo, cartoonizer):
    response = client.post("/cartoonize?style=negative", content=photo)
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/png"
    np.testing.assert_array_equal(pixels(response.content), cartoonizer(photo)[0].resized(512))


def test_networks_are_compressed_where_the_browser_can_unpack_them(client):
    names = client.get("/models/manifest.json").json()
    for name in (names["detector"], names["styles"][0]["file"]):
        plain = client.get(f"/models/{name}", headers={"accept-encoding": "identity"})
        packed = client.get(f"/models/{name}", headers={"accept-encoding": "gzip, br"})
        assert "content-encoding" not in plain.headers
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
        assert int(packed.headers["content-length"]) < len(plain.content)
        assert packed.content == plain.content


def test_form_with_a_file(client, photo):
    body = client.post("/cartoonize?style=negative", content=photo).content
    for name in ("image", "anything"):
        files = {name: ("../../etc/passwd\x00.exe", photo, "text/plain")}
        response = client.post("/cartoonize?style=negative", files=files)
        assert response.status_code == 200
        assert response.content == body


def test_json_has_boxes_points_and_cartoons(client, two_faces, cartoonizer):
    response = client.post(
        "/cartoonize?style=negative&face=all&size=64", content=two_faces, headers=JSON
    )
    answer = response.json()
    expected = cartoonizer(two_faces, "all")
    assert (answer["width"], answer["height"], answer["style"]) == (812, 512, "negative")
    assert [face["number"] for face in answer["faces"]] == [1, 2]
    for face, cartoon in zip(answer["faces"], expected, strict=True):
        np.testing.assert_allclose(face["box"], cartoon.box, atol=0.01)
        np.testing.assert_allclose(face["points"], cartoon.points, atol=0.001)
        np.testing.assert_array_equal(from_url(face["cartoon"]), cartoon.resized(64))


def test_transparent(client, photo, cartoonizer):
    response = client.post("/cartoonize?style=negative&transparent=true", content=photo)
    drawn = pixels(response.content)
    assert drawn.shape == (512, 512, 4)
    np.testing.assert_array_equal(drawn, cartoonizer(photo)[0].resized(512, True))


def test_in_photo(client, photo, cartoonizer, astronaut):
    response = client.post("/cartoonize?style=negative&output=in-photo", content=photo)
    expected = blend.in_photo(astronaut, cartoonizer(pictures.read(photo)))
    np.testing.assert_array_equal(pixels(response.content), expected)


def test_side_by_side_with_given_points(client, photo, cartoonizer):
    cartoon = cartoonizer(photo)[0]
    points = ",".join(str(v) for v in (cartoon.points + 3).ravel())
    url = f"/cartoonize?style=negative&output=side-by-side&size=128&points={points}"
    drawn = pixels(client.post(url, content=photo).content)
    moved = cartoonizer(photo, landmarks=cartoon.points + 3)[0]
    assert drawn.shape == (128, 256, 3)
    np.testing.assert_array_equal(drawn[:, 128:], moved.image)


def test_styles_can_be_listed_and_had(client, pack):
    styles = client.get("/styles").json()
    assert styles[0]["name"] == "negative"  # named by whoever started the server: the first
    response = client.get("/styles/negative.onnx")
    assert response.content == pack.read_bytes()


def test_health(client):
    assert client.get("/health").json()["status"] == "ok"


def test_metrics_count(client, photo):
    client.post("/cartoonize?style=negative", content=photo)
    client.post("/cartoonize", content=b"no picture")
    text = client.get("/metrics").text
    assert 'toonmark_faces_total{style="negative"}' in text
    assert 'toonmark_requests_total{problem="not-an-image",status="415"}' in text
    assert "process_resident_memory_bytes" in text
    assert "toonmark_requests_in_house 0.0" in text


def test_openapi_describes_it(client):
    paths = client.get("/openapi.json").json()["paths"]
    styles, photos = {"/styles", "/styles/{name}.onnx"}, {"/photos", "/photos/{photo}"}
    assert set(paths) == {"/cartoonize", *photos, *styles, "/health", "/metrics"}
    docs = client.get("/docs", follow_redirects=True)
    assert docs.status_code == 200
    assert "//" not in docs.text.replace("<!doctype", "")  # nothing from elsewhere


def test_security_headers(client, photo):
    for response in (
        client.get("/"),
        client.get("/nothing-here"),
        client.get("/health"),
        client.post("/cartoonize", content=photo),
        client.post("/cartoonize", content=b""),
    ):
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert response.headers["cross-origin-opener-policy"] == "same-origin"
        assert response.headers["cross-origin-embedder-policy"] == "require-corp"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in response.headers
    origin = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    preflight = client.options("/cartoonize", headers=origin)
    assert preflight.status_code == 405
    assert "access-control-allow-origin" not in preflight.headers


@pytest.mark.parametrize("prefix", ["/toon", "/s", "/style", "/m"])
@pytest.mark.parametrize("mounted", [False, True])
def test_the_token_holds_under_a_prefix(pack, photo, prefix, mounted):
    """As behind a proxy, or mounted in another app, where paths begin with more."""
    from fastapi.testclient import TestClient
    from starlette.applications import Starlette
    from starlette.routing import Mount

    app = create_app(Settings(styles=(pack,), token=TOKEN))
    whole = Starlette(routes=[Mount(prefix, app)]) if mounted else app
    with TestClient(whole, root_path="" if mounted else prefix) as client:
        paths = ("/styles", "/metrics", "/styles/negative.onnx", "/models/manifest.json")
        for path in (*(prefix + path for path in paths), *(paths if not mounted else ())):
            assert client.get(path).status_code == 401, path
        right = {"authorization": f"Bearer {TOKEN}"}
        assert client.get(f"{prefix}/styles", headers=right).json()[0]["name"] == "negative"
        assert client.get(f"{prefix}/health").status_code == 200
        if mounted:  # nobody runs its lifespan
            drawn = client.post(f"{prefix}/cartoonize", content=photo, headers=right)
            assert drawn.status_code == 200
            app.state.service.workers.stop()


def test_the_page_is_whole_under_a_prefix(pack, tmp_path, monkeypatch):
    from fastapi.testclient import TestClient

    from toonmark.web import assets

    monkeypatch.setattr(assets, "STATIC", tmp_path)
    (tmp_path / "sw.js").write_text("// works offline")
    with TestClient(create_app(Settings(styles=(pack,))), root_path="/s") as client:
        assert client.get("/s/sw.js").text == client.get("/sw.js").text == "// works offline"


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-site", 403),
                                              ("same-origin", 200), ("none", 200)])  # fmt: skip
def test_pages_of_other_sites_cannot_have_photos_drawn(client, photo, site, status):
    response = client.post("/cartoonize", content=photo, headers={"sec-fetch-site": site})
    assert response.status_code == status


def test_other_names_are_turned_away(serve):
    with serve(hosts=("localhost", "127.0.0.1", "[::1]")) as client:
        assert client.get("/health").status_code == 200
        assert client.get("/health", headers={"host": "[::1]:8000"}).status_code == 200
        rebound = client.get("/health", headers={"host": "evil.example:8000"})
        assert rebound.status_code == 421
