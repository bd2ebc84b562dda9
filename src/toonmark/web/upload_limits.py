"""Limits of uploads that are under way: their number, their memory, and how slow they may be."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from toonmark.web.problems import Refusal
from toonmark.web.throttle import neighbourhood


@dataclass(eq=False)
class Upload:
    """One request's body.

    Attributes:
        host: the client's address.
        limit: what ends it; its end moves on with what arrives.
        end: the last moment for it in any case, on the event loop's clock.
        began: when it did.
        received: bytes so far.
    """

    host: str
    limit: asyncio.Timeout
    end: float
    began: float
    received: int = 0
    held: int = field(default=0, repr=False)


class UploadLimits:
    """Counts and times the uploads of photos. Used by the event loop only.

    Args:
        most: uploads at a time; of one address half of them. Where none is left, the slowest ends.
        rate: bytes a second that an upload must have on average.
        grace: seconds that it may be later than that.
        most_bytes: of all photos that are in memory, uploading or waiting to be drawn.
    """

    def __init__(self, most: int, rate: float, grace: float, most_bytes: int) -> None:
        self._most, self._rate, self._grace, self._most_bytes = most, rate, grace, most_bytes
        self._under_way: list[Upload] = []
        self._held = 0

    def open(self, host: str, limit: asyncio.Timeout) -> Upload:
        """Begins an upload, within ``limit``."""
        now = asyncio.get_running_loop().time()
        end = limit.when()
        upload = Upload(neighbourhood(host), limit, now if end is None else end, now)
        fellows = [one for one in self._under_way if one.host == upload.host]
        if len(fellows) >= max(1, self._most // 2):
            self._end_slowest(fellows, now)
        elif len(self._under_way) >= self._most:
            self._end_slowest(self._under_way, now)
        self._under_way.append(upload)
        self._give_time(upload)
        return upload

    def receive(self, upload: Upload, count: int) -> None:
        """Counts bytes that have arrived.

        Raises:
            Refusal: no memory is left for them.
        """
        if self._held + count > self._most_bytes:
            raise full()
        self._held += count
        upload.held += count
        upload.received += count
        if upload in self._under_way:
            self._give_time(upload)

    def whole(self, upload: Upload) -> None:
        """Ends an upload whose bytes stay in memory."""
        if upload in self._under_way:
            self._under_way.remove(upload)

    def end_by(self, when: float) -> None:
        """Lets no upload take longer than until then, on the event loop's clock."""
        for upload in self._under_way:
            upload.end = min(upload.end, when)

    def close(self, upload: Upload) -> None:
        """Ends an upload, and frees its bytes."""
        self.whole(upload)
        self._held -= upload.held
        upload.held = 0

    def _give_time(self, upload: Upload) -> None:
        if not upload.limit.expired():
            allowed = upload.began + self._grace + upload.received / self._rate
            upload.limit.reschedule(min(upload.end, allowed))

    def _end_slowest(self, among: list[Upload], now: float) -> None:
        slowest = min(among, key=lambda one: one.received / max(now - one.began, 1e-3))
        self.whole(slowest)
        if not slowest.limit.expired():
            slowest.limit.reschedule(now)


def full() -> Refusal:
    """The error of a server that has no room."""
    return Refusal(
        "queue-full", 503, "The server has as much to do as it can take.", "Come back soon.", 2
    )
