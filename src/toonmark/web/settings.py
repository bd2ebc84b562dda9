"""The server's settings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from toonmark.cartoon import LARGEST

#: Names under which a browser on the same machine reaches a server.
LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "::1")


@dataclass(frozen=True)
class Settings:
    """The styles that a server offers, and its limits.

    Attributes:
        styles: style packs to offer beside those that ship: files, or folders of files.
        token: if not empty, what ``Authorization: Bearer`` must carry: 16 characters or more.
        hosts: names the server answers to; empty for any. A page of another site that has its
            name point to this machine (DNS rebinding) is turned away by this.
        max_bytes: of one upload.
        max_pixels: of one photo.
        max_drawn: pixels that are drawn for one answer: one cartoon of 4096 pixels, transparent or
            not, or four of 2048, or as many as that comes to.
        decoding: pixels of all photos that are decoded at a time, by all threads together; a photo
            of more is decoded alone. Each takes about 16 bytes for a moment.
        connections: open ones, half of them of one address. Where none is left, the one that has
            been idle longest ends.
        idle_time: seconds that a connection may wait for a whole head of a request.
        uploads: under way at a time, half of them from one address. Where none is left, the
            slowest ends.
        upload_rate: bytes a second that an upload must have, after 5 seconds of grace.
        held: bytes of all uploads in memory, under way or waiting to be drawn.
        kept: photos in memory that clients will ask about again, half of them of one address. Where
            there is no room, the one that was not used for longest is forgotten.
        kept_bytes: of all these together, half of them of one address.
        keep_time: seconds after which such a photo is forgotten in any case; 0 to keep none.
        queue: requests in the house at a time, waiting or being drawn; the next is told to come
            back.
        batch: requests that are drawn together.
        workers: threads that draw.
        time_limit: seconds from a request's first byte to its answer.
        drain_time: seconds that begun requests have to end in when the server is stopped; whoever
            still waits then is told so.
    """

    styles: tuple[Path, ...] = ()
    token: str = ""
    hosts: tuple[str, ...] = ()
    max_bytes: int = 30_000_000
    max_pixels: int = 50_000_000
    max_drawn: int = LARGEST**2
    decoding: int = 64_000_000
    connections: int = 512
    idle_time: float = 10.0
    uploads: int = 64
    upload_rate: float = 4000.0
    held: int = 256_000_000
    kept: int = 64
    kept_bytes: int = 128_000_000
    keep_time: float = 300.0
    queue: int = 32
    batch: int = 8
    workers: int = min(os.cpu_count() or 1, 8)
    time_limit: float = 30.0
    drain_time: float = 8.0
