"""The state that all requests share: styles, workers, limits, stored photos and counters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from toonmark.web.assets import Networks
from toonmark.web.connections import Connections
from toonmark.web.metrics import Metrics
from toonmark.web.offered_styles import OfferedStyles
from toonmark.web.photo_store import PhotoStore
from toonmark.web.problems import Refusal
from toonmark.web.settings import Settings
from toonmark.web.upload_limits import UploadLimits
from toonmark.web.workers import Workers

#: Seconds that an upload may be late.
_GRACE = 5.0


class Service:
    """Styles, threads that draw, counters, and the door that lets only so many in.

    Raises:
        StyleError: see :class:`OfferedStyles`.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.styles = OfferedStyles(settings.styles, threads=1)
        self.networks = Networks(self.styles, server=True)
        self.metrics = Metrics()
        self.workers = Workers(
            settings.workers, settings.batch, self.metrics.batches.observe, settings.decoding
        )
        self.limits = UploadLimits(
            settings.uploads, settings.upload_rate, _GRACE, max(settings.held, settings.max_bytes)
        )
        self.photo_store = PhotoStore(
            settings.kept, max(settings.kept_bytes, 2 * settings.max_bytes), settings.keep_time
        )
        self.metrics.kept.set_function(lambda: self.photo_store.held)
        self.connections = Connections(
            settings.connections, settings.idle_time, 2 * settings.time_limit + 60
        )
        self._inside = 0
        self._limits: set[asyncio.Timeout] = set()
        self._stop_at: float | None = None

    def enter(self) -> bool:
        """Lets a request in, if there is room. Called from the event loop only."""
        if self._inside >= self.settings.queue:
            return False
        self._inside += 1
        self.metrics.waiting.set(self._inside)
        return True

    def leave(self) -> None:
        """Makes room again."""
        self._inside -= 1
        self.metrics.waiting.set(self._inside)

    @property
    def stopping(self) -> bool:
        """Whether nothing new is begun any more."""
        return self._stop_at is not None

    def start(self) -> None:
        """Gets ready to draw, if it is not yet."""
        self._stop_at = None
        self.workers.start()

    def drain(self) -> None:
        """Begins to stop: what waits is refused, what is begun has ``drain_time`` left, at most.

        Called from the event loop only, before it is stopped.
        """
        self._stop_at = asyncio.get_running_loop().time() + self.settings.drain_time
        self.workers.refuse_waiting(stopped())
        self.limits.end_by(self._stop_at)
        for limit in self._limits:
            when = limit.when()
            if when is not None and when > self._stop_at:
                limit.reschedule(self._stop_at)

    @asynccontextmanager
    async def limited(self, seconds: float, late: Refusal) -> AsyncIterator[asyncio.Timeout]:
        """Gives what is within so many seconds, or fewer if the server is stopped; yields the
        limit.

        Raises:
            Refusal: ``late``, or that the server is stopping.
        """
        end = asyncio.get_running_loop().time() + seconds
        limit = asyncio.timeout_at(end if self._stop_at is None else min(end, self._stop_at))
        try:
            async with limit:
                self._limits.add(limit)
                yield limit
        except TimeoutError:  # its own, or that of a job that saw first how late it is
            raise (stopped() if self.stopping else late) from None
        finally:
            self._limits.discard(limit)


def stopped() -> Refusal:
    """The error for requests that a server cannot serve while it is being stopped."""
    return Refusal(
        "stopping", 503, "The server is being stopped.", "Come back when it runs again.", 10
    )
