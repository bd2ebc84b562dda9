"""Which of the two kinds of answer a client asks for (RFC 9110, section 12.5.1)."""

from __future__ import annotations


def wants_json(accept: str) -> bool:
    """Whether JSON is to be answered and not a PNG.

    Args:
        accept: the header; what in it cannot be read counts for nothing.
    """
    weights = _weights(accept)
    png, json = _weight(weights, "image/png"), _weight(weights, "application/json")
    # Of two that are as welcome, the one that is named.
    return json > png or (json == png > 0 and "application/json" in weights)


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
    """By the most special name of a kind that there is."""
    for name in (kind, kind.split("/")[0] + "/*", "*/*"):
        if name in weights:
            return weights[name]
    return 0.0
