"""Batches."""

from __future__ import annotations

import asyncio
import threading
import time

import numpy as np
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


def test_photos_in_memory_are_bounded_by_their_pixels():
    """Over all threads, and within a batch; one that is larger than the bound is alone."""
    from toonmark.pictures import Photo

    def nothing(photos, faces, points):
        return [[] for _ in photos] if isinstance(photos, list) else []

    lock, here, most = threading.Lock(), [], []
    workers = Workers(4, 4, pixels=50)

    def job(pixels):
        def read():
            with lock:
                here.append(pixels)
                most.append((sum(here), len(here)))
            time.sleep(0.05)
            return Photo(np.zeros((2, 2, 3), np.uint8))

        def finish(photo, cartoons):
            with lock:
                here.remove(pixels)
            return pixels

        return Job(
            "s", nothing, "largest", None, read, finish, time.monotonic() + 60, pixels=pixels
        )

    async def all_at_once():
        waiting = [asyncio.ensure_future(workers.do(job(n))) for n in (30, 30, 20, 20, 70, 10, 10)]
        await asyncio.sleep(0)
        workers.start()
        return await asyncio.gather(*waiting)

    try:
        assert in_a_loop(all_at_once()) == [30, 30, 20, 20, 70, 10, 10]
    finally:
        workers.stop()
    assert all(pixels <= 50 or count == 1 for pixels, count in most), most
    assert max(count for _, count in most) > 1
