"""docs/style-pack.md, from which others write readers, says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from toonmark.faces.align import face_transform
from toonmark.landmarks import FACE_TEMPLATE, PORTRAIT_TEMPLATE, template_points
from toonmark.styles.metadata import FORMAT_VERSION, StyleMetadata

PAGE = (Path(__file__).parents[2] / "docs/style-pack.md").read_text("utf-8")


def test_every_field_is_in_the_table_and_says_whether_it_must_be_there():
    table = PAGE.split("### Metadata")[1].split("\n\nUnknown")[0]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| `")]
    told = {name: row[2] == "yes" for row in rows for name in re.findall(r"`(\w+)`", row[0])}
    assert set(told) == set(StyleMetadata.model_fields)
    needed = {name for name, field in StyleMetadata.model_fields.items() if field.is_required()}
    assert {name for name, must in told.items() if must} == needed | {"format_version"}
    assert f"formats 1 and {FORMAT_VERSION}" in PAGE


def test_the_template_without_one_is_the_codes():
    pairs = re.findall(r"\((\d+\.5), (\d+\.5)\)", PAGE)
    np.testing.assert_allclose(np.array(pairs, float) / 128, FACE_TEMPLATE)


def test_the_transform_in_complex_numbers_is_the_codes():
    random = np.random.default_rng(0)
    points = template_points(300) + random.normal(0, 8, (5, 2))
    size, template = 512, PORTRAIT_TEMPLATE
    p, q = (x[:, 0] + 1j * x[:, 1] for x in (points, template * size - 0.5))
    a = sum((p - p.mean()).conj() * (q - q.mean())) / sum(abs(p - p.mean()) ** 2)
    b = q.mean() - a * p.mean()
    expected = [[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]]
    np.testing.assert_allclose(face_transform(points, size, template), expected, atol=1e-9)
