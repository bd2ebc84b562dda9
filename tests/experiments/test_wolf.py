"""Figure 11, on a made-up figure of the same layout with a portrait of NASA's, which is free."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from toonmark.errors import ConfigurationError, DataError, NoFaceError
from toonmark.experiments.wolf import SIZE, cells_of, write_figure


class Drawn:
    def __init__(self, picture):
        self.image = picture


@pytest.fixture
def figure(tmp_path):
    """Two rows of two examples: dark inputs of one tint each, and pale drawings; on white paper."""
    pixels = np.full((100, 200, 3), 255, np.uint8)
    for r in range(2):
        for c in range(4):
            tint = 30 + 40 * (2 * r + c // 2) if c % 2 == 0 else 220
            pixels[10 + 42 * r : 48 + 42 * r, 10 + 46 * c : 52 + 46 * c] = tint
    folder = tmp_path / "figures"
    folder.mkdir()
    Image.fromarray(pixels).save(folder / "a.png")
    return folder


def test_a_figure_is_cut_where_its_pictures_are(figure):
    pixels = np.array(Image.open(figure / "a.png"))
    cells = cells_of(pixels, 2, 4)
    assert [[cell.shape for cell in row] for row in cells] == [[(38, 42, 3)] * 4] * 2
    assert [int(cell.mean()) for row in cells for cell in row[::2]] == [30, 70, 110, 150]
    with pytest.raises(DataError, match="no 90x2"):
        cells_of(pixels, 2, 90)


def test_input_theirs_and_ours_stand_beside_each_other(figure, tmp_path):
    seen = []

    def draw(photo):
        seen.append(int(photo.mean()))
        if seen[-1] == 70:
            raise NoFaceError("No face was found.", "Try another.")
        return [Drawn(255 - photo)]

    out = tmp_path / "figure-11.png"
    count, lost = write_figure(figure, draw, out, 2, 4)
    assert (count, seen) == (3, [30, 70, 110, 150])
    assert lost == ["a.png, row 1, column 3: No face was found."]
    drawn = np.array(Image.open(out))
    assert drawn.shape == (3 * SIZE + 4, 3 * SIZE + 4, 3)
    middles = [SIZE // 2 + k * (SIZE + 2) for k in range(3)]
    values = [[int(drawn[y, x, 0]) for x in middles] for y in middles]
    assert values == [[30, 220, 225], [110, 220, 145], [150, 220, 105]]


def test_what_is_no_figure_is_told(figure, tmp_path):
    def nobody(_):
        raise NoFaceError("No face was found.", "Try another.")

    with pytest.raises(ConfigurationError, match="no whole number"):
        write_figure(figure, nobody, tmp_path / "o.png", 2, 3)
    with pytest.raises(DataError, match="In none of the inputs"):
        write_figure(figure, nobody, tmp_path / "o.png", 2, 4)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no pictures"):
        write_figure(tmp_path / "empty", nobody, tmp_path / "o.png", 2, 4)
    assert not (tmp_path / "o.png").exists()


@pytest.mark.slow
def test_the_command_draws_a_portrait(tmp_path):
    data = pytest.importorskip("skimage").data
    from typer.testing import CliRunner

    from toonmark.cli import app

    face = data.astronaut()[:256, 96:352]
    pixels = np.full((276, 540, 3), 255, np.uint8)
    pixels[10:266, 10:266] = face
    pixels[10:266, 274:530] = 60
    folder = tmp_path / "figures"
    folder.mkdir()
    Image.fromarray(pixels).save(folder / "a.png")
    out = tmp_path / "figure-11.png"
    arguments = ["experiment", "wolf", "toon", str(out), "--inputs", str(folder)]
    done = CliRunner().invoke(app, [*arguments, "--rows", "1", "--columns", "2"])
    assert done.exit_code == 0, done.output
    assert "1 examples" in done.output
    drawn = np.array(Image.open(out))
    assert drawn.shape == (SIZE, 3 * SIZE + 4, 3)
    assert len(np.unique(drawn[:, -SIZE:].reshape(-1, 3), axis=0)) > 100
