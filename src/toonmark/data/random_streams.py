"""Names of independent random-number streams, each seeded by the run's seed and its name.

A generator of random numbers is made anew wherever some are needed, from
``[seed, stream, number, ...]``: nothing is remembered between pictures, and no two uses draw the
same numbers. The values are part of every run: a stopped one goes on with them.
"""

from __future__ import annotations

from enum import IntEnum


class Stream(IntEnum):
    """The use of a generator of random numbers; second in its seed, behind the run's."""

    ORDER = 1
    """The order of a set's pictures, epoch by epoch."""
    PICTURE = 2
    """The changes of one picture before a network sees it."""
    MEASURED = 3
    """The same, where a regressor is measured on pictures moved like in training."""
    METHOD = 4
    """A step of the method: unmatched pairs, the pool, noise."""
    SPOILED = 5
    """The faults of a cartoon for the denoiser."""
    JUDGED_FOR_THE_NETWORK = 6
    """Noise on what a paired trainer's discriminator sees while the network learns."""
    JUDGED_REAL = 7
    """Noise on what that discriminator sees of real pictures while it learns itself."""
    JUDGED_DRAWN = 8
    """The same of drawn ones."""
