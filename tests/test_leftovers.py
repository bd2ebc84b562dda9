"""What a run of the tests leaves on the disk: nothing of those that passed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SOUND = "def test_sound(tmp_path):\n    (tmp_path / 'large').write_bytes(bytes(1 << 20))\n"
BROKEN = "def test_broken(tmp_path):\n    (tmp_path / 'kept').touch()\n    assert False\n"


def left_by(tmp_path: Path, content: str) -> set[str]:
    """The files that tests leave, run as `make test` runs them."""
    file, temporary = tmp_path / "test_example.py", tmp_path / "temporary"
    file.write_text(content)
    temporary.mkdir(exist_ok=True)
    settings = Path(__file__).parents[1] / "pyproject.toml"
    command = ["-m", "pytest", "-c", str(settings), "--rootdir", str(tmp_path), str(file)]
    subprocess.run(
        [sys.executable, *command, "-p", "no:cacheprovider"],
        env={
            **os.environ,
            "PYTEST_DEBUG_TEMPROOT": str(temporary),
            "PYTEST_ADDOPTS": "",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # two thirds of the time, and none leaves files
        },
        capture_output=True,
        check=False,
    )
    return {path.name for path in temporary.rglob("*") if path.is_file() and path.name != ".lock"}


def test_only_what_failed_stays_and_that_until_the_next_run(tmp_path: Path) -> None:
    assert left_by(tmp_path, SOUND) == set()
    for _ in range(2):
        assert left_by(tmp_path, SOUND + BROKEN) == {"kept"}
    (base,) = (tmp_path / "temporary").glob("pytest-of-*")
    assert len([path for path in base.iterdir() if not path.is_symlink()]) == 1
