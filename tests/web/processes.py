"""``toonmark serve`` as a process of its own, slowed down, and requests to it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

#: A server whose photos take so many seconds to read, as if they were long to draw.
_SLOW = """
import sys, time
from toonmark.cli import main
from toonmark.web import cartoon_requests
seconds, read = float(sys.argv.pop(1)), cartoon_requests.read
cartoon_requests.read = lambda *a: time.sleep(seconds) or read(*a)
main()
"""


@contextmanager
def running(*options: str, seconds: float = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server on a free port: its process and its address."""
    serve = ("serve", "--port", "0", *options)
    command = [sys.executable, "-c", _SLOW, str(seconds), *serve]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        found = re.search(r"http\S+/", process.stdout.readline())
        try:
            assert found, "the server did not start"
            yield process, found[0]
        finally:
            process.kill()


def settled(address: str, inside: int, begun: int = 1) -> None:
    """Waits until so many requests are in the server's house, and so many drawings have begun."""
    import httpx2

    wanted = {"toonmark_requests_in_house": inside, "toonmark_batch_size_count": begun}
    seen: dict[str, int] = {}
    for _ in range(300):
        text = httpx2.get(f"{address}metrics", timeout=30).text
        found = re.findall(r"^(\w+) ([\d.e+]+)$", text, re.M)
        seen = {name: int(float(value)) for name, value in found if name in wanted}
        if seen == wanted:
            return
        time.sleep(0.05)
    raise AssertionError(f"{seen} and not {wanted}")


@dataclass
class Post:
    """A request in a thread of its own; ``answer`` is a response, or what went wrong."""

    address: str
    photo: bytes
    answer: Any = None
    _thread: threading.Thread = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        import httpx2

        try:
            self.answer = httpx2.post(f"{self.address}cartoonize", content=self.photo, timeout=60)
        except httpx2.HTTPError as error:
            self.answer = error

    def wait(self) -> Any:
        """The answer, once it is there."""
        self._thread.join(60)
        return self.answer
