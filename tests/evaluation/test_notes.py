"""What the command says about its numbers: under the table, where they are read."""

from __future__ import annotations

from pathlib import Path

from drawn import MakePack, MakeSet
from typer.testing import CliRunner


def test_caveats_stand_under_the_table(
    make_set: MakeSet, make_pack: MakePack, tmp_path: Path
) -> None:
    from toonmark.cli import app

    faces = make_set("faces", 6)
    arguments = ["evaluate", str(make_pack()), "--faces", str(faces), "--cartoons", str(faces)]
    arguments += ["--all", "--n", "4", "--cache", str(tmp_path / "c"), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    table, *notes = " ".join(result.stdout.split()).split("Note: ")
    assert "KID×1000" in table
    assert any("the same folder" in note for note in notes)
    (few,) = (note for note in notes if "intervals are wide" in note)
    assert few.startswith("Only 4 faces were measured: below 50,")
