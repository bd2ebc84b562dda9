"""Work is bounded before it begins, and ends when nobody waits for it any more."""

from __future__ import annotations

import time

import numpy as np
import pytest
from tests.web.conftest import JSON, encoded
from tests.web.loops import in_a_loop

FACE = "180,100,240,100,210,135,190,165,230,165"
FACES = ",".join([FACE] * 3)


@pytest.mark.parametrize(
    ("query", "headers", "largest"),
    [
        ("size=4096&output=side-by-side", {}, 2896),
        (f"size=4096&points={FACES}", JSON, 2364),
        (f"size=2400&transparent=true&points={FACES}", JSON, 2364),
        (f"size=2048&output=side-by-side&points={FACES}", JSON, 1672),
    ],
)
def test_too_much_is_refused_before_it_is_begun(client, query, headers, largest):
    response = client.post(f"/cartoonize?{query}", content=b"not looked at", headers=headers)
    problem = response.json()
    assert response.status_code == 422
    assert problem["type"] == "urn:toonmark:problem:too-much-drawing"
    assert "are more than" in problem["detail"] or "is more than" in problem["detail"]
    assert problem["remedy"].startswith(f"Ask for size={largest} at most")


@pytest.mark.slow
def test_one_rule_for_all_kinds(serve, photo):
    """The largest cartoon is drawn transparent too, in a few seconds of one core, not seventeen."""
    with serve(time_limit=300) as client:
        before = time.process_time()
        for query in ("size=4096", "size=4096&transparent=true"):
            assert client.post(f"/cartoonize?{query}", content=photo).status_code == 200
        assert time.process_time() - before < 15


def test_what_is_just_not_too_much_is_drawn(serve, photo):
    with serve(max_drawn=3 * 100**2) as client:
        for size, status in ((100, 200), (101, 422)):
            url = f"/cartoonize?size={size}&points={FACES}"
            assert client.post(url, content=photo, headers=JSON).status_code == status


def test_too_many_faces_that_are_found(serve, two_faces):
    with serve(max_drawn=100**2) as client:
        url = "/cartoonize?face=all&size=100"
        problem = client.post(url, content=two_faces, headers=JSON).json()
        assert problem["detail"].startswith("2 cartoons of 100 pixels are more")
        assert problem["remedy"] == "Ask for size=70 at most, or for fewer faces."
        assert client.post("/cartoonize?size=100", content=two_faces).status_code == 200


def test_faces_on_top_of_each_other(serve, photo):
    with serve(max_drawn=100) as client:
        whole = ",".join(["100,150,400,150,250,300,150,400,350,400"] * 8)
        url = f"/cartoonize?output=in-photo&points={whole}"
        problem = client.post(url, content=photo, headers=JSON).json()
        assert problem["type"] == "urn:toonmark:problem:too-much-drawing"
        assert problem["detail"] == "The faces cover the photo 8 times."
        beside = f"/cartoonize?output=in-photo&points={FACES}"
        assert client.post(beside, content=photo, headers=JSON).status_code == 200


def test_a_drawing_ends_with_its_deadline_between_faces(serve, photo, monkeypatch):
    """A worker is free again as soon as nobody waits for what it does."""
    from toonmark import cutout

    drawn, enlarged = [], cutout.enlarged

    def slow(image, size):
        drawn.append(size)
        time.sleep(0.2)
        return enlarged(image, size)

    monkeypatch.setattr(cutout, "enlarged", slow)
    with serve(workers=1, time_limit=3) as client:
        many = ",".join([FACE] * 30)
        response = client.post(f"/cartoonize?points={many}", content=photo, headers=JSON)
        assert (response.status_code, response.json()["status"]) == (504, 504)
        assert client.post("/cartoonize?size=64", content=b"x").status_code == 415  # it is free
        assert len(drawn) < 17


def test_a_drawing_ends_when_its_client_is_gone(serve, photo, monkeypatch):
    import asyncio

    from toonmark import cutout
    from toonmark.web import cartoon_requests, workers

    drawn, enlarged = [], cutout.enlarged
    monkeypatch.setattr(
        cutout, "enlarged", lambda *a: drawn.append(1) or time.sleep(0.2) or enlarged(*a)
    )
    with serve(workers=1) as client:
        service = client.app.state.service
        options = cartoon_requests.Options(
            512,
            "all",
            cartoon_requests.Output.crop,
            False,
            cartoon_requests.points(",".join([FACE] * 30)),
            True,
        )

        async def leave():
            job = workers.Job(
                "negative",
                service.styles.cartoonizer("negative"),
                "all",
                options.landmarks,
                lambda: cartoon_requests.read(photo, options, 10**7),
                cartoon_requests.finisher("negative", options, 10**8),
                deadline=time.monotonic() + 60,
            )
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(service.workers.do(job), 2)

        in_a_loop(leave())
        assert client.post("/cartoonize?size=64", content=photo).status_code == 200
        assert len(drawn) < 15


def test_hundreds_of_faces_take_no_more_memory(client, astronaut):
    """A small file with a crowd in it, which was looked at in one piece: 2.2 GB."""
    import cv2

    head = cv2.resize(astronaut[:250, 90:340], (90, 90), interpolation=cv2.INTER_AREA)
    sizes = []
    refine = client.app.state.service.styles.cartoonizer("negative").refine
    session = refine._session

    class Watched:
        def run(self, names, feed):
            sizes.append(len(feed["face"]))
            return session.run(names, feed)

    refine._session = Watched()
    try:
        crowd = encoded(np.tile(head, (8, 8, 1)))
        response = client.post("/cartoonize?face=all&size=16", content=crowd, headers=JSON)
    finally:
        refine._session = session
    assert len(response.json()["faces"]) > 40
    assert max(sizes) <= 16
