"""The server's counters, in Prometheus' form. Nothing of a photo is in them."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """One server's counters."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "toonmark_requests",
            "Requests to /cartoonize by status and kind of problem.",
            ["status", "problem"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "toonmark_request_seconds",
            "From a request's first byte to its answer.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.faces = Counter(
            "toonmark_faces", "Faces drawn, by style.", ["style"], registry=self.registry
        )
        self.waiting = Gauge(
            "toonmark_requests_in_house",
            "Requests that have come whole, and wait or are being drawn.",
            registry=self.registry,
        )
        self.kept = Gauge(
            "toonmark_kept_bytes",
            "Photos in memory that clients will ask about again.",
            registry=self.registry,
        )
        self.batches = Histogram(
            "toonmark_batch_size",
            "Requests drawn together.",
            buckets=(1, 2, 3, 4, 6, 8, 16),
            registry=self.registry,
        )

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
