"""Uploads under way: number, memory, speed."""

from __future__ import annotations

import asyncio

import pytest
from tests.web.loops import in_a_loop

from toonmark.web.problems import Refusal
from toonmark.web.upload_limits import UploadLimits


async def upload(limits, host, chunks, pause, taken=60.0):
    """How an upload ends that brings so many bytes after each pause."""
    opened = None
    try:
        async with asyncio.timeout(taken) as limit:
            opened = limits.open(host, limit)
            for size in chunks:
                await asyncio.sleep(pause)
                limits.receive(opened, size)
        limits.whole(opened)
        return "whole"
    except TimeoutError:
        return "late"
    except Refusal as error:
        return error.kind
    finally:
        if opened is not None and sum(chunks) != 77:  # that one stays in memory
            limits.close(opened)


def ends(limits, *uploads):
    async def together():
        return await asyncio.gather(*(upload(limits, *one) for one in uploads))

    return in_a_loop(together())


def test_slow_ones_end_and_steady_ones_do_not():
    limits = UploadLimits(10, rate=1000, grace=0.5, most_bytes=10**6)
    steady, slow, silent = ("a", [500] * 8, 0.1), ("a", [1] * 40, 0.1), ("a", [1], 30)
    assert ends(limits, steady, slow, silent) == ["whole", "late", "late"]


def test_the_slowest_makes_room_at_its_own_address_first():
    limits = UploadLimits(4, rate=1, grace=30, most_bytes=10**6)
    slow, quick = ("a", [1] * 20, 0.05), ("a", [1000] * 5, 0.05)
    other = ("b", [1] * 5, 0.05)
    assert ends(limits, other, slow, slow, quick, quick) == [
        "whole", "late", "late", "whole", "whole",
    ]  # fmt: skip


def test_all_addresses_together():
    limits = UploadLimits(4, rate=1, grace=30, most_bytes=10**6)
    uploads = [("abcde"[n], [10 * (n + 1)] * 3, 0.05) for n in range(5)]
    assert ends(limits, *uploads).count("late") == 1


@pytest.mark.parametrize("size", [30, 77])
def test_memory_is_bounded_until_a_photo_is_drawn(size):
    limits = UploadLimits(10, rate=1, grace=30, most_bytes=100)
    assert ends(limits, ("a", [size], 0), ("a", [30], 0.1)) == [
        "whole", "whole" if size == 30 else "queue-full",
    ]  # fmt: skip


def test_nothing_is_let_beyond_the_end_of_a_server():
    limits = UploadLimits(10, rate=1, grace=30, most_bytes=10**6)

    async def stopped():
        begun = asyncio.ensure_future(upload(limits, "a", [100] * 100, 0.05))
        await asyncio.sleep(0.1)
        limits.end_by(asyncio.get_running_loop().time() + 0.2)
        return await asyncio.wait_for(begun, 3)

    assert in_a_loop(stopped()) == "late"
