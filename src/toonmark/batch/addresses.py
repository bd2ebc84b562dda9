"""Files at any address that fsspec knows: a folder of this machine, ``s3://``, ``gs://``, ..."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toonmark.errors import BatchError
from toonmark.files import write_bytes

_BRACES = re.compile(r"\{(\d+)\.\.(\d+)\}")


def opened(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it.

    Raises:
        BatchError: nobody knows that kind of address, or its package is not installed.
    """
    import fsspec

    try:
        return fsspec.core.url_to_fs(address)
    except (ValueError, ImportError) as error:
        raise BatchError(
            f"{address} cannot be opened ({error}).",
            "Check the address, or install the package that fsspec opens it with.",
        ) from error


def is_local(files: Any) -> bool:
    """Whether a file system is this machine's own."""
    from fsspec.implementations.local import LocalFileSystem

    return isinstance(files, LocalFileSystem)


def joined(address: str, name: str) -> str:
    """A file's address in a folder's."""
    return f"{address.rstrip('/')}/{name}"


def read_bytes(address: str, most: int | None = None) -> bytes:
    """All of a file.

    Args:
        most: bytes that are read of one; None for however many there are.

    Raises:
        BatchError: it has more.
        OSError: it cannot be read; remote file systems may raise errors of their own.
    """
    if "://" not in address:  # names that are not UTF-8 too
        with open(address, "rb") as file:
            _check_size(address, os.fstat(file.fileno()).st_size, most)
            return file.read()
    files, path = opened(address)
    if most is not None:
        _check_size(address, files.size(path), most)
    return bytes(files.cat_file(path))


def _check_size(address: str, size: int | None, most: int | None) -> None:
    if size is not None and most is not None and size > most:
        raise too_large(source_of(os.fsencode(address)), most)


def too_large(source: str, most: int) -> BatchError:
    """A file has more bytes than are read of one."""
    return BatchError(
        f"{source} has more than {most // 2**20} MiB.", "Make it smaller, or leave it out."
    )


def exists(address: str) -> bool:
    """Whether there is a file, as the store says now and not as it was remembered."""
    files, path = opened(address)
    files.invalidate_cache()
    return bool(files.exists(path))


def write_whole(address: str, data: bytes) -> None:
    """Writes a file whole or not at all, over an old one.

    An object store shows an object when all of it has arrived. Elsewhere the file is written under
    another name, and moved.

    Raises:
        OutputNotWritableError, DiskFullError: on this machine, see :func:`written_whole`.
    """
    files, path = opened(address)
    if is_local(files):
        write_bytes(path, data)
    elif getattr(files, "async_impl", False):  # object stores
        files.pipe_file(path, data)
    else:
        parent, _, name = path.rpartition("/")
        files.makedirs(parent, exist_ok=True)
        aside = f"{parent}/.{uuid.uuid4().hex}.{name}"
        files.pipe_file(aside, data)
        files.mv(aside, path)


def expanded(address: str) -> list[str]:
    """The addresses that WebDataset's braces stand for: ``shards/{000..099}.tar``."""
    found = _BRACES.search(address)
    if found is None:
        return [address]
    first, last = found.groups()
    numbers = range(int(first), int(last) + 1)
    whole = (
        f"{address[: found.start()]}{number:0{len(first)}d}{address[found.end() :]}"
        for number in numbers
    )
    return [one for address in whole for one in expanded(address)]


def meant(address: str) -> Iterator[str]:
    """The files that a folder, a pattern or a name stands for, in order.

    Folders are gone through to their bottom; hidden files are left out.
    """
    for one in expanded(address):
        files, path = opened(one)
        if any(sign in path for sign in "*?["):
            found = sorted(files.glob(path))
        elif files.isdir(path):
            found = sorted(files.find(path))
        else:
            # Of numbered shards it is not asked whether each is there: that takes too long.
            found = [path] if one != address or files.exists(path) else []
        local = is_local(files)
        root = path.split("*")[0]
        for name in found:
            hidden = any(part.startswith(".") for part in name[len(root) :].split("/"))
            if not hidden or name == path:
                yield name if local else files.unstrip_protocol(name)


def source_of(path: bytes) -> str:
    """An address as a table can hold it; bytes that are no UTF-8 are escaped."""
    return path.decode("utf-8", "backslashreplace")


def beside(address: str, table: str) -> str:
    """The address that a table in a file gives, which may be relative to that file."""
    if "://" in address or os.path.isabs(address):
        return address
    folder = table.rpartition("/")[0] if "://" in table else os.path.dirname(table)
    return joined(folder or ".", address)


def absolute(address: str) -> str:
    """The address as other processes understand it, which have another working folder."""
    return address if "://" in address else str(Path(address).absolute())
