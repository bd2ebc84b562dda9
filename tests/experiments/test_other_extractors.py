"""Further extractors of a comparison: which are chosen, and what the table says."""

from __future__ import annotations

import pytest
from tests.experiments.test_comparison import plan

from toonmark.experiments import markdown_table, other_extractors
from toonmark.experiments.other_extractors import ExtractorDistances
from toonmark.experiments.results import Results, Row
from toonmark.experiments.spread import Spread

ROWS = {"munit": {"method": "munit"}, "basic": {"ablation": "basic"}}


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Says what weights there are."""

    def has(papers: bool, vgg: bool) -> None:
        path = tmp_path / "i2v.pth"
        path.touch() if papers else path.unlink(missing_ok=True)
        monkeypatch.setenv("TOONMARK_ILLUSTRATION2VEC", str(path))
        monkeypatch.setattr(other_extractors, "_has_vgg", lambda: vgg)

    return has


def test_the_papers_network_is_used_where_it_is_and_another_family_where_not(machine):
    compared = plan("f", "c", rows=ROWS)
    for papers, vgg, wanted in (
        (True, True, ["illustration2vec"]),
        (False, True, ["vgg16"]),
        (False, False, []),
    ):
        machine(papers, vgg)
        assert other_extractors.chosen(compared) == wanted
    machine(True, True)
    assert other_extractors.chosen(plan("f", "c", rows={"basic": {"ablation": "basic"}})) == []
    own = plan("f", "c", rows=ROWS, measure={"extractor": "illustration2vec"})
    assert other_extractors.chosen(own) == ["vgg16"]
    assert other_extractors.chosen(plan("f", "c", rows=ROWS, measure={"also": []})) == []


def test_the_table_says_what_each_network_finds_best():
    fid = {"munit": Spread.of([3.0, 5.0]), "basic": Spread.of([2.5])}
    one = ExtractorDistances(
        name="vgg16", extractor="vgg16 224px", floor_fid=0.5, photos_fid=9, fid=fid, kid=fid
    )
    rows = [
        Row(name=name, title=title, seeds=[0], missing={})
        for name, title in (("munit", "MUNIT"), ("basic", "CycleGAN"))
    ]
    results = Results(baseline=None, iterations=1, rows=rows, further=[one], reference=None)
    lines = markdown_table.markdown(results, "a command").splitlines()
    assert "| MUNIT | 4.00 ± 1.41 | 4.00 ± 1.41 |" in lines
    assert "| floor: other real cartoons | 0.50 | – |" in lines
    assert "By this FID: CycleGAN < MUNIT." in lines
    alone = markdown_table.markdown(results.model_copy(update={"further": []}), "a command")
    assert "By vgg16" not in alone


def test_notes_say_which_networks_judge_and_whom_they_know():
    absent, known = "not on this machine", "no independent judge"
    one = ExtractorDistances(
        name="vgg16", extractor="vgg16 224px", floor_fid=0.5, photos_fid=1.0, fid={}, kid={}
    )
    (alone,) = other_extractors.notes([], "efficientnet-lite0 224px")
    assert absent in alone
    assert "both networks" not in alone
    both, vgg = other_extractors.notes([one], "efficientnet-lite0 224px")
    assert "both networks here" in both
    assert known in vgg
    assert [known in note for note in other_extractors.notes([], "vgg16 224px")] == [False, True]
    papers = one.model_copy(update={"name": "illustration2vec"})
    assert other_extractors.notes([papers], "efficientnet-lite0 224px") == []
    assert other_extractors.notes([], "illustration2vec 224px") == []
