"""The three parts of a set follow the pictures' names; old runs keep the rule they began with."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from toonmark.data.dataset import Dataset, read_landmarks, write_landmarks
from toonmark.data.split import HeldOut, part_of, rules_of, split
from toonmark.landmarks import template_points
from toonmark.styles.pack import StylePack

NAMES = [f"{index:06d}.png" for index in range(4000)]


def test_nine_tenths_train_and_the_rest_is_halved() -> None:
    parts = [part_of(name) for name in NAMES]
    for part, share in {"training": 0.9, "validation": 0.05, "test": 0.05}.items():
        assert abs(parts.count(part) / len(parts) - share) < 0.012


def test_parts_never_change() -> None:
    # These stand for all runs that were ever trained.
    found = {name: part_of(name) for name in NAMES[:60] if part_of(name) != "training"}
    assert [name for name, part in found.items() if part == "test"] == [
        *("000003.png", "000017.png", "000043.png"),
    ]
    assert [name for name, part in found.items() if part == "validation"] == [
        "000005.png",
        "000051.png",
    ]


def test_a_picture_keeps_its_part_in_every_folder_format_and_unicode_form() -> None:
    assert {part_of(name) for name in ("000003.png", "a/000003.jpg", "000003")} == {"test"}
    names = [f"Zoë{index}.png" for index in range(40)]
    assert [part_of(n) for n in names] == [
        part_of(unicodedata.normalize("NFD", name)) for name in names
    ]


def test_a_picture_that_is_taken_out_shifts_no_other(tmp_path: Path) -> None:
    points = template_points(32)
    write_landmarks(tmp_path / "landmarks.csv", [(name, points) for name in NAMES[:200]])
    for name in NAMES[:200]:
        (tmp_path / name).touch()
    whole = Dataset.open(tmp_path)
    trained = {whole.names[i] for i in whole.split()[0]}
    rows = list(read_landmarks(tmp_path / "landmarks.csv").items())
    write_landmarks(tmp_path / "part.csv", rows[7:150])
    part = Dataset.open(tmp_path / "part.csv")
    training, validation = part.split()
    assert {part.names[i] for i in training} == trained & set(part.names)
    assert not {part.names[i] for i in validation} & trained
    for kept in ("validation", "test"):
        assert not set(HeldOut(part=kept).of(part.names)) & trained  # type: ignore[arg-type]


def test_a_small_set_gives_one_training_picture_up_for_validation() -> None:
    names = [n for n in NAMES[:60] if part_of(n) == "training"][:5]
    training, (given_up,) = split(names)
    assert sorted([*training, given_up]) == [0, 1, 2, 3, 4]
    assert [len(part) for part in split([])] == [0, 0]


def test_which_picture_is_given_up_follows_from_its_name() -> None:
    names = [n for n in NAMES[4:80] if part_of(n) == "training"][:12]
    # Taken away from the front, the same one is given up until it goes itself.
    first = names[int(split(names)[1][0])]
    place = names.index(first)
    assert 0 < place < 11, "neither the first nor the last"
    for start in range(place + 1):
        rest = names[start:]
        assert rest[int(split(rest)[1][0])] == first


def test_validation_is_what_its_names_say() -> None:
    training, validation = split(NAMES)
    for part, places in (("training", training), ("validation", validation)):
        assert list(places) == [i for i, name in enumerate(NAMES) if part_of(name) == part]


def test_what_was_held_out_is_told() -> None:
    assert str(HeldOut()) == "test by name"
    assert str(HeldOut(part="validation")) == "validation by name"
    both = HeldOut(frozenset({"position", "name"}))
    assert str(both) == "test by name and every 20th by position"


def test_old_runs_go_on_by_position() -> None:
    training, left_out = split(NAMES[:41], "position")
    assert list(left_out) == [0, 20, 40]
    assert sorted([*training, *left_out]) == list(range(41))


@pytest.mark.parametrize("rules", [{"name"}, {"position"}, {"name", "position"}])
def test_no_picture_is_measured_that_a_run_of_any_of_the_rules_had_seen(rules: set[str]) -> None:
    measured = set(HeldOut(frozenset(rules)).of(NAMES))  # type: ignore[arg-type]
    assert measured
    for rule in rules:
        trained = {NAMES[i] for i in split(NAMES, rule)[0]}  # type: ignore[arg-type]
        assert not measured & trained


@pytest.mark.parametrize(
    ("facts", "rules"),
    [
        ({}, {"position"}),
        ({"runs": [{"seed": 0}]}, {"position"}),
        ({"runs": [{"split": "name"}]}, {"name"}),
        ({"runs": [{"seed": 0}, {"split": "name"}]}, {"name", "position"}),
        ({"runs": [{"split": "name"}], "denoiser": {"run": "old"}}, {"name", "position"}),
        ({"runs": [{"split": "name"}], "denoiser": {"split": "name"}}, {"name"}),
        (
            {"runs": [{"split": "name"}], "denoiser": {"split": "name position"}},
            {"name", "position"},
        ),
        ({"runs": [{"split": "name"}], "distilled": {"run": "old"}}, {"name", "position"}),
        (
            {"runs": [{"split": "name"}], "distilled": {"split": "name", "before": {"run": "x"}}},
            {"name", "position"},
        ),
        (
            {
                "runs": [{"split": "name", "before": {"split": "name", "before": {"run": "x"}}}],
            },
            {"name", "position"},
        ),
        (
            {
                "runs": [{"split": "name"}],
                "distilled": {"split": "name", "teacher": {"distilled": {"run": "old"}}},
            },
            {"name", "position"},
        ),
        (
            {
                "runs": [{"split": "name"}],
                "distilled": {"split": "name", "before": None, "teacher": {"preset": "paper"}},
            },
            {"name"},
        ),
    ],
)
def test_a_style_has_the_rules_of_all_runs_that_it_comes_from(
    facts: dict[str, object], rules: set[str]
) -> None:
    assert rules_of(json.loads(json.dumps(facts))) == rules


@pytest.mark.parametrize("name", ["comic", "flat", "ink", "toon"])
def test_the_styles_that_ship_say_what_they_held_out(name: str) -> None:
    training = StylePack.open(name).metadata.training
    new = [run for run in training["runs"] if "split" in run]
    assert ("position" in rules_of(training)) == (len(new) < len(training["runs"]))
