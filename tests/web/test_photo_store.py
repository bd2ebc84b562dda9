"""Photos that are sent once and drawn often: handles, and what bounds them."""

from __future__ import annotations

import asyncio
import time

import pytest
from tests.web.conftest import JSON, TOKEN
from tests.web.loops import in_a_loop, posted, trickle

from toonmark.web.photo_store import PhotoStore
from toonmark.web.problems import Refusal


def kind(response):
    return response.json()["type"].rpartition(":")[2]


@pytest.fixture
def kept(client, photo):
    response = client.post("/photos", content=photo)
    assert response.status_code == 201
    assert response.json()["seconds"] == 300
    return response.json()["photo"]


def test_a_handle_draws_what_its_photo_draws(client, photo, kept):
    for query in ("size=64", "size=64&output=side-by-side", "output=in-photo"):
        sent = client.post(f"/cartoonize?{query}", content=photo)
        named = client.post(f"/cartoonize?{query}&photo={kept}")
        assert named.status_code == 200
        assert named.content == sent.content
    named = client.post(f"/cartoonize?photo={kept}&face=all", headers=JSON).json()
    assert (named["width"], len(named["faces"])) == (512, 1)


def test_what_is_deleted_is_gone(client, kept):
    assert client.delete(f"/photos/{kept}").status_code == 204
    response = client.post(f"/cartoonize?photo={kept}")
    assert (response.status_code, kind(response)) == (404, "photo-gone")
    assert client.delete(f"/photos/{kept}").status_code == 204  # says nothing of others' photos


def test_a_photo_is_its_own_address_s(serve, photo):
    from fastapi.testclient import TestClient

    with serve(hosts=()) as mine:
        handle = mine.post("/photos", content=photo).json()["photo"]

        async def elsewhere(scope, receive, send):
            await mine.app({**scope, "client": ("192.0.2.7", 1)}, receive, send)

        others = TestClient(elsewhere)
        response = others.post(f"/cartoonize?photo={handle}")
        assert (response.status_code, kind(response)) == (404, "photo-gone")
        assert others.delete(f"/photos/{handle}").status_code == 204
        assert mine.post(f"/cartoonize?photo={handle}").status_code == 200


def test_the_token_is_asked_for(serve, photo):
    with serve(token=TOKEN) as client:
        assert client.post("/photos", content=photo).status_code == 401
        assert client.delete("/photos/nobody").status_code == 401


def test_a_photo_is_forgotten_after_its_time(serve, photo):
    with serve(keep_time=0.4) as client:
        answer = client.post("/photos", content=photo).json()
        assert answer["seconds"] == 0.4
        assert f"toonmark_kept_bytes {float(len(photo))}" in client.get("/metrics").text
        time.sleep(0.6)
        assert "toonmark_kept_bytes 0.0" in client.get("/metrics").text
        assert client.post(f"/cartoonize?photo={answer['photo']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "headers", "status", "name"),
    [
        (b"", {}, 400, "empty-file"),
        (b"no picture", {}, 415, "not-an-image"),
        (bytes(3000), {}, 413, "too-many-bytes"),
        (b"", {"sec-fetch-site": "cross-site"}, 403, "other-site"),
    ],
)
def test_what_is_not_kept(serve, body, headers, status, name):
    with serve(max_bytes=2000) as client:
        response = client.post("/photos", content=body, headers=headers)
        assert (response.status_code, kind(response)) == (status, name)
        assert "toonmark_kept_bytes 0.0" in client.get("/metrics").text


def test_a_page_of_another_site_deletes_nothing(client, kept):
    foreign = {"sec-fetch-site": "cross-site"}
    assert client.delete(f"/photos/{kept}", headers=foreign).status_code == 403
    assert client.post(f"/cartoonize?photo={kept}").status_code == 200


def test_none_is_kept_where_none_may_be(serve, photo):
    with serve(keep_time=0) as client:
        response = client.post("/photos", content=photo)
        assert (response.status_code, kind(response)) == (403, "not-kept")


def test_one_photo_a_request(client, photo, kept):
    response = client.post(f"/cartoonize?photo={kept}", content=photo)
    assert (response.status_code, kind(response)) == (422, "wrong-option")
    assert client.post(f"/cartoonize?photo={kept}", content=iter([photo])).status_code == 422


def test_a_second_photo_that_trickles_is_ended(serve, photo):
    """It is refused once it is there, but waited for no longer than for any upload."""
    with serve(time_limit=0.5) as client:
        (response,) = posted(client.app, [trickle()], "/cartoonize?photo=any")
    assert (response.status_code, kind(response)) == (408, "slow-upload")


def gone(kept, handle, host="a"):
    try:
        with kept.used(handle, host):
            return False
    except Refusal as error:
        return error.kind == "photo-gone"


def in_loop(check):
    async def run():
        return check()

    return in_a_loop(run())


def test_number_and_bytes_are_bounded_for_all_and_for_one_address():
    def check():
        kept = PhotoStore(4, 100, 60)
        a = [kept.add("a", bytes(10)) for _ in range(2)]
        assert not gone(kept, a[0])  # and so a[1] is the one that was not used for longest
        a.append(kept.add("a", bytes(10)))
        assert [gone(kept, one) for one in a] == [False, True, False]
        b = [kept.add("b", bytes(10)) for _ in range(2)]
        c = kept.add("c", bytes(10))
        assert gone(kept, a[0])  # of all, the one that was not used for longest
        assert kept.held == 40
        large = kept.add("c", bytes(45))
        assert (gone(kept, c, "c"), gone(kept, large, "c")) == (True, False)
        assert [gone(kept, one, "b") for one in b] == [False, False]
        with pytest.raises(Refusal, match="as much"):
            kept.add("d", bytes(51))  # more than half

    in_loop(check)


def test_what_is_drawn_counts_until_it_is():
    def check():
        kept = PhotoStore(4, 100, 60)
        handle = kept.add("a", bytes(50))
        with kept.used(handle, "a"):
            with pytest.raises(Refusal):
                kept.add("a", bytes(1))  # it cannot make room now
            kept.forget(handle, "b")
            assert not gone(kept, handle)
            kept.forget(handle, "a")
            assert gone(kept, handle)
            kept.add("b", bytes(50))
            assert kept.held == 100
            with pytest.raises(Refusal):
                kept.add("c", bytes(50 + 1))
        assert kept.held == 50
        kept.add("c", bytes(50))

    in_loop(check)


def test_age_is_bounded_though_it_is_used():
    async def check():
        kept = PhotoStore(4, 100, 0.3)
        handle = kept.add("a", bytes(1))
        for _ in range(4):
            assert not gone(kept, handle)
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        assert gone(kept, handle)
        assert kept.held == 0

    in_a_loop(check())
