from __future__ import annotations

from xml.etree import ElementTree

import pytest

from toonmark.evaluation.charts import Guide, Series, bar, plot, ticks


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-3, 4, [-2, 0, 2, 4]),
        (0, 23000, [0, 5000, 10000, 15000, 20000]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected)


def test_plot_is_well_formed_and_keeps_inside() -> None:
    series = Series("a & <b>", [0, 5, 10], [-1, 2, 3], "#123456", low=[-2, 1, 2], high=[0, 3, 4])
    text = plot([series], "x", "y & z", [Guide("level", 2.5), Guide("same", diagonal=True)])
    root = ElementTree.fromstring(text)
    for circle in root.iter("circle"):
        assert 0 <= float(circle.get("cx", "nan")) <= 380
        assert 0 <= float(circle.get("cy", "nan")) <= 250


@pytest.mark.parametrize("values", [[], [3.0]])
def test_plot_of_little(values: list[float]) -> None:
    ElementTree.fromstring(plot([Series("s", values, values, "#000")], "x", "y"))


def test_bar_stays_in_its_cell() -> None:
    root = ElementTree.fromstring(bar(12, -3, 30, 10, "#000"))
    rect = root.find("rect")
    assert rect is not None
    assert float(rect.get("width", "nan")) == 130
