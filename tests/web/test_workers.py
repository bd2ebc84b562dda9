"""Batches."""

from __future__ import annotations

import asyncio
import time

import pytest
from tests.web.loops import in_a_loop

from toonmark import Cartoonizer
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
        assert in_a_loop(all_at_once()) == [1] * 6
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
        in_a_loop(late())
    finally:
        workers.stop()
    assert not begun
