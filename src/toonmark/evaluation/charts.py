"""Charts as SVG text, without a plotting library: they live inside the page and need no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

#: One colour a style; told apart by people who see no red and green, too.
COLOURS = ("#1f77b4", "#e08214", "#2a9d6f", "#b5479c", "#6a51a3", "#c0392b", "#0b8f9c", "#8a6d3b")

_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 10, 36


@dataclass(frozen=True)
class Series:
    """Points to draw: as a line, or scattered; ``low`` and ``high`` are intervals of y."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str
    line: bool = True
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


@dataclass(frozen=True)
class Guide:
    """A straight reference: a level of y, or with ``diagonal`` the line y = x."""

    name: str
    y: float = 0
    diagonal: bool = False


def colour(index: int) -> str:
    """The colour of the style at ``index``."""
    return COLOURS[index % len(COLOURS)]


def ticks(low: float, high: float) -> list[float]:
    """Some five round numbers within [low, high]: steps of 1, 2 or 5 times a power of ten."""
    span = max(high - low, 1e-12)
    power = 10.0 ** _floor_log10(span / 5)
    step = next(power * k for k in (1, 2, 5, 10) if span / (power * k) <= 5)
    first = -int(-low // step)  # the first whole step at or above low
    return [round(k * step, 12) for k in range(first, first + 7) if k * step <= high]


def _floor_log10(value: float) -> int:
    import math

    return math.floor(math.log10(value))


def _short(value: float) -> str:
    if abs(value) >= 10_000:
        return f"{value / 1000:g}k"
    return f"{value:g}"


def plot(
    series: Sequence[Series],
    x_label: str,
    y_label: str,
    guides: Sequence[Guide] = (),
    x_ticks: Sequence[tuple[float, str]] | None = None,
    width: int = 380,
    height: int = 250,
    from_zero: bool = True,
) -> str:
    """A chart with axes, as one ``<svg>``.

    Args:
        series: what to draw; names become tooltips.
        guides: dashed references.
        x_ticks: position and label; round numbers by default.
        from_zero: y starts at zero, or lower where values are negative.
    """
    xs = [x for s in series for x in s.x]
    ys = [y for s in series for part in (s.y, s.low or (), s.high or ()) for y in part]
    ys += [g.y for g in guides if not g.diagonal]
    x0, x1 = _range(xs, 0.03)
    y0, y1 = _range([*ys, 0.0] if from_zero else ys, 0.05)
    if from_zero and min(ys, default=0) >= 0:
        y0 = 0.0
    right, bottom = width - _RIGHT, height - _BOTTOM

    def px(x: float) -> float:
        return _LEFT + (x - x0) / (x1 - x0) * (right - _LEFT)

    def py(y: float) -> float:
        return bottom - (y - y0) / (y1 - y0) * (bottom - _TOP)

    parts = [f'<svg class="chart" viewBox="0 0 {width} {height}" width="{width}" role="img">']
    for value in ticks(y0, y1):
        y = py(value)
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{right}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" class="end">{_short(value)}</text>')
    for value, label in x_ticks or [(v, _short(v)) for v in ticks(x0, x1)]:
        parts.append(
            f'<text x="{px(value):.1f}" y="{bottom + 15}" class="mid">{escape(label)}</text>'
        )
    parts.append(f'<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{right}"/>')
    middle = (_LEFT + right) / 2
    parts.append(f'<text x="{middle}" y="{height - 5}" class="mid label">{escape(x_label)}</text>')
    parts.append(
        f'<text transform="translate(11 {(_TOP + bottom) / 2}) rotate(-90)" class="mid label">'
        f"{escape(y_label)}</text>"
    )
    for guide in guides:
        if guide.diagonal:
            low, high = max(x0, y0), min(x1, y1)
            path = f"M{px(low):.1f} {py(low):.1f}L{px(high):.1f} {py(high):.1f}"
        else:
            path = f"M{_LEFT} {py(guide.y):.1f}H{right}"
        parts.append(f'<path class="guide" d="{path}"><title>{escape(guide.name)}</title></path>')
        if not guide.diagonal:
            parts.append(
                f'<text x="{right - 3}" y="{py(guide.y) - 4:.1f}" class="end note">'
                f"{escape(guide.name)}</text>"
            )
    for one in series:
        parts += _draw(one, px, py)
    parts.append("</svg>")
    return "".join(parts)


def _range(values: Sequence[float], margin: float) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    extra = (high - low) * margin
    return low - extra, high + extra


def _draw(one: Series, px, py) -> list[str]:  # type: ignore[no-untyped-def]
    parts = [f'<g fill="{one.colour}" stroke="{one.colour}"><title>{escape(one.name)}</title>']
    if one.low is not None and one.high is not None:
        for x, low, high in zip(one.x, one.low, one.high, strict=True):
            parts.append(f'<path class="whisker" d="M{px(x):.1f} {py(low):.1f}V{py(high):.1f}"/>')
    if one.line and len(one.x) > 1:
        path = "L".join(f"{px(x):.1f} {py(y):.1f}" for x, y in zip(one.x, one.y, strict=True))
        parts.append(f'<path class="line" d="M{path}"/>')
    radius = 3 if one.line else 2.2
    kind = "dot" if one.line else "dot faint"
    parts += [
        f'<circle class="{kind}" cx="{px(x):.1f}" cy="{py(y):.1f}" r="{radius}"/>'
        for x, y in zip(one.x, one.y, strict=True)
    ]
    return [*parts, "</g>"]


def bar(value: float, low: float, high: float, full: float, colour: str, width: int = 130) -> str:
    """A bar for a table cell with its interval as a whisker, ``full`` being the whole width."""
    full = max(full, 1e-9)

    def px(v: float) -> float:
        return min(max(v / full, 0.0), 1.0) * width

    whisker = f'<path class="interval" d="M{px(low):.1f} 7H{px(high):.1f}"/>' if high > low else ""
    return (
        f'<svg class="bar" width="{width}" height="14" role="presentation">'
        f'<rect width="{px(value):.1f}" height="10" y="2" fill="{colour}"/>{whisker}</svg>'
    )
