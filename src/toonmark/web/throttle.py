"""Rate limits for each address."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

#: Addresses that are remembered at most; the one that has been there longest is forgotten first.
_MOST = 10_000


def neighbourhood(host: str) -> str:
    """The block of addresses that counts as one: an IPv4 address, or an IPv6 network of 64 bits.

    In the latter one client may have as many addresses as it likes.

    Args:
        host: as the server sees it; a text that is no address counts as itself.
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


class Throttle:
    """Counts what each address does within a window of time. Its memory is bounded.

    Used by the event loop only.

    Args:
        most: times that one address may do it in one window.
        window: seconds.
        clock: seconds, monotonic.
    """

    def __init__(
        self, most: int, window: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._window = window
        self._clock = clock
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, host: str) -> None:
        """Counts one more by this address."""
        key, now = neighbourhood(host), self._clock()
        began, count = self._counts.get(key, (now, 0))
        if now - began >= self._window:
            self._counts.pop(key, None)
            began, count = now, 0
        self._counts[key] = began, count + 1
        if len(self._counts) > _MOST:
            self._counts.popitem(last=False)

    def wait(self, host: str) -> float:
        """Seconds until this address may do it again; 0 if it may now."""
        began, count = self._counts.get(neighbourhood(host), (0.0, 0))
        left = began + self._window - self._clock()
        return left if count >= self._most and left > 0 else 0.0
