"""The addresses at which a server can be reached, also as a QR code for a phone."""

from __future__ import annotations

import io
import ipaddress
import socket
from contextlib import closing, suppress

#: What stands for every address of this machine, and an address elsewhere (for documentation, RFC
#: 5737 and 3849) on the way to which the one in the local network is met. Nothing is sent there.
_EVERY = {
    "0.0.0.0": (socket.AF_INET, "192.0.2.1"),
    "::": (socket.AF_INET6, "2001:db8::1"),
}


def reachable(host: str) -> str:
    """The address that others in the local network can open.

    Args:
        host: what the server listens on.

    Returns:
        For one that stands for all of this machine's: the one by which it leaves for elsewhere, or
        its name where there is none. Any other as it is.
    """
    if host not in _EVERY:
        return host
    family, elsewhere = _EVERY[host]
    try:
        with closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
            probe.connect((elsewhere, 9))
            found = str(probe.getsockname()[0])
    except OSError:  # no network
        return socket.gethostname()
    return socket.gethostname() if found in _EVERY else found


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def names(host: str) -> list[str]:
    """All names and addresses that a server on ``host`` may be asked for; the likeliest first."""
    own = socket.gethostname()
    found = [reachable(host), "localhost", "127.0.0.1", "::1", own]
    if "." not in own:
        found.append(f"{own}.local")  # as phones find it, by mDNS
    with suppress(OSError):  # its name may be known to nobody
        found += [str(entry[4][0]).partition("%")[0] for entry in socket.getaddrinfo(own, None)]
    return [name for name in dict.fromkeys(found) if name and name.isascii()]


def qr_code(address: str) -> str:
    """An address as a QR code (ISO/IEC 18004) of block characters, for a dark terminal; scanners
    take it on a light one, too."""
    import segno

    out = io.StringIO()
    segno.make(address, micro=False, error="l").terminal(out, border=2, compact=True)
    return out.getvalue().rstrip("\n")
