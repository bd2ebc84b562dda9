"""Coroutines run beside a browser, whose driver keeps a loop of its own in the main thread; and
requests to an app that only they can send: several at once, or one that trickles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def in_a_loop(work: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def posted(app: Any, bodies: list[Any], path: str = "/cartoonize") -> list[Any]:
    """The answers to bodies that are sent to an app at once, in their order."""

    async def send() -> list[Any]:
        import httpx2

        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await asyncio.gather(*(client.post(path, content=body) for body in bodies))

    return in_a_loop(send())


async def trickle() -> AsyncIterator[bytes]:
    """A body that takes five seconds."""
    for _ in range(50):
        yield b"x"
        await asyncio.sleep(0.1)
