"""Sets of drawings: each photo's own and no other's, resumable, never drawn over a set."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from tests.conftest import draw_faces
from typer.testing import CliRunner

from toonmark.cli import data
from toonmark.data.dataset import Dataset, write_landmarks
from toonmark.data.drawings import drawing_set as drawings
from toonmark.errors import ConfigurationError, DataError, UnknownStyleError
from toonmark.styles.pack import StylePack


@pytest.fixture
def photos(tmp_path):
    folder = draw_faces(tmp_path / "photos", 3, size=128)
    (folder / "dataset.json").write_text(json.dumps({"terms": "for this test"}))
    return folder


def test_a_set_of_drawings_goes_on_where_it_was_stopped(photos, tmp_path):
    out = tmp_path / "drawn"
    seen = []
    count = drawings.write_drawings(
        photos, "toon", out, views=2, progress=lambda done, total: seen.append((done, total))
    )
    assert count == 3
    assert seen == [(3, 3)]
    made = Dataset.open(out)
    assert made.names == ("000.png", "001.png", "002.png")
    np.testing.assert_allclose(made.points, Dataset.open(photos).points, atol=1e-3)
    assert "for this test" in made.description["terms"]
    assert StylePack.open("toon").metadata.terms in made.description["terms"]
    before = made.path(0).read_bytes()
    made.path(1).unlink()
    marker = made.path(2)
    marker.write_bytes(before)
    drawings.write_drawings(photos, "toon", out, views=2)
    assert Dataset.open(out).path(1).exists()
    assert marker.read_bytes() == before, "what is there is not drawn again"
    with pytest.raises(ConfigurationError, match="looks"):
        drawings.write_drawings(photos, "toon", out, views=3)
    drawings.write_drawings(
        photos, "toon", out, views=1, even_light=False, finish=False, force=True
    )
    drawn = Dataset.open(out).image(2)
    drawings.write_drawings(photos, "toon", out, views=1, finish=False, force=True)
    assert not np.array_equal(Dataset.open(out).image(2), drawn), "the light was made even"
    pack = StylePack.open("toon")
    face = Dataset.open(photos).image(2).astype(np.float32).transpose(2, 0, 1)[None] / 127.5 - 1
    wanted = pack.draw(face, Dataset.open(photos).points[2:3])[0].transpose(1, 2, 0)
    np.testing.assert_allclose(drawn / 127.5 - 1, wanted, atol=0.02)


@pytest.mark.slow
def test_the_command_draws_with_several_processes_as_with_one(photos, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    drawings.write_drawings(photos, "toon", one, views=1)
    result = CliRunner().invoke(
        data.app, ["drawings", str(photos), str(two), "--views", "1", "--workers", "2"]
    )
    assert result.exit_code == 0, result.output
    assert "3 drawings are in" in result.output
    for a, b in zip(*(sorted((x / "images").iterdir()) for x in (one, two)), strict=True):
        assert np.array_equal(np.array(Image.open(a)), np.array(Image.open(b)))


def test_the_command_may_leave_drawings_as_they_are(photos, tmp_path):
    options = ["--looks", "1", "--own-light", "--as-drawn"]
    result = CliRunner().invoke(data.app, ["drawings", str(photos), str(tmp_path / "a"), *options])
    assert result.exit_code == 0, result.output
    assert "--looks is called --views now." in result.output
    drawings.write_drawings(photos, "toon", tmp_path / "b", views=1, even_light=False, finish=False)
    made = [Dataset.open(tmp_path / name).image(1) for name in "ab"]
    assert np.array_equal(*made)


def test_a_drawing_does_not_depend_on_the_rest_of_the_set(photos, tmp_path):
    drawings.write_drawings(photos, "toon", tmp_path / "all", views=4)
    table = (photos / "landmarks.csv").read_text().splitlines()
    (photos / "part.csv").write_text("\n".join([table[0], table[3]]) + "\n")
    drawings.write_drawings(photos / "part.csv", "toon", tmp_path / "part", views=4)
    part = Dataset.open(tmp_path / "part")
    assert part.names == ("002.png",)
    assert np.array_equal(part.image(0), Dataset.open(tmp_path / "all").image(2))


def test_other_points_are_another_configuration(photos, tmp_path):
    drawings.write_drawings(photos, "toon", tmp_path / "out", views=1)
    rows = Dataset.open(photos)
    moved = rows.points + 1
    write_landmarks(photos / "landmarks.csv", list(zip(rows.names, moved, strict=True)))
    with pytest.raises(ConfigurationError, match=r"photos: .{12}… -> .{12}…") as told:
        drawings.write_drawings(photos, "toon", tmp_path / "out", views=1)
    assert len(told.value.happened) < 200


def test_photos_are_not_drawn_over(photos):
    before = sorted(path.name for path in (photos / "images").iterdir())
    with pytest.raises(ConfigurationError, match="the photos themselves"):
        drawings.write_drawings(photos, "toon", photos, force=True)
    assert sorted(path.name for path in (photos / "images").iterdir()) == before
    assert (photos / "landmarks.csv").exists()


def test_another_set_is_not_taken_for_an_unfinished_one(photos, tmp_path):
    """A set whose pictures lie beside its table, without a description."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "landmarks.csv").write_text("file\n")
    with pytest.raises(ConfigurationError):
        drawings.write_drawings(photos, "toon", other, views=1)
    assert (other / "landmarks.csv").exists()


