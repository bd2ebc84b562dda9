"""What the requests of one server share."""

from __future__ import annotations

from toonmark.web.assets import Networks
from toonmark.web.metrics import Metrics
from toonmark.web.settings import Settings
from toonmark.web.shelf import Shelf
from toonmark.web.workers import Workers


class Service:
    """Styles, threads that draw, counters, and the door that lets only so many in.

    Raises:
        StyleError: see :class:`Shelf`.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.shelf = Shelf(settings.styles, threads=1)
        self.networks = Networks(self.shelf, server=True)
        self.metrics = Metrics()
        self.workers = Workers(settings.workers, settings.batch, self.metrics.batches.observe)
        self._inside = 0

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
