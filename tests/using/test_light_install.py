"""The light install draws; what may import what is held by the contracts in pyproject.toml."""

import subprocess
import sys
import textwrap


def test_a_photo_is_drawn_where_nothing_of_the_extras_is_installed(photo, pack, tmp_path):
    out = tmp_path / "out.png"
    code = f"""
        import sys

        class Missing:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in ("torch", "skimage", "scipy", "onnx", "fastapi", "av"):
                    raise ModuleNotFoundError(f"{{name}} is not installed", name=name)

        sys.meta_path.insert(0, Missing())
        from toonmark.cli import main
        sys.argv = ["toonmark", "cartoonize", {str(photo)!r}]
        sys.argv += ["-s", {str(pack)!r}, "-o", {str(out)!r}]
        main()
    """
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert out.is_file()
