"""Atomic file writes, and a lock between processes."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from toonmark.errors import DiskFullError, OutputNotWritableError

# What the system answers when the place is wrong, not the program.
_WRONG_PLACE = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST),
    *(errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP, errno.ENOENT, errno.EFBIG),
)

# Asked for once: reading the umask means setting it, which two threads must not do at a time.
_UMASK = os.umask(0)
os.umask(_UMASK)


def default_cache() -> Path:
    """``$TOONMARK_CACHE``, or ``toonmark`` in the user's cache folder. It need not exist yet."""
    if chosen := os.environ.get("TOONMARK_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "toonmark"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Names what the system says against writing ``path``.

    Raises:
        OutputNotWritableError: the folder cannot be made or written to, or the file is too large.
        DiskFullError: no room was left.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(
                f"The disk was full before {path.name} was written.",
                "Free some space, or write to another disk.",
            ) from error
        if error.errno in _WRONG_PLACE:
            raise OutputNotWritableError(
                f"{path} cannot be written ({os.strerror(error.errno)}).",
                "Choose a folder that you may write to.",
            ) from error
        raise


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Gives a temporary name beside ``path``; moves it into place when the block ends well.

    Whoever reads ``path`` sees the old file or the new one, never a part. The data are flushed to
    disk before the move. A pipe or device (``/dev/stdout``) is written into, and stays what it is.

    Raises:
        OutputNotWritableError: the folder cannot be made or written to, or the file is too large.
        DiskFullError: no room was left. The old file, if any, is untouched.
    """
    path = Path(path)
    if path.exists() and not path.is_file() and not path.is_dir():
        with writing(path), tempfile.TemporaryDirectory(prefix="toonmark-") as folder:
            beside = Path(folder) / (path.name or "out")
            yield beside
            with open(beside, "rb") as made, open(path, "wb") as stream:
                shutil.copyfileobj(made, stream)
        return
    temporary: Path | None = None
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            # Not the file's own name, which may be as long as names can be.
            handle, name = tempfile.mkstemp(
                prefix=".toonmark-", suffix=f".tmp{path.suffix}", dir=path.parent
            )
            os.close(handle)
            temporary = Path(name)
            yield temporary
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
            temporary.chmod(0o666 & ~_UMASK)  # mkstemp made it private
            os.replace(temporary, path)
            temporary = None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Writes a UTF-8 text file whole or not at all."""
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Writes a file whole or not at all.

    Raises:
        OutputNotWritableError, DiskFullError: see :func:`written_whole`.
    """
    with written_whole(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def waited_for(path: Path) -> Iterator[None]:
    """Holds a lock that one process has at a time; the others wait.

    Args:
        path: an empty file that stays.

    Raises:
        OutputNotWritableError: the folder cannot be written to.
    """
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire()
    except OSError as error:
        raise OutputNotWritableError(
            f"{path} cannot be written ({os.strerror(error.errno or 5)}).",
            "Check the folder's rights.",
        ) from error
    try:
        yield
    finally:
        lock.release()
