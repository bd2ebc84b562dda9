"""The light install draws; what may import what is held by the contracts in pyproject.toml."""

import subprocess
import sys
import textwrap

import pytest

from toonmark.errors import MissingExtraError, RuntimeBrokenError, imported


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


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("import missing_part", "No module named 'missing_part'"),
        ("raise ImportError('libother.so.7: cannot open shared object file')", "libother.so.7"),
        ("raise OSError('not a library')", "not a library"),
    ],
)
def test_an_extra_that_is_broken_is_not_called_missing(tmp_path, monkeypatch, content, words):
    (tmp_path / "broken_extra.py").write_text(content)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RuntimeBrokenError, match=f"cannot be loaded .*{words}"):
        imported("broken_extra", "Drawing", "video")
    with pytest.raises(MissingExtraError, match=r"pip install 'toonmark\[video\]'"):
        imported("no_such_extra", "Drawing", "video")


def test_a_broken_reader_of_videos_is_named(tmp_path, monkeypatch, photo):
    from toonmark.video.clip import cartoonize_clip

    (tmp_path / "av.py").write_text("raise ImportError('libavcodec.so.62: no such file')")
    monkeypatch.delitem(sys.modules, "av", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RuntimeBrokenError, match="libavcodec"):
        cartoonize_clip(None, photo, tmp_path / "out.mp4")


@pytest.mark.parametrize(
    ("package", "content", "command", "said"),
    [
        ("onnxruntime", "raise ImportError('DLL load failed')", "cartoonize", "DLL load failed"),
        ("onnxruntime", "raise OSError('libonnxruntime.so.1')", "cartoonize", "libonnxruntime"),
        ("onnxruntime", "", "cartoonize", "ONNX Runtime, which draws, cannot be loaded"),
        ("onnxruntime", "raise ImportError('DLL load failed')", "styles", "DLL load failed"),
        ("cv2", "raise ImportError('libGL.so.1: cannot open')", "cartoonize", "libGL"),
        ("cv2", "from cv2 import nothing_at_all", "cartoonize", "nothing_at_all"),
        ("numpy", "raise ImportError('\\n\\nPLEASE\\nREAD')", "cartoonize", "(PLEASE READ)"),
        ("PIL", "import PIL._no_such_part", "cartoonize", "PIL._no_such_part"),
        ("torch", "import torch._C", "train", "torch._C"),
    ],
)  # fmt: skip
def test_a_broken_package_is_named_and_no_style_or_photo_is_blamed(
    tmp_path, photo, package, content, command, said
):
    """As a wheel of another system, a missing library or half of an installation gives it."""
    (tmp_path / "site" / package).mkdir(parents=True)
    (tmp_path / "site" / package / "__init__.py").write_text(content)
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); "
    code += "from toonmark.cli import main; main()"
    arguments = {
        "cartoonize": [photo, "-s", "comic"],
        "styles": [],
        "train": [tmp_path / "run", "--faces", tmp_path, "--cartoons", tmp_path,
                  "--face-regressor", tmp_path, "--cartoon-regressor", tmp_path],
    }[command]  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-c", code, command, *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert "damaged" not in result.stderr
    assert said in result.stderr
    assert "pip install --force-reinstall" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 2


def test_a_package_that_is_missing_from_the_core_is_named(tmp_path, photo):
    code = """
        import sys

        class Missing:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] == "cv2":
                    raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        sys.meta_path.insert(0, Missing())
        from toonmark.cli import main
        main()
    """
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), "cartoonize", str(photo)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert result.returncode == 2, result.stderr
    assert "Toonmark needs cv2, which is not installed." in result.stderr
    assert "Traceback" not in result.stderr
