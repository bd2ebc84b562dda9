"""The journal of a build, a line a photo: an interrupted build goes on by it."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from toonmark.data.dataset import DESCRIPTION, IMAGES, LANDMARKS
from toonmark.data.resumable import check_own, differs
from toonmark.errors import DataError, DiskFullError
from toonmark.files import write_text

NAME = "progress.jsonl"


class Journal:
    """``progress.jsonl`` of a set: its first line is the configuration, each other one photo.

    A line is written after its picture: whatever moment a run is killed at, the next one does
    that photo again, under the same name.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._file: Any = None

    def open(self, configuration: Mapping[str, Any], force: bool) -> None:
        """Starts a set, or goes on with one.

        Args:
            configuration: what the set is made by.
            force: replace what another configuration made.

        Raises:
            DataError: the folder holds something else.
            ConfigurationError: it holds a set of another configuration.
        """
        folder = self.path.parent
        before = self._configuration()
        wanted = json.loads(json.dumps(configuration))
        if differs(folder, before, wanted, force):
            self._clear()
            before = None
        elif before is None:
            check_own(folder, self.path, force)
        if before is None:
            write_text(self.path, json.dumps({"configuration": wanted}, ensure_ascii=False) + "\n")
        else:
            self._cut_last_line()
        (folder / IMAGES).mkdir(exist_ok=True)
        for half in (folder / IMAGES).glob(".toonmark-*.tmp.png"):
            half.unlink()  # a killed run was writing it; see files.written_whole
        # Unbuffered: a line is with the system, safe from a kill, once it is written.
        self._file = open(self.path, "ab", buffering=0)  # noqa: SIM115 - closed by close()

    def add(self, line: Mapping[str, Any]) -> None:
        """Writes a line.

        Raises:
            DiskFullError: no room was left; the next run drops what was written of the line.
        """
        try:
            self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise DiskFullError(
                f"The disk was full before {self.path} was written.",
                "Free some space; the same command then goes on from here.",
            ) from error

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()

    def photos(self) -> Iterator[dict[str, Any]]:
        """The lines about photos; of a photo that was changed and made again, the last one."""
        latest: dict[str, int] = {}
        for number, line in enumerate(self._lines()):
            latest[line["photo"]] = number
        for number, line in enumerate(self._lines()):
            if latest[line["photo"]] == number:
                yield line

    def _lines(self) -> Iterator[dict[str, Any]]:
        with open(self.path, encoding="utf-8") as file:
            next(file, None)
            yield from map(json.loads, file)

    def _configuration(self) -> Mapping[str, Any] | None:
        try:
            with open(self.path, encoding="utf-8") as file:
                configuration: Mapping[str, Any] = json.loads(file.readline())["configuration"]
                return configuration
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{self.path} is damaged.", "Delete it, and make the set again with --force."
            ) from error

    def _cut_last_line(self) -> None:
        """Drops a last line that was being written when the run was killed."""
        with open(self.path, "rb+") as file:
            end = file.seek(0, 2)
            start = max(0, end - 65536)
            file.seek(start)
            file.truncate(start + file.read().rfind(b"\n") + 1)

    def _clear(self) -> None:
        """Removes what a former run made: what its journal names, and nothing else."""
        folder = self.path.parent
        self._cut_last_line()
        for line in self._lines():
            if "name" in line:
                (folder / IMAGES / line["name"]).unlink(missing_ok=True)
        for name in (LANDMARKS, DESCRIPTION, NAME):
            (folder / name).unlink(missing_ok=True)
