"""The table of an experiment: what its cells say."""

from __future__ import annotations

from toonmark.experiments.markdown_table import HEADINGS, cells
from toonmark.experiments.results import Row
from toonmark.experiments.spread import Spread


def row(**spreads) -> Row:
    return Row(name="full", title="Full", seeds=[0, 1], missing={}, **spreads)


def test_every_cell_has_a_heading():
    assert len(cells(row())) == len(HEADINGS)
    assert set(cells(row())[2:]) == {"–"}


def test_variety_is_told_against_cartoons_and_against_photos():
    told = row(diversity=Spread.of([0.4, 0.6]), diversity_of_faces=Spread.of([0.2, 0.2]))
    assert cells(told)[HEADINGS.index("variety")] == "0.50 ± 0.14; 0.20 ± 0.00"
