"""The three parts of a set follow the pictures' names."""

from __future__ import annotations

from pathlib import Path

from toonmark.data.dataset import Dataset, read_landmarks, write_landmarks
from toonmark.data.split import part_of, split
from toonmark.landmarks import template_points

NAMES = [f"{index:06d}.png" for index in range(4000)]


def test_nine_tenths_train_and_the_rest_is_halved() -> None:
    parts = [part_of(name) for name in NAMES]
    assert parts[:3] == [part_of(name) for name in NAMES[:3]]
    for part, share in {"training": 0.9, "validation": 0.05, "test": 0.05}.items():
        assert abs(parts.count(part) / len(parts) - share) < 0.012


def test_a_picture_keeps_its_part_in_every_folder_and_format() -> None:
    # These stand for all runs that were ever trained: they must never change.
    assert [part_of(name) for name in ("000010.png", "a/000010.jpg")] == [part_of("000010")] * 2
    assert [n for n in NAMES[:60] if part_of(n) == "test"] == [
        "000003.png",
        "000017.png",
        "000043.png",
    ]


def test_a_picture_that_is_taken_out_shifts_no_other(tmp_path: Path) -> None:
    folder = tmp_path
    points = template_points(32)
    write_landmarks(folder / "landmarks.csv", [(name, points) for name in NAMES[:200]])
    for name in NAMES[:200]:
        (folder / name).touch()
    whole = Dataset.open(folder)
    trained = {whole.names[i] for i in whole.split()[0]}
    rows = list(read_landmarks(folder / "landmarks.csv").items())
    write_landmarks(folder / "part.csv", rows[7:150])
    part = Dataset.open(folder / "part.csv")
    training, validation = part.split()
    assert {part.names[i] for i in training} == trained & set(part.names)
    assert not {part.names[i] for i in validation} & trained
    assert not {n for n in part.names if part_of(n) == "test"} & trained


def test_a_small_set_gives_one_picture_up_for_validation() -> None:
    names = [n for n in NAMES[:60] if part_of(n) == "training"][:5]
    training, validation = split(names)
    assert (list(training), list(validation)) == ([1, 2, 3, 4], [0])
    assert [len(part) for part in split([])] == [0, 0]


def test_old_runs_go_on_by_position() -> None:
    training, left_out = split(NAMES[:41], "position")
    assert list(left_out) == [0, 20, 40]
    assert sorted([*training, *left_out]) == list(range(41))
