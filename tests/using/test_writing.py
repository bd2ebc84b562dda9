"""Outputs are written whole or not at all."""

import errno
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from toonmark import files, pictures
from toonmark.errors import DiskFullError, OutputNotWritableError

PIXELS = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "PNG"), ("a.JPG", "JPEG"), ("é 😀.webp", "WEBP")]
)
def test_the_name_says_the_format(tmp_path, name, kind):
    pictures.write(tmp_path / "new folder" / name, PIXELS)
    (path,) = (tmp_path / "new folder").iterdir()
    assert path.name == name
    assert Image.open(path).format == kind
    if kind == "PNG":
        np.testing.assert_array_equal(np.asarray(Image.open(path)), PIXELS)


def test_transparency_is_kept_or_made_white(tmp_path):
    clear = np.dstack([PIXELS, np.zeros((24, 32), np.uint8)])
    pictures.write(tmp_path / "a.png", clear)
    assert Image.open(tmp_path / "a.png").mode == "RGBA"
    pictures.write(tmp_path / "a.jpg", clear)
    assert np.asarray(Image.open(tmp_path / "a.jpg")).min() == 255


def test_an_unknown_format(tmp_path):
    with pytest.raises(OutputNotWritableError, match="format"):
        pictures.write(tmp_path / "a.xyz", PIXELS)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputNotWritableError):
        pictures.write(tmp_path / "file" / "a.png", PIXELS)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OutputNotWritableError):
        pictures.write(tmp_path / "folder.png", PIXELS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.png"]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFullError),
        (errno.EDQUOT, DiskFullError),
        (errno.EROFS, OutputNotWritableError),
        (errno.EACCES, OutputNotWritableError),
        (errno.ENOENT, OutputNotWritableError),
    ],
)
def test_what_the_system_refuses_leaves_the_old_file(tmp_path, monkeypatch, number, kind):
    path = tmp_path / "a.png"
    pictures.write(path, PIXELS)
    old = path.read_bytes()

    def refuse(handle):
        raise OSError(number, "refused")

    monkeypatch.setattr(files.os, "fsync", refuse)
    with pytest.raises(kind):
        pictures.write(path, 255 - PIXELS)
    assert path.read_bytes() == old
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_a_name_as_long_as_names_can_be(tmp_path):
    path = tmp_path / ("é" * 125 + ".png")
    pictures.write(path, PIXELS)
    assert path.is_file()


def test_the_umask_survives_many_threads(tmp_path):
    before = files.os.umask(0o027)
    files.os.umask(before)
    threads = [
        threading.Thread(target=pictures.write, args=(tmp_path / f"{i}.png", PIXELS))
        for i in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = files.os.umask(before)
    assert after == before
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {0o666 & ~before}


def test_grey_pictures_are_written_as_grey(tmp_path):
    labels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    pictures.write(tmp_path / "labels.png", labels)
    with Image.open(tmp_path / "labels.png") as read:
        assert read.mode == "L"
        np.testing.assert_array_equal(np.asarray(read), labels)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has none")
def test_pipes_and_devices_stay_what_they_are(tmp_path):
    """Renaming a file into their place would do away with /dev/full itself."""
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    files.write_bytes(pipe, b"some bytes")
    reader.join(10)
    assert got == [b"some bytes"]
    assert pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="Linux has it")
def test_a_device_that_is_full_says_so(tmp_path):
    link = tmp_path / "full"  # the device itself is safe from a fault
    link.symlink_to("/dev/full")
    with pytest.raises(DiskFullError):
        files.write_bytes(link, b"some bytes")
    assert link.is_symlink()
