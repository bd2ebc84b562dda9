"""A run as on Windows: no POSIX modules, another encoding, a narrow console."""

from __future__ import annotations

import ntpath
import subprocess
import sys
import textwrap

import pytest

#: Modules that Windows has not.
POSIX = ("fcntl", "grp", "pwd", "resource", "termios", "tty")

START = f"""
    import builtins, io, locale, os, sys

    class Missing:
        def find_spec(self, name, path=None, target=None):
            if name in {POSIX!r}:
                raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

    for name in {POSIX!r}:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, Missing())
    for name in ("fork", "geteuid", "getuid", "sched_getaffinity", "register_at_fork"):
        if hasattr(os, name):
            delattr(os, name)

    # Files that name no encoding get Windows' own, as do the standard streams.
    real = builtins.open
    def opened(file, mode="r", buffering=-1, encoding=None, *rest, **named):
        if "b" not in mode and encoding in (None, "locale"):
            encoding = "cp1252"
        return real(file, mode, buffering, encoding, *rest, **named)
    builtins.open = io.open = opened
"""


def as_on_windows(code, folder, *arguments):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(START) + textwrap.dedent(code), *arguments],
        capture_output=True,
        check=False,
        timeout=300,
        cwd=folder,
        env={
            "PYTHONUTF8": "0",
            "PYTHONIOENCODING": "cp1252:strict",
            "PATH": "",
            "HOME": str(folder),
        }
        | {"PYTHONPATH": ":".join(path for path in sys.path if path)},
    )


def test_a_photo_is_drawn(photo, pack, tmp_path):
    name = tmp_path / "Großmutter.png"
    photo.rename(name)
    code = """
        from toonmark.cli import main
        sys.argv = ["toonmark", "cartoonize", *sys.argv[1:]]
        main()
    """
    options = ["-s", str(pack), "-o", "Süß.png", "--json", "found.json"]
    result = as_on_windows(code, tmp_path, str(name), *options)
    assert result.returncode == 0, result.stderr.decode("cp1252")
    assert (tmp_path / "Süß.png").is_file()
    assert "Großmutter" in (tmp_path / "found.json").read_text("utf-8")


def test_what_the_console_cannot_write_does_not_end_the_run(photo, pack, tmp_path):
    name = tmp_path / "祖母.png"
    photo.rename(name)
    code = """
        from toonmark.cli import main
        sys.argv = ["toonmark", "cartoonize", *sys.argv[1:]]
        main()
    """
    result = as_on_windows(code, tmp_path, str(name), "-s", str(pack), "-o", "out.png")
    assert result.returncode == 0, result.stderr.decode("cp1252")
    assert (tmp_path / "out.png").is_file()


@pytest.mark.parametrize("command", ["--help", "styles", "serve --help"])
def test_help_and_lists_are_printed(command, tmp_path):
    code = """
        from toonmark.cli import main
        sys.argv = ["toonmark", *sys.argv[1:]]
        main()
    """
    result = as_on_windows(code, tmp_path, *command.split())
    assert result.returncode == 0, result.stderr.decode("cp1252")
    assert result.stdout


def test_paths_with_drive_letters(monkeypatch):
    pytest.importorskip("fsspec")
    from toonmark.batch import addresses

    with monkeypatch.context() as windows:
        windows.setattr("toonmark.batch.addresses.os.path", ntpath)
        table = r"C:\lists\people.csv"
        assert addresses.beside(r"faces\me.jpg", table) == r"C:\lists/faces\me.jpg"
        assert addresses.beside(r"D:\me.jpg", table) == r"D:\me.jpg"
        assert addresses.beside("s3://bucket/me.jpg", table) == "s3://bucket/me.jpg"
        assert addresses.beside("me.jpg", "people.csv") == "./me.jpg"
    assert addresses.beside("me.jpg", "/people.csv") == "/me.jpg"
    assert addresses.beside("me.jpg", "s3://bucket/people.csv") == "s3://bucket/me.jpg"


def test_listed_names_with_drive_letters():
    from toonmark.data.formats import match_names

    listed = [r"C:\photos\me.jpg", r"C:\photos\you #1.jpg", "C:/photos/we.jpg", r"photos\us.jpg"]
    present = ["me.jpg", "you #1.jpg", "we.jpg", "us.jpg"]
    assert match_names(listed, present) == (dict(zip(listed, present, strict=True)), [])
