"""Content negotiation: the kind of answer that a client prefers (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """The kinds of answers with a drawing. Of several that are named and as welcome, the first."""

    json = "application/json"
    png = "image/png"
    svg = "image/svg+xml"


def wanted(accept: str) -> Kind:
    """The kind of answer that is most welcome; a PNG where none is more so.

    Args:
        accept: the header; what in it cannot be read counts for nothing.
    """
    weights = _weights(accept)
    best = max(_weight(weights, kind) for kind in Kind)
    welcome = [kind for kind in Kind if _weight(weights, kind) == best]
    named = [kind for kind in welcome if kind in weights and best > 0]
    # Of two that are as welcome, the one that is named.
    return named[0] if named else Kind.png if Kind.png in welcome else welcome[0]


def _weights(accept: str) -> dict[str, float]:
    found = {}
    for part in accept.split(","):
        kind, *parameters = (text.strip().lower() for text in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                weight = _number(value.strip())
        found[kind] = weight
    return found


def _number(text: str) -> float:
    digits = text.replace(".", "", 1)
    return min(float(text), 1.0) if digits.isascii() and digits.isdecimal() else 0.0


def _weight(weights: dict[str, float], kind: str) -> float:
    """The preference of a kind, by its most special name in the header."""
    for name in (kind, kind.split("/")[0] + "/*", "*/*"):
        if name in weights:
            return weights[name]
    return 0.0