def test_two_photos_that_would_share_a_drawing_are_named(photos, tmp_path):
    rows = Dataset.open(photos)
    (photos / "images" / "000.jpg").write_bytes((photos / "images" / "000.png").read_bytes())
    table = [*zip(rows.names, rows.points, strict=True), ("000.jpg", rows.points[0])]
    write_landmarks(photos / "landmarks.csv", table)
    with pytest.raises(DataError, match=r"2 photos .* a drawing called 000\.png"):
        drawings.write_drawings(photos, "toon", tmp_path / "out", views=1)


def test_photos_with_a_background_can_only_be_drawn_as_they_are(photos, tmp_path):
    for path in sorted((photos / "images").iterdir())[:2]:  # the third is before a white wall
        Image.fromarray(np.minimum(np.array(Image.open(path)), 200)).save(path)
    with pytest.raises(DataError, match="not on white"):
        drawings.write_drawings(photos, "toon", tmp_path / "out", views=1)
    assert drawings.write_drawings(photos, "toon", tmp_path / "out", views=1, finish=False) == 3


def test_names_in_folders_keep_them(photos, tmp_path):
    rows = Dataset.open(photos)
    (photos / "images" / "a").mkdir()
    (photos / "images" / "000.png").rename(photos / "images" / "a" / "000.png")
    table = [("a/000.png", rows.points[0]), *zip(rows.names[1:], rows.points[1:], strict=True)]
    write_landmarks(photos / "landmarks.csv", table)
    drawings.write_drawings(photos, "toon", tmp_path / "out", views=1)
    assert Dataset.open(tmp_path / "out").names == ("001.png", "002.png", "a/000.png")


def test_an_unknown_style_leaves_nothing_behind(photos, tmp_path):
    with pytest.raises(UnknownStyleError):
        drawings.write_drawings(photos, "no-such-style", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_photo_of_another_size_is_drawn_at_the_styles(tmp_path):
    folder = draw_faces(tmp_path / "large", 1, size=256)
    drawings.write_drawings(folder, "toon", tmp_path / "out", views=1)
    made = Dataset.open(tmp_path / "out")
    assert made.image(0).shape == (128, 128, 3)
    expected = (Dataset.open(folder).points[0] + 0.5) / 2 - 0.5
    np.testing.assert_allclose(made.points[0], expected, atol=1e-2)
