"""Batches, and the networks as the page gets them."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from toonmark import Cartoonizer
from toonmark.web import models, wire
from toonmark.web.workers import Job, Workers


def test_waiting_requests_are_drawn_together(pack, photo):
    from toonmark import pictures

    sizes: list[int] = []
    workers = Workers(1, 4, sizes.append)
    cartoonizer = Cartoonizer(pack, threads=1)

    def job():
        return Job(
            "negative",
            cartoonizer,
            "largest",
            None,
            lambda: pictures.read(photo),
            lambda photo, cartoons: len(cartoons),
            time.monotonic() + 60,
        )

    async def all_at_once():
        waiting = [asyncio.ensure_future(workers.do(job())) for _ in range(6)]
        await asyncio.sleep(0)
        workers.start()
        return await asyncio.gather(*waiting)

    try:
        assert asyncio.run(all_at_once()) == [1] * 6
    finally:
        workers.stop()
    assert sizes == [4, 2]


def test_late_jobs_are_not_begun(pack):
    workers = Workers(1, 4)
    begun = []

    async def late():
        job = Job("", None, "largest", None, lambda: begun.append(1), None, time.monotonic() - 1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(workers.do(job), 0.3)

    workers.start()
    try:
        asyncio.run(late())
    finally:
        workers.stop()
    assert not begun


def test_wire_round_trip(pack):
    data = pack.read_bytes()
    assert wire.serialise(wire.parse(data)) == data
    for broken in (data[:-3], b"\xff" * 12, b"\x0f"):
        with pytest.raises(ValueError):  # noqa: PT011
            wire.parse(broken)


def test_halved_regressor_says_the_same(astronaut):
    import cv2

    from toonmark.faces.refine import WEIGHTS
    from toonmark.inference import open_session

    whole = WEIGHTS.read_bytes()
    half = models.halved(whole)
    assert len(half) < 0.55 * len(whole)
    face = cv2.resize(astronaut[30:230, 120:320], (128, 128)).transpose(2, 0, 1)[None]
    feed = {"face": np.float32(face) / 127.5 - 1}
    expected, found = (open_session(one, 1).run(["landmarks"], feed)[0] for one in (whole, half))
    assert np.abs(expected - found).max() < 0.05  # pixels of 128


def test_detector_runs_at_any_size():
    from toonmark.faces import detect
    from toonmark.inference import open_session

    session = open_session(models.detector(detect._weights().tobytes()), 1)
    picture = np.zeros((1, 3, 96, 160), np.float32)
    assert session.run(["kps_8"], {"input": picture})[0].shape == (1, 12 * 20, 10)
