"""Toonmark: cartoons of people, learned from unpaired pictures."""

from toonmark._version import __version__

__all__ = ["__version__"]
