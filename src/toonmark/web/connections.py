"""Limits idle connections: their number and age, with the longest idle closed first.

A connection is idle until the whole head of a request is there, and again once it is answered. Idle
ones end after a while, and the one that has been idle longest makes room where none is left; so
whoever opens hundreds, or sends half a head, shuts nobody out.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from toonmark.web.throttle import neighbourhood
from toonmark.web.tls import Handshake


@dataclass
class _State:
    host: str
    cycle: object
    busy: bool
    since: float


class Connections:
    """Watches the connections of one server. Used by its event loop only.

    Args:
        most: connections at a time; one address has half of them at most.
        idle_time: seconds that one may be idle.
        busy_time: seconds in which a request must be answered, and the answer read.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        most: int,
        idle_time: float,
        busy_time: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._times = {False: idle_time, True: busy_time}
        self._clock = clock
        self._open: dict[Any, _State] = {}

    def __len__(self) -> int:
        return len(self._open)

    def add(self, protocol: Any, host: str) -> None:
        """Takes one up; the one that has been idle longest ends if there is no room, or this one
        if none is idle.

        Args:
            protocol: uvicorn's; its ``cycle`` is the request that it is at.
            host: the client's address.
        """
        host = neighbourhood(host)
        self._look()
        fellows = [one for one, state in self._open.items() if state.host == host]
        if len(fellows) >= max(1, self._most // 2):
            self._make_room(fellows, protocol)
        elif len(self._open) >= self._most:
            self._make_room(list(self._open), protocol)
        if not protocol.transport.is_closing():
            self._open[protocol] = _State(host, None, False, self._clock())

    def remove(self, protocol: Any) -> None:
        """Forgets one that has ended."""
        self._open.pop(protocol, None)

    def sweep(self) -> None:
        """Ends what has been idle, or busy, for too long. To be called about once a second."""
        self._look()
        now = self._clock()
        for protocol, state in list(self._open.items()):
            if now - state.since > self._times[state.busy]:
                self._end(protocol)

    def _look(self) -> None:
        now = self._clock()
        for protocol, state in self._open.items():
            cycle = protocol.cycle
            busy = cycle is not None and not cycle.response_complete
            if (cycle is not state.cycle) or busy != state.busy:
                state.cycle, state.busy, state.since = cycle, busy, now

    def _make_room(self, among: list[Any], newest: Any) -> None:
        idle = [one for one in among if not self._open[one].busy]
        self._end(min(idle, key=lambda one: self._open[one].since) if idle else newest)

    def _end(self, protocol: Any) -> None:
        self.remove(protocol)
        protocol.transport.abort()

    def end_handshakes(self) -> None:
        """Ends those that are not encrypted yet: their clients have asked for nothing."""
        for protocol in [one for one in self._open if isinstance(one, Handshake)]:
            self._end(protocol)

    def protocol(self, tls: ssl.SSLContext | None = None) -> Callable[..., asyncio.Protocol]:
        """uvicorn's HTTP protocol, watched by this; encrypted by ``tls``, if that is given."""
        from uvicorn.protocols.http.auto import AutoHTTPProtocol

        watcher, base = self, AutoHTTPProtocol

        class Watched(base):  # type: ignore[misc, valid-type]
            def connection_made(self, transport: Any) -> None:
                super().connection_made(transport)
                watcher.add(self, _peer(transport))

            def connection_lost(self, exc: Exception | None) -> None:
                watcher.remove(self)
                super().connection_lost(exc)

        if tls is None:
            return Watched

        def handshake(**options: Any) -> asyncio.Protocol:
            return Handshake(
                tls,
                watcher._times[False],
                lambda: Watched(**options),
                lambda one: watcher.add(one, _peer(one.transport)),
                watcher.remove,
            )

        return handshake


def _peer(transport: Any) -> str:
    return str((transport.get_extra_info("peername") or ("",))[0])
