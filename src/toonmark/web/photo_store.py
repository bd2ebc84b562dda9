"""Stores photos that a client will draw again: in memory, bounded in number, bytes and age."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from toonmark.web.problems import Refusal
from toonmark.web.throttle import neighbourhood
from toonmark.web.upload_limits import full


@dataclass(eq=False)
class _Photo:
    host: str
    content: bytes
    end: asyncio.TimerHandle
    users: int = 0


class PhotoStore:
    """Uploads by handles that nobody guesses, each for its own client. Used by the event loop only.

    Where there is no room, what was not used for longest is forgotten; its client sends it again.

    Args:
        most: photos at a time; of one address half of them.
        most_bytes: of all together; of one address half of them.
        seconds: after which a photo is forgotten in any case.
    """

    def __init__(self, most: int, most_bytes: int, seconds: float) -> None:
        self._most, self._most_bytes, self.seconds = most, most_bytes, seconds
        self._photos: dict[str, _Photo] = {}  # the one that was not used for longest first
        self._leaving = 0

    @property
    def held(self) -> int:
        """Bytes in memory: of photos that are kept, and of forgotten ones that are still drawn."""
        return self._leaving + sum(len(one.content) for one in self._photos.values())

    def add(self, host: str, content: bytes) -> str:
        """Keeps an upload; gives its handle.

        Args:
            host: the client's address.

        Raises:
            Refusal: there is no room, as all that is there is being drawn.
        """
        host = neighbourhood(host)
        self._make_room([k for k, one in self._photos.items() if one.host == host], content, 2)
        self._make_room(list(self._photos), content, 1)
        handle = secrets.token_urlsafe(24)
        end = asyncio.get_running_loop().call_later(self.seconds, self._drop, handle)
        self._photos[handle] = _Photo(host, content, end)
        return handle

    @contextmanager
    def used(self, handle: str, host: str) -> Iterator[bytes]:
        """The upload, which counts as in memory until this ends.

        Raises:
            Refusal: there is none of this client by that handle, or not any more.
        """
        photo = self._photos.get(handle)
        if photo is None or photo.host != neighbourhood(host):
            raise Refusal(
                "photo-gone", 404, "This photo is not here, or not any more.", "Send it again."
            )
        self._photos[handle] = self._photos.pop(handle)
        photo.users += 1
        try:
            yield photo.content
        finally:
            photo.users -= 1
            if not photo.users and self._photos.get(handle) is not photo:
                self._leaving -= len(photo.content)

    def forget(self, handle: str, host: str) -> None:
        """Forgets an upload of this client, if it is there."""
        photo = self._photos.get(handle)
        if photo is not None and photo.host == neighbourhood(host):
            self._drop(handle)

    def _drop(self, handle: str) -> None:
        photo = self._photos.pop(handle)
        photo.end.cancel()
        if photo.users:
            self._leaving += len(photo.content)

    def _make_room(self, among: list[str], content: bytes, share: int) -> None:
        most, most_bytes = max(1, self._most // share), self._most_bytes // share
        count = len(among)
        held = sum(len(self._photos[one].content) for one in among)
        held += self._leaving if share == 1 else 0
        idle = iter([one for one in among if not self._photos[one].users])
        while count >= most or held + len(content) > most_bytes:
            handle = next(idle, None)
            if handle is None:
                raise full()
            count, held = count - 1, held - len(self._photos[handle].content)
            self._drop(handle)
