"""Rows on different cartoons: each is measured against its own (figure 8)."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from tests.conftest import draw_faces
from tests.experiments.test_comparison import plan

from toonmark.errors import DataError
from toonmark.experiments.experiment import tabulate, train_rows
from toonmark.experiments.measuring import by_cartoons, measured_on
from toonmark.experiments.plan import jobs_of


def rows(first, second):
    return {
        "fixed": {"ablation": "basic", "cartoons": [str(first)]},
        "continuous": {"ablation": "basic", "cartoons": [str(second)]},
    }


def test_runs_are_grouped_by_the_cartoons_that_they_learnt_from(tmp_path):
    two = plan("f", "x", rows={**rows("a", "b"), "style": {"method": "gatys"}}, baseline=None)
    groups = by_cartoons(two, jobs_of(two, tmp_path))
    assert [[job.row for job in group] for group in groups] == [["fixed", "style"], ["continuous"]]
    assert [measured_on(two, "cartoons", group) for group in groups] == ["a", "b"]
    named = plan("f", "x", rows=rows("a", "b"), baseline=None, measure={"cartoons": "c"})
    (group,) = by_cartoons(named, jobs_of(named, tmp_path))
    assert measured_on(named, "cartoons", group) == "c"
    several = plan(
        "f", "x", rows={"a": {"ablation": "basic", "cartoons": ["a", "b"]}}, baseline=None
    )
    with pytest.raises(DataError, match="several folders of cartoons"):
        measured_on(several, "cartoons", jobs_of(several, tmp_path))
    other = {**rows("a", "b"), "continuous": {**rows("a", "b")["continuous"], "faces": ["g"]}}
    faces = plan("f", "x", rows=other, baseline=None)
    with pytest.raises(DataError, match="several folders of faces"):  # one group each, yet
        measured_on(faces, "faces", jobs_of(faces, tmp_path))


@pytest.mark.slow
def test_each_row_is_measured_against_its_own_cartoons(face_set, cartoon_set, tmp_path):
    other = draw_faces(tmp_path / "other", 36, seed=7, ink=200)
    measure = {"n": 4, "held_out": False}
    wanted = plan(
        face_set, cartoon_set, rows=rows(other, cartoon_set), measure=measure, baseline=None
    )
    out = tmp_path / "out"
    assert train_rows(wanted, out)
    results = tabulate(wanted, out, "command")
    fixed, continuous = results.rows
    assert fixed.fid is not None, fixed.missing
    assert fixed.diversity is not None
    assert continuous.diversity_of_faces is not None
    sets = [r.setting.cartoons for r in (results.reference, *results.other_references)]
    assert sets == ["other", cartoon_set.name]
    text = (out / "table.md").read_text()
    for part in ("floor: other real cartoons (other)", "of 2 sets", f"({cartoon_set.name})"):
        assert part in text
    assert "By FID" not in text
    assert "the same photos and order" in text
    first = text[: text.index("\n\n")].splitlines()
    assert len({line.count("|") for line in first}) == 1, "every row has a cell for each heading"
    with Image.open(out / "figures" / "figure-8.png") as figure:
        pixels = np.array(figure)
    assert pixels.shape == (34 * 4 - 2, 34 * 3 - 2, 3)
    assert not np.array_equal(pixels[:32, 34:66], pixels[:32, 68:])
