"""The mean and the deviation of a measure over the seeds of a row."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from pydantic import Field

from toonmark.configuration import Frozen


class Spread(Frozen):
    """A measure over a row's seeds."""

    values: list[float] = Field(description="one a seed, in the seeds' order")
    mean: float
    deviation: float | None = Field(description="sample standard deviation; None for one seed")

    @classmethod
    def of(cls, values: Sequence[float | None]) -> Spread | None:
        """The spread over those seeds that have a value; None if none has."""
        known = [value for value in values if value is not None]
        if not known:
            return None
        deviation = statistics.stdev(known) if len(known) > 1 else None
        return cls(values=known, mean=statistics.fmean(known), deviation=deviation)
