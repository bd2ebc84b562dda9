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
