"""Charts as SVG, without a plotting library: they live inside the page and need no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toonmark.html_pages import filled_in

if TYPE_CHECKING:
    from markupsafe import Markup

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

    @property
    def points(self) -> list[tuple[float, float]]:
        """Each x with its y."""
        return list(zip(self.x, self.y, strict=True))

    @property
    def intervals(self) -> list[tuple[float, float, float]]:
        """Each x with its interval; none where there are no intervals."""
        if self.low is None or self.high is None:
            return []
        return list(zip(self.x, self.low, self.high, strict=True))


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
) -> Markup:
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

    def px(x: float) -> str:
        return f"{_LEFT + (x - x0) / (x1 - x0) * (right - _LEFT):.1f}"

    def py(y: float, below: int = 0) -> str:
        return f"{bottom - (y - y0) / (y1 - y0) * (bottom - _TOP) + below:.1f}"

    return filled_in(
        "chart.svg",
        width=width,
        height=height,
        left=_LEFT,
        right=right,
        top=_TOP,
        bottom=bottom,
        px=px,
        py=py,
        levels=[(v, _short(v)) for v in ticks(y0, y1)],
        x_ticks=x_ticks or [(v, _short(v)) for v in ticks(x0, x1)],
        x_label=x_label,
        y_label=y_label,
        guides=guides,
        ends=(max(x0, y0), min(x1, y1)),
        series=series,
    )


def _range(values: Sequence[float], margin: float) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    extra = (high - low) * margin
    return low - extra, high + extra


def bar(
    value: float, low: float, high: float, full: float, colour: str, width: int = 130
) -> Markup:
    """A bar for a table cell with its interval as a whisker, ``full`` being the whole width."""

    def px(v: float) -> str:
        return f"{min(max(v / max(full, 1e-9), 0.0), 1.0) * width:.1f}"

    return filled_in("bar.svg", value=value, low=low, high=high, colour=colour, width=width, px=px)
