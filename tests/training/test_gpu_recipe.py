"""`recipes/gpu.sh`: parts that go on from each other, and a style of half precision after each."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from toonmark.artifacts import CHECKPOINT
from toonmark.styles.pack import StylePack
from toonmark.training import checkpoint

RECIPE = Path(__file__).parents[2] / "recipes/gpu.sh"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_parts_go_on_and_each_leaves_a_style(face_set, cartoon_set, tmp_path):
    shard = tmp_path / "shard.tar"
    with tarfile.open(shard, "w") as tar:
        tar.add(face_set, "faces")
        tar.add(cartoon_set, "cartoons")
    small = {"ACCELERATOR": "cpu", "SIZE": "64", "BATCH": "2", "PAIRS": "8", "LANDMARKS": "4"}
    bin_of_this = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        **small,
        "KEEP": "1",
        "WORKERS": "1",
        "PATH": f"{bin_of_this}:{os.environ['PATH']}",
    }

    def part(seconds: int) -> str:
        command = ["bash", str(RECIPE), str(shard), str(tmp_path / "out"), str(seconds)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        return done.stdout

    part(16)  # stopped in an iteration, or before the first
    said = part(500)
    assert "Finished 4 iterations" in said
    facts = checkpoint.facts(tmp_path / "out/work/run" / CHECKPOINT)
    assert (facts["iteration"], facts["precision"]) == ("4", "bf16-mixed")
    style = tmp_path / "out/style.onnx"
    assert style.stat().st_size <= 16 * 2**20
    assert StylePack.open(style).metadata.size == 64
