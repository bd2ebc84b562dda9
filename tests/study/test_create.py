"""Making a study, and what keeps it from being made or used."""

from __future__ import annotations

import json
import shutil

import pytest
from PIL import Image
from typer.testing import CliRunner

from toonmark.study.create import create, parse_methods
from toonmark.study.errors import (
    DamagedStudyError,
    DifferentSizesError,
    MissingOutputsError,
    NotEnoughPhotosError,
    SameMethodError,
    StudyError,
    StudyExistsError,
)
from toonmark.study.order import drawing_order, group_order
from toonmark.study.study import load, picture_path


def make(material, folders, **more):
    return create(folders, material / "photos", material / "out", **{"groups": 4, **more})


def test_blind(material, folders):
    study = make(material, folders)
    assert load(material / "out") == study
    names = [path.stem for path in (material / "out" / "pictures").iterdir()]
    assert len(names) == 4 * 6
    for group in study.groups:
        assert sorted(group.drawings.values()) == sorted(folders)
        assert set(group.drawings) | {group.photo} <= set(names)
        # Nor does the order tell anything: tokens are random, and sorted.
        assert list(group.drawings) == sorted(group.drawings)
    assert study.methods == list(folders)
    with Image.open(picture_path(material / "out", study.groups[0].photo)) as picture:
        assert picture.size == (128, 128)
        assert not picture.info.get("exif")


def test_the_seed_chooses_the_photos(material, folders):
    names = {}
    for seed in (0, 0, 5):
        study = make(material, folders, seed=seed)
        shutil.rmtree(material / "out")
        chosen = [group.name for group in study.groups]
        assert names.setdefault(seed, chosen) == chosen
    assert names[0] != names[5]


def test_each_rater_has_an_order_of_their_own(material, folders):
    study = make(material, folders)
    raters = [f"rater{i}" for i in range(20)]
    assert group_order(study, "rater0") == group_order(study, "rater0")
    orders = {tuple(group_order(study, rater)) for rater in raters}
    assert len(orders) > 10
    assert all(sorted(order) == [0, 1, 2, 3] for order in orders)
    # Over raters and groups a method comes first about as often as another.
    first = [
        study.method_of(group, drawing_order(study, f"rater{i}", group)[0])
        for i in range(100)
        for group in range(4)
    ]
    assert all(40 < first.count(method) < 120 for method in folders)


def test_methods_are_parsed(tmp_path):
    parsed = parse_methods(["a b=x=y", "c=z"])
    assert {name: str(path) for name, path in parsed.items()} == {"a b": "x=y", "c": "z"}
    with pytest.raises(SameMethodError, match="ours"):
        parse_methods(["ours=a", "Ours=b"])
    for texts in (["a"], ["=x", "b=y"], ["a=x"], []):
        with pytest.raises(StudyError):
            parse_methods(texts)


def test_missing_outputs(material, folders):
    (folders["ours"] / "p3-toon.png").unlink()
    with pytest.raises(MissingOutputsError, match=r"ours lacks 1 of 8 \(p3\)"):
        make(material, folders)
    assert not (material / "out").exists()
    study = make(material, folders, groups=7, common=True)
    assert "p3.jpg" not in [group.name for group in study.groups]


def test_nothing_matches(material, folders):
    for path in (material / "photos").iterdir():
        path.rename(path.with_name("x" + path.name))
    with pytest.raises(MissingOutputsError, match="No drawing is named"):
        make(material, folders)


def test_too_few_photos(material, folders):
    with pytest.raises(NotEnoughPhotosError, match="--groups 8"):
        make(material, folders, groups=48)


def test_different_sizes(material, folders):
    path = folders["late"] / "p0-toon.png"
    with Image.open(path) as picture:
        picture.resize((100, 80)).save(path)
    with pytest.raises(DifferentSizesError, match=r"100×80 \(late: p0-toon.png\)"):
        make(material, folders, groups=8)
    study = make(material, folders, groups=8, size=96)
    for token in study.groups[0].drawings:
        with Image.open(picture_path(material / "out", token)) as picture:
            assert picture.size == (96, 96)


def test_two_files_of_one_name(material, folders):
    with Image.open(folders["ours"] / "p0-toon.png") as picture:
        picture.save(folders["ours"] / "p0-toon.webp")
    with pytest.raises(StudyError, match="keep one of the two"):
        make(material, folders)


def test_a_study_is_not_overwritten(study_folder, material, folders):
    with pytest.raises(StudyExistsError):
        create(folders, material / "photos", study_folder, groups=2)


def _swap(values):
    drawings = values["groups"][0]["drawings"]
    one, two = list(drawings)[:2]
    drawings[one], drawings[two] = drawings[two], drawings[one]


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (_swap, "was changed after"),
        (lambda values: values.pop("checksum"), "was changed after"),
        (lambda values: values.update(seed=9), "was changed after"),
        (lambda values: values.update(groups=[]), "wrong at groups"),
        (lambda values: values.update(more=1), "wrong at more"),
    ],
)
def test_a_study_file_that_was_edited(study_folder, edit, says):
    file = study_folder / "study.json"
    values = json.loads(file.read_text())
    edit(values)
    file.write_text(json.dumps(values))
    with pytest.raises(DamagedStudyError, match=says):
        load(study_folder)


def test_damage(study_folder, tmp_path):
    with pytest.raises(DamagedStudyError, match="holds no study"):
        load(tmp_path / "nowhere")
    next((study_folder / "pictures").iterdir()).unlink()
    with pytest.raises(DamagedStudyError, match="1 of the study's 12 pictures"):
        load(study_folder)
    (study_folder / "study.json").write_text("[1]")
    with pytest.raises(DamagedStudyError, match="wrong at"):
        load(study_folder)
    (study_folder / "study.json").write_text("{")
    with pytest.raises(DamagedStudyError, match="cannot be read"):
        load(study_folder)


def test_commands(material, folders):
    from toonmark.cli import app

    def run(*arguments):
        return CliRunner().invoke(app, ["study", *map(str, arguments)])

    methods = [f"{name}={folder}" for name, folder in folders.items()]
    photos = ("--photos", material / "photos")
    done = run("create", *methods, material / "new", *photos, "--groups", 3)
    assert done.exit_code == 0, done.output
    assert "3 groups of 5 drawings, 3 questions each" in done.output
    again = run("create", *methods, material / "new", *photos, "--groups", 3)
    assert again.exit_code == 2
    assert "holds a study already" in again.output
    empty = run("table", material / "new")
    assert empty.exit_code == 2
    assert "Nobody has answered" in empty.output
    assert not (material / "new" / "table.md").exists()
